/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session may try. Each attempt is one function, run in a process of its own, and harmless
 * where it succeeds: the same program also runs as root on the test machine, to show what would
 * happen without a policy.
 */
#pragma once

#include <stddef.h>

/* What the caller tells of its surroundings, "name=value" on the command line. */
struct surroundings {
	const char *engine_socket; /* the engine's, a path of the host */
	const char *host_listener; /* "ADDRESS PORT": a server on the host's loopback */
	const char *sibling;	   /* "ADDRESS PORT": a server in another session */
	int sibling_pid;	   /* a process of it, as the host numbers it */
	const char *host_disk;	   /* a block device of the host: /dev/NAME */
	long pids, memory, nofile; /* what the policy allows; 0: not to be tried */
};

extern struct surroundings here;

/* Returns 0 where it succeeded, else an errno (below PROBE_ODD). May also end by a signal. */
struct attempt {
	const char *name;
	int (*run)(void);
};

/* Not an errno: what the name says is there, and empty. */
#define PROBE_EMPTY 200

extern const struct attempt kernel_attempts[], file_attempts[], process_attempts[],
	network_attempts[], limit_attempts[]; /* each ends with a name of NULL */

/* 0, or errno where a call returned less than 0. */
int outcome(long returned);

/* What writing `size` bytes more than a file system of that size has room for comes to. */
int overfill(const char *path, long size);

/* What running a copy of this program that lies in the directory comes to. */
int run_copy_in(const char *directory);
