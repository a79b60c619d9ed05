/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/waivers.h"

#include "base/buf.h"

const struct option_choice waiver_choices[] = {
	{"memory", WAIVE_MEMORY},
	{"swap", WAIVE_SWAP},
	{"pids", WAIVE_PIDS},
	{"cpus", WAIVE_CPUS},
	{"ulimits", WAIVE_ULIMITS},
	{"seccomp", WAIVE_SECCOMP},
	{NULL},
};

char *waivers_text(unsigned waivers)
{
	struct buf text;

	buf_init(&text, BUF_MAX_LOG_LINE);
	for (const struct option_choice *choice = waiver_choices; choice->text; choice++)
		if (waivers & (unsigned)choice->value)
			(void)!buf_addf(&text, "%s%s", text.len > 0 ? "," : "", choice->text);
	if (text.len == 0)
		(void)!buf_adds(&text, "none");
	return buf_take(&text);
}
