/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/waivers.h"

#include "base/buf.h"
#include "base/cleanup.h"

static const struct {
	enum policy_waiver bit;
	const char *name;
} waivers[] = {
	{WAIVE_MEMORY, "memory"}, {WAIVE_SWAP, "swap"},	      {WAIVE_PIDS, "pids"},
	{WAIVE_CPUS, "cpus"},	  {WAIVE_ULIMITS, "ulimits"}, {WAIVE_SECCOMP, "seccomp"},
};

char *waivers_text(const struct policy *policy)
{
	struct buf text;

	buf_init(&text, BUF_MAX_LOG_LINE);
	for (size_t i = 0; i < ARRAY_SIZE(waivers); i++)
		if (policy->unenforced & waivers[i].bit)
			(void)!buf_addf(&text, "%s%s", text.len > 0 ? "," : "", waivers[i].name);
	if (text.len == 0)
		(void)!buf_adds(&text, "none");
	return buf_take(&text);
}
