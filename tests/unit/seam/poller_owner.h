#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The owner of a poller under test: counts what it is told, and meddles with the poller from within
 * its functions if asked to. The log goes to a file in memory while a test runs.
 */
#include "captured_log.h"
#include "fake_io.h"
#include "queue/poller.h"

#define ITEM(id)    "{\"id\":\"" id "\",\"data\":{\"type\":\"session\",\"id\":\"sesn_1\"}}"
#define REFUSE(id)  "{\"id\":\"" id "\",\"data\":{\"type\":\"healthcheck\",\"id\":\"h\"}}"
#define BAD_ITEM(x) "{\"id\":\"../" x "\"}"

enum callback {
	NOTHING,
	TAKE_SLOT,
	RELEASE_SLOT,
	CLAIMED,
	REFUSED,
	EMPTY,
	TROUBLE,
	REJECTED,
	FAILED
};

/* An environment as a poller sees it: slots, a key, and a memory of what it was told. */
struct owner {
	struct loop *loop;
	struct queue_peer peer;
	struct poll_settings settings;
	struct secret *key;
	struct poller *poller;
	unsigned slots;	  /* free */
	bool others_wait; /* for a slot */
	unsigned taken, released, claimed, refused, empty, rejected, failed;
	unsigned trouble;   /* the number in a row that was last told */
	unsigned keys_left; /* how many times the key file will have changed */
	char last_id[129];
	struct err why;
	/* What to do to the poller from within which callback. */
	enum callback wake_in, stop_in, free_in;
	struct captured_log log;
};

/* Fixtures of cmocka; *state is the owner. */
int owner_set_up(void **state);
int owner_tear_down(void **state);

/* The next replies: a status without body, status 200 with `body`, `times` empty polls. */
void owner_reply_status(struct owner *owner, long status);
void owner_reply_body(struct owner *owner, const char *body);
void owner_reply_empty(struct owner *owner, unsigned times);

/* How many polls there have been. */
size_t owner_polls(struct owner *owner);

/* Milliseconds between the n-th poll and the one before. */
uint64_t owner_pause_before(struct owner *owner, size_t n);

/* Wakes the poller for the first time. */
void owner_start(struct owner *owner);

/* How many lines of the log have this event and level. Each must name the environment. */
unsigned owner_logged(struct owner *owner, const char *event, const char *level);

/* Each slot that was taken went away with an item or was given back. */
void assert_slots_are_back(struct owner *owner);
