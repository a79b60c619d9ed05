#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam to the network. A lane is a queue of HTTP requests to one kind of peer: `queue` (the
 * control plane: TLS, keep-alive, proxy environment honoured), `engine` (short calls on a unix
 * socket, capped) and `stream` (one endless reply per engine). A request waits in its lane until
 * one of at most `max_in_flight` places is free; urgent ones overtake the others.
 *
 * Redirects are never followed, cookies and netrc never used, protocols are http and https only
 * (http beyond loopback only when allowed), and every reply is bounded in time and size.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lane;
struct loop;

struct lane_options {
	const char *name;	    /* for messages */
	const char *unix_socket;    /* path of the peer's socket, or NULL for TCP */
	const char *ca_file;	    /* trusted instead of the system's, or NULL */
	unsigned max_in_flight;	    /* 0: no cap */
	bool allow_http;	    /* plain http to other hosts than loopback */
	bool use_proxy_environment; /* HTTPS_PROXY, NO_PROXY, ... */
	bool has_short_replies;	    /* as a rule, and many at once: less room for each */
};

/* How an exchange ended, as far as the network is concerned. */
enum http_outcome {
	HTTP_REPLIED,	/* a complete reply; look at `status` */
	HTTP_NOT_SENT,	/* no connection, or a full accept queue: the peer has seen nothing */
	HTTP_NO_REPLY,	/* sent, but timed out, reset or cut: the peer may have acted */
	HTTP_TOO_LARGE, /* more than max_reply bytes: given up */
	HTTP_FORBIDDEN, /* not tried: the URL is not allowed (scheme, plain http) */
};

struct http_request {
	/* Filled in by the caller before lane_submit(); the lane reads them until done. */
	const char *method;	     /* "GET", "POST", "DELETE", ...: a literal */
	char *url;		     /* owned by the request; http_request_done() frees it */
	const struct secret *bearer; /* sent as "Authorization: Bearer ..."; borrowed, or NULL */
	bool as_api_key;	     /* the bearer goes as "x-api-key: ..." instead */
	const char *headers[6];	     /* further "Name: value" lines, borrowed; ends with NULL */
	struct buf body;	     /* sent if `has_body`; wiped by http_request_done() */
	bool has_body;		     /* false: POST sends Content-Length: 0 */
	bool urgent;		     /* goes before requests that are not */
	bool is_fresh;		     /* on a connection of its own, never on one that is kept */
	uint64_t timeout_ms;	     /* for the whole exchange once started; 0: none (streams) */
	uint64_t connect_timeout_ms; /* 0: 5000 */
	size_t max_reply;	     /* bytes of reply body */
	void (*done)(struct http_request *request, void *arg);
	/* When set, reply bytes go here instead of into `reply` (2xx replies only; others are
	 * collected), without a limit on their number. Return false to cut the connection:
	 * HTTP_NO_REPLY follows. It runs inside the HTTP library, so it may submit requests and
	 * arm timers, but must not cancel or free a request or a lane. */
	bool (*on_data)(const char *data, size_t len, void *arg);
	/* The head of a 2xx reply has come, and its body, which may never end, is next. May be
	 * NULL; runs where on_data does. */
	void (*on_accepted)(void *arg);
	void *arg;

	/* The result, valid in done() and until http_request_done(). */
	enum http_outcome outcome;
	long status;		  /* with HTTP_REPLIED */
	struct buf reply;	  /* body; NUL-terminated */
	struct buf reply_headers; /* "name: value\n" lines, names in lower case */
	char problem[160];	  /* why it is not HTTP_REPLIED; one line, no secret */
	uint64_t duration_ms;	  /* from the start of the exchange, not from submit */

	/* The lane's own. */
	struct lane *lane; /* NULL unless submitted and not done */
	void *exchange;
	struct http_request *next, *prev;
};

/* Once per process, after the signals are blocked and before any lane exists. */
int lane_global_init(struct err *err);

/* `options` and its strings are copied. ERR_INPUT if ca_file cannot be used. */
int lane_new(struct loop *loop, const struct lane_options *options, struct lane **ret,
	     struct err *err);

/* Cancels what is left. NULL is fine; returns NULL. */
struct lane *lane_free(struct lane *lane);

/* An empty request; `method` is a literal, `url` becomes the request's. max_reply is
 * BUF_MAX_POLL_REPLY until the caller sets another. */
void http_request_init(struct http_request *request, const char *method, char *url);

/* Cancels the request if it is under way, frees what it owns. Safe on a zeroed struct, and twice.
 */
void http_request_done(struct http_request *request);

/* Starts or queues the request. done(request, arg) is called exactly once, later, from the loop,
 * and never after lane_cancel(). It may submit again, free the request or the lane's owner. */
void lane_submit(struct lane *lane, struct http_request *request);

/* Gives the request up; its connection is closed if it was in flight. Harmless if not submitted. */
void lane_cancel(struct http_request *request);

/* The value of a reply header (name in lower case) copied into `into`; false if there is none or it
 * does not fit. */
bool http_header(const struct http_request *request, const char *name, char *into, size_t size);

/* Retry-After (seconds or a date) in milliseconds from now, 0 if absent or unusable. */
uint64_t http_retry_after_ms(const struct http_request *request, struct loop *loop);

/* The Date header in milliseconds since the epoch, 0 if absent. */
int64_t http_date_ms(const struct http_request *request);

/* Requests in flight and waiting, for tests and status. */
unsigned lane_in_flight(const struct lane *lane);
unsigned lane_waiting(const struct lane *lane);
