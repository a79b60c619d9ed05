#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel of this machine says about a process of a container: which limits hold for it,
 * whatever an engine promised. Part of the seam: nothing else reads /proc and /sys/fs/cgroup.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* For values of struct process_limits: no limit, or nothing that could set one. */
#define PROCESS_UNLIMITED INT64_C(-1)

/* One process, also after its number was given to another one. Zeroed: none. */
struct process {
	int pid;
	uint64_t start_ticks; /* since boot, field 22 of proc(5)'s stat */
};

/* The strictest value at each place that can set one, or PROCESS_UNLIMITED. */
struct process_limits {
	/* By the cgroup that was made for the container, and those below it. */
	char cgroup[256]; /* where the process is, for messages; cut if longer */
	int64_t memory_bytes;
	int64_t swap_bytes; /* on top of memory */
	int64_t pids;
	int64_t cpu_millis; /* thousandths of a CPU */
	/* Hard limits of the process (RLIMIT_*). */
	int64_t open_files, processes, core_bytes;
	/* The user of this machine that uid 0 is in its user name space; -1: nobody. 0, root, also
	 * where that is not shown. */
	int64_t root_uid;
};

/* Which process has this number now. -ESRCH: none that runs and that this one can see. */
int process_find(int pid, struct process *ret);

/* True unless that very process is known to have ended. Of a zeroed one nothing is known. */
bool process_may_run(const struct process *process);

/* True if /proc shows that the process is in a cgroup with `owner`, a container's id, in its name,
 * or has it in its command line. */
bool process_names(int pid, const char *owner);

/* True if its command line begins with `program`: then it no longer is what was there before it. */
bool process_runs(int pid, const char *program);

/* Reads the limits of a process of the container `owner`: its own cgroup is the one with that id in
 * its name ("libpod-ID", "libpod-ID.scope/container", "docker/ID"). Understands cgroup v1, v2 and
 * both at once. ERR_ENGINE: there is no such process (-ESRCH), or /proc shows less than it should.
 */
int process_read_limits(int pid, const char *owner, struct process_limits *ret, struct err *err);

/* The same below another root than "/": for tests of the above. */
int process_read_limits_at(const char *root, int pid, const char *owner, struct process_limits *ret,
			   struct err *err);
