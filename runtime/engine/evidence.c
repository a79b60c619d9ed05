/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/evidence.h"

#include "engine/proof_state.h"

#include <string.h>

static bool has_apparmor(const struct policy *policy)
{
	return policy->apparmor;
}

static bool has_selinux(const struct policy *policy)
{
	return policy->selinux;
}

static bool has_user_namespace(const struct policy *policy)
{
	return policy->user_namespace == USER_NAMESPACE_REQUIRED;
}

static bool has_disk(const struct policy *policy)
{
	return policy->disk_bytes != OPTION_NOT_SET;
}

static bool has_runtime(const struct policy *policy)
{
	return policy->runtime;
}

static bool has_secret(const struct policy *policy)
{
	return policy->require_secret;
}

const struct promise promises[] = {
	{"user", 0, EVIDENCE_RUNNING, EVIDENCE_RUNNING},
	{"read_only_root", 0, EVIDENCE_RUNNING, EVIDENCE_RUNNING},
	{"capabilities", 0, EVIDENCE_RUNNING, EVIDENCE_RUNNING},
	{"no_new_privileges", 0, EVIDENCE_RUNNING, EVIDENCE_RUNNING},
	/* The engine's own profile; see `own_profile` for one of the operator's. */
	{"seccomp", WAIVE_SECCOMP, EVIDENCE_INFO, EVIDENCE_INFO},
	{"apparmor", 0, EVIDENCE_RUNNING, EVIDENCE_RUNNING, has_apparmor},
	{"selinux", 0, EVIDENCE_RUNNING, EVIDENCE_RUNNING, has_selinux},
	{"user_namespace", 0, EVIDENCE_INFO, EVIDENCE_PROCESS, has_user_namespace},
	{"pids", WAIVE_PIDS, EVIDENCE_RUNNING, EVIDENCE_PROCESS},
	{"memory", WAIVE_MEMORY, EVIDENCE_RUNNING, EVIDENCE_PROCESS},
	/* What may be swapped is counted together with memory. */
	{"swap", WAIVE_MEMORY | WAIVE_SWAP, EVIDENCE_RUNNING, EVIDENCE_PROCESS},
	{"cpus", WAIVE_CPUS, EVIDENCE_RUNNING, EVIDENCE_PROCESS},
	{"nofile", WAIVE_ULIMITS, EVIDENCE_RUNNING, EVIDENCE_PROCESS},
	{"nproc", WAIVE_ULIMITS, EVIDENCE_RUNNING, EVIDENCE_PROCESS},
	{"core", WAIVE_ULIMITS, EVIDENCE_RUNNING, EVIDENCE_PROCESS},
	{"shm", 0, EVIDENCE_RUNNING, EVIDENCE_RUNNING},
	{"oom_score_adj", 0, EVIDENCE_RUNNING, EVIDENCE_RUNNING},
	{"tmpfs", 0, EVIDENCE_RUNNING, EVIDENCE_RUNNING},
	{"disk", 0, EVIDENCE_MEASURE, EVIDENCE_MEASURE, has_disk},
	{"volumes", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"mounts", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"network", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"runtime", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT, has_runtime},
	{"require_secret", 0, EVIDENCE_BERTH, EVIDENCE_BERTH, has_secret},
	{"log", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{NULL},
};

/* A seccomp profile of the operator's own shows in each container: Docker's inspect has its text,
 * Podman writes it for its runtime. */
static const struct promise own_profile = {"seccomp", WAIVE_SECCOMP, EVIDENCE_INSPECT,
					   EVIDENCE_RUNTIME};

enum evidence evidence_of(const struct promise *promise, const struct policy *policy,
			  const struct dialect *dialect)
{
	if (promise->is_made && !promise->is_made(policy))
		return EVIDENCE_NONE;
	if (policy->seccomp_profile && strcmp(promise->field, own_profile.field) == 0)
		promise = &own_profile;
	enum evidence evidence = dialect == &dialect_podman ? promise->podman : promise->docker;
	/* What such a runtime's process shows may be the sandbox's, not the session's. */
	if (evidence == EVIDENCE_RUNNING && policy->runtime && !proof_applies_to(policy->runtime))
		return EVIDENCE_INSPECT;
	return evidence;
}

static const struct {
	const char *name, *text;
} words[] = {
	[EVIDENCE_NONE] = {"none", "the policy asks for nothing"},
	[EVIDENCE_INSPECT] = {"inspect", "compared with what the engine made of it"},
	[EVIDENCE_RUNNING] = {"inspect, process",
			      "compared with what the engine made of it, and read from the kernel "
			      "once it runs"},
	[EVIDENCE_PROCESS] = {"process", "read from the kernel before the worker runs"},
	[EVIDENCE_INFO] = {"info", "what the engine says of itself"},
	[EVIDENCE_RUNTIME] = {"runtime", "read from what the engine tells its runtime"},
	[EVIDENCE_MEASURE] = {"measure", "measured while the session runs, which is ended by it"},
	[EVIDENCE_BERTH] = {"berth", "an item that does not have it is not taken"},
};

const char *evidence_name(enum evidence evidence)
{
	return words[evidence].name;
}

const char *evidence_text(enum evidence evidence)
{
	return words[evidence].text;
}
