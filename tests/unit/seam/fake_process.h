#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other implementation of io/process.h for unit tests: a machine with at most one process, the
 * one of a container. Linked instead of runtime/io, like fake_io.c.
 */
#include "io/process.h"

struct fake_process {
	int pid; /* 0: there is none */
	uint64_t start_ticks;
	const char *owner;   /* the container's id: what its cgroup is called after */
	const char *program; /* NULL: still what waits for a start */
	struct process_limits limits;
	bool hides_its_limits;
	const struct process_state *state; /* what confines it; NULL: hidden */
	unsigned looks;			   /* at that */
};

/* The process, to be changed at will; none when a test begins that ends with fake_process_end(). */
struct fake_process *fake_process(void);
void fake_process_end(void);
