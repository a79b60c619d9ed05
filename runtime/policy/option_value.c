/* SPDX-License-Identifier: Apache-2.0 */
/* One scalar value: text to number, bool or string, and whether it is allowed. */
#include "base/cleanup.h"
#include "base/text.h"
#include "policy/option.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void *field_of(const struct option *row, void *target)
{
	return (char *)target + row->offset;
}

void option_format_number(char into[32], enum option_type type, int64_t value)
{
	if (type == OPTION_DURATION)
		text_format_duration(into, value);
	else if (type == OPTION_SIZE)
		text_format_size(into, value);
	else
		(void)snprintf(into, 32, "%" PRId64, value);
}

static int check_range(const struct option *row, int64_t value, const char *text, struct err *err)
{
	bool bounded = row->minimum != 0 || row->maximum != 0;
	char from[32], to[32];

	if (!bounded || (value >= row->minimum && value <= row->maximum))
		return 0;
	option_format_number(from, row->type, row->minimum);
	option_format_number(to, row->type, row->maximum);
	return err_set(err, ERR_INPUT, -ERANGE, "must be from %s to %s, not '%s'", from, to, text);
}

static int set_number(const struct option *row, int64_t *field, const char *text, struct err *err)
{
	const char *what = "a whole number";
	int64_t value;
	int r;

	if (row->type == OPTION_DURATION) {
		what = "a duration such as 30s or 1h30m";
		r = text_parse_duration(text, &value);
	} else if (row->type == OPTION_SIZE) {
		what = "a size such as 512MiB";
		r = text_parse_size(text, &value);
	} else {
		r = text_parse_int(text, &value);
	}
	if (r < 0)
		return err_set(err, ERR_INPUT, r, "must be %s%s, not '%s'", what,
			       r == -ERANGE ? " that fits into 63 bits" : "", text);
	r = check_range(row, value, text, err);
	if (r < 0)
		return r;
	*field = value;
	return 0;
}

static int set_string(const struct option *row, char **field, const char *text, struct err *err)
{
	int64_t length = (int64_t)strlen(text);

	if ((row->minimum != 0 || row->maximum != 0) &&
	    (length < row->minimum || length > row->maximum)) {
		if (length == 0)
			return err_set(err, ERR_INPUT, -EINVAL, "must not be empty");
		return err_set(err, ERR_INPUT, -ERANGE,
			       "must have from %" PRId64 " to %" PRId64 " characters, not %" PRId64,
			       row->minimum, row->maximum, length);
	}
	free(*field);
	*field = xstrdup(text);
	return 0;
}

static int set_bool(bool *field, const char *text, struct err *err)
{
	bool is_true = strcmp(text, "true") == 0;

	if (!is_true && strcmp(text, "false") != 0)
		return err_set(err, ERR_INPUT, -EINVAL, "must be true or false, not '%s'", text);
	*field = is_true;
	return 0;
}

#define CHOICES_MAX 32

/* Says which choices there are. */
static int refuse_choice(const struct option_choice *choices, const char *text, struct err *err)
{
	const char *words[CHOICES_MAX];
	char all[256] = "";
	size_t used = 0, count = 0;

	for (; choices[count].text; count++) {
		if (count == CHOICES_MAX)
			abort();
		words[count] = choices[count].text;
		if (used < sizeof(all))
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
						 count > 0 ? ", " : "", words[count]);
	}
	const char *meant = text_nearest(text, words, count);
	return err_set(err, ERR_INPUT, -EINVAL, "must be one of %s, not '%s'%s%s%s", all, text,
		       meant ? ": did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
}

int option_choose(const struct option_choice *choices, const char *text, int *ret, struct err *err)
{
	for (const struct option_choice *choice = choices; choice->text; choice++) {
		if (strcmp(choice->text, text) != 0)
			continue;
		*ret = choice->value;
		return 0;
	}
	return refuse_choice(choices, text, err);
}

int option_set(const struct option *row, void *target, const char *text, struct err *err)
{
	switch (row->type) {
	case OPTION_STRING:
		return set_string(row, field_of(row, target), text, err);
	case OPTION_BOOL:
		return set_bool(field_of(row, target), text, err);
	case OPTION_INT:
	case OPTION_DURATION:
	case OPTION_SIZE:
		return set_number(row, field_of(row, target), text, err);
	case OPTION_ENUM:
		return option_choose(row->choices, text, field_of(row, target), err);
	case OPTION_PARSED:
	case OPTION_PARSED_LIST:
		return row->parse(text, target, err);
	case OPTION_STRINGS:
	case OPTION_MAP:
	case OPTION_SECTION:
	case OPTION_SECTIONS:
	case OPTION_NAMED:
	case OPTION_CUSTOM:
		break;
	}
	return err_set(err, ERR_BUG, -EINVAL, "cannot be given as one value");
}
