#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel of this machine says about a process of a container: which limits hold for it,
 * whatever an engine promised. Part of the seam: nothing else reads /proc and /sys/fs/cgroup.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
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
	/* The files of each cgroup that sets a limit were there to be read. */
	bool is_whole;
};

#define PROCESS_GROUPS 32

/* The name spaces that a container has for itself, as bits. */
enum process_namespace {
	NAMESPACE_PID = 1 << 0,
	NAMESPACE_NETWORK = 1 << 1,
	NAMESPACE_IPC = 1 << 2,
	NAMESPACE_UTS = 1 << 3,
	NAMESPACE_MOUNT = 1 << 4,
	NAMESPACE_CGROUP = 1 << 5,
};

/* What is mounted at a place, the topmost of it. */
struct process_mount {
	char *point;
	char *type;    /* "tmpfs" */
	char *options; /* "rw,nosuid,nodev" */
	char *of_type; /* "rw,size=65536k": those of the file system itself */
};

/* What confines a process. */
struct process_state {
	/* As its own user name space counts them; -1: somebody whom that does not know. */
	int64_t uids[4], gids[4]; /* real, effective, saved, of the file system */
	int64_t groups[PROCESS_GROUPS];
	size_t group_count; /* PROCESS_GROUPS: perhaps more */
	uint64_t inheritable, permitted, effective, bounding, ambient; /* capabilities */
	bool no_new_privileges;
	int seccomp; /* 2: a filter */
	int64_t oom_score_adj;
	char label[256]; /* of AppArmor or SELinux, "": none, or not told */
	unsigned shared; /* bits of enum process_namespace: those it has in common with this
			    machine's first process, or this one */
	struct process_mount *mounts;
	size_t mount_count;
};

/* Reads the above. -ESRCH: there is no such process. Another error: /proc shows less than it
 * should. Release with process_state_done(), also after an error. */
int process_read_state(int pid, struct process_state *ret);

/* The same below another root than "/": for tests of the above. */
int process_read_state_at(const char *root, int pid, struct process_state *ret);

void process_state_done(struct process_state *state);

/* True if this machine has that file of the kernel's, below /proc or /sys. */
bool process_kernel_has(const char *path);

/* Which process has this number now. -ESRCH: none that runs and that this one can see. */
int process_find(int pid, struct process *ret);

/* True unless that very process is known to have ended. Of a zeroed one nothing is known. */
bool process_may_run(const struct process *process);

/* True if /proc shows that the process is in a cgroup with `owner`, a container's id, in its name,
 * or has it in its command line. */
bool process_names(int pid, const char *owner);

/* True if /proc shows that the process is in that container: its cgroup, or what is mounted for it,
 * has the container's id in its name. */
bool process_is_inside(int pid, const char *owner);

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
