/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/caps.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#define CAPABILITIES (CAP_LAST_CAP + 1)

void caps_format(char into[64], int number)
{
	char *name = cap_to_name(number);

	if (!name)
		abort();
	(void)snprintf(into, 64, "%s", name);
	(void)cap_free(name);
	for (char *p = into; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
}

int caps_next(uint64_t set, int from)
{
	for (int number = from; number < CAPABILITIES; number++)
		if (set & (uint64_t)1 << number)
			return number;
	return -1;
}

/* The name that `text` (without CAP_) was meant to be, into `into`; false if none is near. */
static bool nearest(const char *text, char into[64])
{
	char names[CAPABILITIES][64];
	const char *words[CAPABILITIES];

	for (int number = 0; number < CAPABILITIES; number++) {
		caps_format(names[number], number);
		words[number] = names[number] + strlen("CAP_");
	}
	const char *meant = text_nearest(text, words, CAPABILITIES);
	if (meant)
		(void)snprintf(into, 64, "%s", meant);
	return meant;
}

int caps_parse(const char *text, uint64_t *ret_bit, struct err *err)
{
	const char *name = strncasecmp(text, "CAP_", 4) == 0 ? text + 4 : text;
	char full[64], meant[64];
	cap_value_t number;

	if (strcasecmp(name, "ALL") == 0)
		return err_set(err, ERR_INPUT, -EPERM,
			       "must name each capability that is kept: 'ALL' would keep every one "
			       "of them, which undoes the policy");
	(void)snprintf(full, sizeof(full), "cap_%s", name);
	for (char *p = full; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	/* libcap takes numbers as well, also of capabilities that do not exist. */
	if (!isdigit((unsigned char)name[0]) && cap_from_name(full, &number) == 0 &&
	    number < CAPABILITIES) {
		*ret_bit = (uint64_t)1 << number;
		return 0;
	}
	if (nearest(name, meant))
		return err_set(err, ERR_INPUT, -EINVAL,
			       "must name capabilities; there is no '%s': did you mean '%s'?", text,
			       meant);
	return err_set(err, ERR_INPUT, -EINVAL, "must name capabilities; there is no '%s'", text);
}
