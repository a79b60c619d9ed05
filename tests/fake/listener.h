/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A listening unix socket that can be taken away and brought back. */

#include "loop.h"

struct listener {
	int fd; /* -1: closed */
	const char *path;
	struct watch watch;
};

/* Replaces what is at `path`; false (and a line on stderr) when it cannot listen. */
bool listener_open(struct listener *listener, struct loop *loop, const char *path, int backlog,
		   void (*ready)(void *arg), void *arg);

/* Closes the socket and removes its file. */
void listener_close(struct listener *listener, struct loop *loop);

/* Stops or resumes calling `ready` for waiting connections. */
void listener_accepting(struct listener *listener, struct loop *loop, bool on);

/* The next connection, non-blocking and close-on-exec, or -1. */
int listener_accept(struct listener *listener);
