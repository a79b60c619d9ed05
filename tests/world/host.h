#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine's berth: it is started, runs, is killed between any two of its steps, and is started
 * again with what it left behind. Also the other implementation of the whole seam (io/loop.h,
 * io/lane.h, io/process.h, io/space.h, io/notify.h, base/log.h), linked instead of runtime/io:
 * everything that is production code above it is the very object that is installed.
 */
#include "config/fleet.h"
#include "daemon/daemon.h"
#include "world/machine.h"
#include "world/wire.h"

#include <stdbool.h>
#include <stdint.h>

#define HOST_ENGINES 2

struct host_owner {
	/* It has come to an end by itself, with that verdict. */
	void (*ended)(struct host *host, unsigned verdict, void *arg);
	/* After each step that it has made. */
	void (*stepped)(struct host *host, void *arg);
	void *arg;
};

struct host {
	struct sim *sim;
	struct wire *wire;
	const char *name;
	struct wire_peer plane_peer;		     /* the control plane as it is seen from here */
	struct wire_peer engine_peers[HOST_ENGINES]; /* of `machines` */
	struct machine *machines[HOST_ENGINES];
	size_t machine_count;
	struct host_owner owner;

	int64_t wall_offset_ms; /* of its clock from the true one */
	struct fleet *fleet;
	struct fleet_flags flags;
	struct daemon_options options;
	struct daemon *daemon; /* NULL: does not run */
	struct loop *loop;     /* of the one that runs */
	uint64_t incarnation;  /* counts from 1 */
	uint64_t steps;	       /* of this incarnation */
	bool is_told_to_end;   /* it was, by a signal */
	uint64_t dies_at;      /* the step after which it is killed; 0: it is not */
};

/* False, and it has ended with that verdict, where it could not start. */
bool host_start(struct host *host);
/* kill -9: nothing of it is left but what it sent, wrote, and had its engine do. */
void host_kill(struct host *host);
/* A signal. */
void host_signal(struct host *host, int signo);

/* --- the seam's ---------------------------------------------------------------------------------
 */

/* Whose step this is; NULL: nobody's. */
struct host *host_current(void);

/* What is logged goes there, as it is before it is written: text and values unescaped. */
struct host_log_line {
	struct host *host;
	const char *level, *event, *environment, *session, *work, *container, *message;
	const struct log_field *fields; /* NULL, or ends with a NULL name */
};
void host_log_to(void (*fn)(const struct host_log_line *line, void *arg), void *arg);
