#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's multi handle in our event loop: it tells which sockets and which time it waits for, and
 * is told what happened. Completion is only announced; who is told takes the results later, when
 * libcurl is not on the stack. For io/lane.c only.
 */
#include "io/loop_event.h"

#include <curl/curl.h>
#include <stdbool.h>

struct multi {
	CURLM *handle;
	struct loop *loop;
	sd_event_source *timeout;
	sd_event_source *soon;
	uint64_t wanted_usec; /* when libcurl wants to be called; UINT64_MAX: not */
	uint64_t armed_usec;  /* when `timeout` fires; not later than that */
	loop_fn on_complete;
	void *arg;
	unsigned count;	     /* handles added and not removed */
	bool is_inside_curl; /* a callback of libcurl is running, so libcurl must not be called */
};

/* `connections` stay open for re-use. Libcurl's work may call on_complete(arg), never from inside a
 * function of this header. ERR_BUG; multi_done() is fine after a failure. */
int multi_init(struct multi *multi, struct loop *loop, long connections, loop_fn on_complete,
	       void *arg, struct err *err);

/* Closes the connections; every easy handle has been removed. Safe on a zeroed struct. */
void multi_done(struct multi *multi);

void multi_add(struct multi *multi, CURL *easy);
void multi_remove(struct multi *multi, CURL *easy);

/* Lets libcurl do at once what it is due to do: begin with what was added. */
void multi_drive(struct multi *multi);

/* The next completed handle, to be removed before the next call; NULL if there is none. */
CURL *multi_completed(struct multi *multi, CURLcode *ret_code);
