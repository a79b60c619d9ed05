#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work items as the control plane describes them (GET .../work/poll, POST .../ack, GET .../work).
 * Everything in them is untrusted: ids are data until text_is_id() accepts them. Pure.
 */
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stdint.h>

enum work_verdict {
	WORK_RUN,    /* a session of this environment: launch it */
	WORK_REFUSE, /* not for us, but its id is usable: ack it and force-stop it */
	WORK_SKIP,   /* no usable id: leave it */
};

/* One offered item. A value; work_item_done() wipes the secrets. */
struct work_item {
	char id[129];
	char session_id[129];
	int64_t created_at_ms;	       /* since the epoch, 0 if unknown */
	struct secret *secret;	       /* as delivered; NULL if it cannot be used */
	struct secret *sessions_token; /* decoded from it; NULL like `secret` */
};

/*
 * Reads an offered item. `environment_id` is the configured one. With WORK_REFUSE and WORK_SKIP,
 * `why` says what is wrong with it, without quoting unprintable bytes or secrets; with WORK_REFUSE
 * item->id is set, and there are no secrets. An item that names another environment is WORK_REFUSE:
 * the ack and the stop go to the configured environment, so no other one can be harmed. Members
 * that are null count as absent.
 */
enum work_verdict work_parse(struct json_object *json, const char *environment_id,
			     struct work_item *item, struct err *why);

void work_item_done(struct work_item *item);

/* Moves `from` into `into`, which holds nothing; `from` is empty afterwards. */
void work_item_move(struct work_item *into, struct work_item *from);

/* A short text for logs that tells an item without usable id from others: a digest of its text
 * without its secret, which may be another one at each offer. */
void work_fingerprint(char into[17], struct json_object *json);

enum work_state {
	WORK_UNKNOWN, /* a state we do not know: decides nothing */
	WORK_QUEUED,
	WORK_STARTING,
	WORK_ACTIVE,
	WORK_STOPPING,
	WORK_STOPPED,
};

/* What the control plane says about an item (reply of ack, stop; rows of list). Times are
 * milliseconds since the epoch, 0 for null. */
struct work_status {
	char id[129];
	char session_id[129]; /* "": it is for no session, or one without a usable id */
	enum work_state state;
	int64_t acknowledged_at_ms, started_at_ms, latest_heartbeat_at_ms, stop_requested_at_ms;
};

/* -EBADMSG unless it is an object with a usable id. The state is WORK_UNKNOWN if it is no word we
 * know, and also if there is a heartbeat whose time cannot be read. */
int work_status_parse(struct json_object *json, struct work_status *ret);

const char *work_state_name(enum work_state state);
