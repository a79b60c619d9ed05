/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proof.h"

#include "base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WAIVE_CGROUPS (WAIVE_MEMORY | WAIVE_SWAP | WAIVE_PIDS | WAIVE_CPUS)
#define WAIVE_ALL     (WAIVE_CGROUPS | WAIVE_ULIMITS)

#define REMEDY_CGROUPS                                                                             \
	"give the engine cgroups that it may manage, with this controller (rootless Podman: a "    \
	"user session that lasts, by loginctl enable-linger USER, and podman.socket as its user "  \
	"unit), or list the field under `unenforced` of the policy"

#define REMEDY_ULIMITS                                                                             \
	"something between berth and the engine changed the request, or the engine ignores it; "   \
	"list 'ulimits' under `unenforced` of the policy if that is accepted"

struct limit {
	const char *field;
	unsigned waivers;
	int64_t asked, holds;
	const char *remedy;
};

static int refuse(const struct limit *limit, const struct process_limits *limits, struct err *err)
{
	char holds[48];

	if (limit->holds == PROCESS_UNLIMITED)
		(void)snprintf(holds, sizeof(holds), "there is no limit");
	else
		(void)snprintf(holds, sizeof(holds), "the limit is %" PRId64, limit->holds);
	return err_set(err, ERR_REFUSED, -EPERM,
		       "%s: asked for %" PRId64 ", but %s in cgroup %.100s; %s", limit->field,
		       limit->asked, holds, limits->cgroup, limit->remedy);
}

/* cgroup v1 rounds memory, and memory with swap, each for itself to whole pages: what is left for
 * swap may be the next whole page. */
static int64_t whole_pages(int64_t bytes)
{
	int64_t page = sysconf(_SC_PAGESIZE);

	return bytes % page == 0 ? bytes : bytes - bytes % page + page;
}

static int check_root(const struct policy *policy, const struct process_limits *limits,
		      struct err *err)
{
	if (policy->user_namespace != USER_NAMESPACE_REQUIRED || limits->root_uid != 0)
		return 0;
	return err_set(err, ERR_REFUSED, -EPERM,
		       "user_namespace: required, but root in the container is the host's root; "
		       "use a rootless engine, or say `user_namespace: engine`");
}

int proof_check(const struct policy *policy, const struct process_limits *limits, struct err *err)
{
	const struct limit all[] = {
		{"memory", WAIVE_MEMORY, policy->memory_bytes, limits->memory_bytes,
		 REMEDY_CGROUPS},
		{"swap", WAIVE_MEMORY | WAIVE_SWAP, whole_pages(policy->swap_bytes),
		 limits->swap_bytes, REMEDY_CGROUPS},
		{"pids", WAIVE_PIDS, policy->pids, limits->pids, REMEDY_CGROUPS},
		{"cpus (thousandths)", WAIVE_CPUS, policy->cpu_millis, limits->cpu_millis,
		 REMEDY_CGROUPS},
		{"nofile", WAIVE_ULIMITS, policy->nofile, limits->open_files, REMEDY_ULIMITS},
		{"nproc", WAIVE_ULIMITS, policy->nproc, limits->processes, REMEDY_ULIMITS},
		{"core", WAIVE_ULIMITS, policy->core_bytes, limits->core_bytes, REMEDY_ULIMITS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const struct limit *limit = &all[i];
		bool is_kept = limit->holds != PROCESS_UNLIMITED && limit->holds <= limit->asked;
		if (!is_kept && !(policy->unenforced & limit->waivers))
			return refuse(limit, limits, err);
	}
	return check_root(policy, limits, err);
}

int proof_is_missing(const struct policy *policy, const struct err *why, struct err *err)
{
	if ((policy->unenforced & WAIVE_ALL) == WAIVE_ALL &&
	    policy->user_namespace != USER_NAMESPACE_REQUIRED)
		return 0;
	return err_set(err, ERR_REFUSED, -EPERM,
		       "memory, swap, pids, cpus, ulimits: what holds cannot be read: %.200s; run "
		       "berth where it sees the engine's processes (not in a container of its own, "
		       "unless that has the host's process ids), or list them under `unenforced` "
		       "of the policy",
		       why->text);
}
