#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command's conversation with the queue of one environment, one call after the other. Each
 * function runs the loop until its answer is there; what it means is in enquiry->call.
 */
#include "config/fleet.h"
#include "queue/api.h"

#include <stdbool.h>

struct enquiry {
	struct loop *loop;    /* borrowed */
	const int *exit_code; /* borrowed: once it is not EXIT_DONE, nothing is waited for */
	struct lane *lane;
	struct secret *key;
	struct queue_peer peer;
	struct queue_call call;
	bool is_answered;
};

/* Borrows fleet, environment, loop and exit code, and takes `key`, whatever comes of it. ERR_INPUT:
 * the fleet's ca_file cannot be used. enquiry_close() is due in either case. */
int enquiry_open(struct enquiry *enquiry, const struct fleet *fleet,
		 const struct environment *environment, struct loop *loop, const int *exit_code,
		 struct secret *key, struct err *err);
/* Safe on a zeroed struct, and twice. */
void enquiry_close(struct enquiry *enquiry);

/* True if the answer is a success; else enquiry->call has outcome and err, unless there is an exit
 * code. The second is one page:
 * `page` may be NULL, or stand in the last one. */
bool enquiry_stats(struct enquiry *enquiry);
bool enquiry_list(struct enquiry *enquiry, const char *page);
bool enquiry_stop(struct enquiry *enquiry, const char *work_id, bool force);

enum find_item { ITEM_FOUND, ITEM_NOT_FOUND, ITEM_UNKNOWN };

/* Looks an item up, page by page. ITEM_UNKNOWN: the list cannot be read to its end, as
 * enquiry->call.err says. *ret_offset_ms is the control plane's clock minus ours, 0 if unknown. */
enum find_item enquiry_find(struct enquiry *enquiry, const char *work_id, struct work_status *ret,
			    int64_t *ret_offset_ms);

/* True if there is no further page than those read so far; else *page is the next one, for
 * enquiry_list(). Starts with *page NULL; a text of the caller's. */
bool enquiry_is_last_page(const struct enquiry *enquiry, char **page);
