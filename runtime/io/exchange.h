#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP exchange: a libcurl easy handle that belongs to a lane and serves one request after the
 * other. It collects the reply within its limits and says at the end what is known of the peer.
 * For io/lane.c only, which owns the multi handle and decides when.
 */
#include "io/easy.h"
#include "io/lane.h"
#include "io/loop.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

enum exchange_state {
	EXCHANGE_IDLE,	   /* in the lane's pool, without a request */
	EXCHANGE_RUNNING,  /* in the multi handle */
	EXCHANGE_PAUSED,   /* waits for another try to connect */
	EXCHANGE_FINISHED, /* the result stands in the request; done() is next */
};

struct exchange {
	struct exchange *next, *prev; /* in the lane's list for its state */
	struct lane *lane;
	const struct easy_settings *settings;
	struct http_request *request; /* NULL while idle */
	CURL *easy;
	enum exchange_state state;
	struct timer retry;

	/* Of the current request. */
	struct curl_slist *headers;
	uint64_t started_ms;
	unsigned retries;
	bool is_connected; /* libcurl was about to send the request, or has */
	long status;	   /* of the status line seen last */
	bool is_too_large; /* we cut it: over a limit */
	bool is_unwanted;  /* we cut it: on_data said so */
	char error[CURL_ERROR_SIZE];
};

/* An idle exchange; `settings` is borrowed. NULL if libcurl lacks something that we need. */
struct exchange *exchange_new(struct lane *lane, const struct easy_settings *settings);

/* Must not be in a multi handle. NULL is fine; returns NULL. */
struct exchange *exchange_free(struct exchange *exchange);

/* Takes up `request`: empties its result and sets the easy handle up, ready to be added to a multi
 * handle. False if the request may not be made; its result says why. */
bool exchange_begin(struct exchange *exchange, struct http_request *request, uint64_t now_ms);

/* True if `code` only means that the peer's unix socket had no room for one more connection, so
 * that nothing was sent and there is time for another try: in `*ret_delay_ms`. The handle is ready
 * for that try. */
bool exchange_may_retry(struct exchange *exchange, CURLcode code, struct loop *loop,
			uint64_t *ret_delay_ms);

/* Writes the result of a transfer that ended with `code` into the request. */
void exchange_finish(struct exchange *exchange, CURLcode code, uint64_t now_ms);

/* Lets go of the request and of every copy of its secrets. */
void exchange_end(struct exchange *exchange);
