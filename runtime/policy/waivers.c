/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/waivers.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

static const struct {
	enum policy_waiver bit;
	const char *name;
} names[] = {
	{WAIVE_MEMORY, "memory"}, {WAIVE_SWAP, "swap"},	      {WAIVE_PIDS, "pids"},
	{WAIVE_CPUS, "cpus"},	  {WAIVE_ULIMITS, "ulimits"}, {WAIVE_SECCOMP, "seccomp"},
};

int waiver_parse(const char *name, unsigned *ret_bit, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].name, name) == 0) {
			*ret_bit = names[i].bit;
			return 0;
		}
	return err_set(err, ERR_INPUT, -EINVAL,
		       "must list promises that can be waived: memory, swap, pids, cpus, ulimits, "
		       "seccomp; not '%s'",
		       name);
}

char *waivers_text(unsigned waivers)
{
	struct buf text;

	buf_init(&text, BUF_MAX_LOG_LINE);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (waivers & names[i].bit)
			(void)!buf_addf(&text, "%s%s", text.len > 0 ? "," : "", names[i].name);
	if (text.len == 0)
		(void)!buf_adds(&text, "none");
	return buf_take(&text);
}
