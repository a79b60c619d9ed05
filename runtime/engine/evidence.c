/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/evidence.h"

#include "policy/policy.h"

const struct promise promises[] = {
	{"user", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"read_only_root", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"capabilities", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"no_new_privileges", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"seccomp", WAIVE_SECCOMP, EVIDENCE_INFO, EVIDENCE_INFO},
	{"pids", WAIVE_PIDS, EVIDENCE_INSPECT, EVIDENCE_PROCESS},
	{"memory", WAIVE_MEMORY, EVIDENCE_INSPECT, EVIDENCE_PROCESS},
	/* What may be swapped is counted together with memory. */
	{"swap", WAIVE_MEMORY | WAIVE_SWAP, EVIDENCE_INSPECT, EVIDENCE_PROCESS},
	{"cpus", WAIVE_CPUS, EVIDENCE_INSPECT, EVIDENCE_PROCESS},
	{"nofile", WAIVE_ULIMITS, EVIDENCE_INSPECT, EVIDENCE_PROCESS},
	{"nproc", WAIVE_ULIMITS, EVIDENCE_INSPECT, EVIDENCE_PROCESS},
	{"core", WAIVE_ULIMITS, EVIDENCE_INSPECT, EVIDENCE_PROCESS},
	{"shm", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"oom_score_adj", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"tmpfs", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"volumes", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"mounts", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"network", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"runtime", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{"log", 0, EVIDENCE_INSPECT, EVIDENCE_INSPECT},
	{NULL},
};

enum evidence evidence_of(const struct promise *promise, const struct dialect *dialect)
{
	return dialect == &dialect_podman ? promise->podman : promise->docker;
}

const char *evidence_name(enum evidence evidence)
{
	switch (evidence) {
	case EVIDENCE_INSPECT:
		return "inspect";
	case EVIDENCE_PROCESS:
		return "process";
	case EVIDENCE_INFO:
		return "info";
	}
	return NULL;
}

const char *evidence_text(enum evidence evidence)
{
	switch (evidence) {
	case EVIDENCE_INSPECT:
		return "compared with what the engine made of it";
	case EVIDENCE_PROCESS:
		return "read from the kernel before the worker runs";
	case EVIDENCE_INFO:
		return "what the engine says of itself";
	}
	return NULL;
}
