/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One HTTP request on its way through the fake engine, and the reply that its handler builds. A
 * handler either calls exactly one reply_*() before it returns, or request_hold(), and then
 * somebody replies and calls request_release() later.
 */

#include "park.h"
#include "stream.h"
#include "text.h"

#include <json-c/json.h>
#include <microhttpd.h>

struct engine;
struct request;
struct route;

enum request_phase {
	REQUEST_NEW,	  /* nothing but the request line was read */
	REQUEST_READING,  /* its body is coming in */
	REQUEST_ARRIVED,  /* complete; rules not yet asked */
	REQUEST_ADMITTED, /* rules asked, delayed long enough, not processed */
	REQUEST_ANSWERED, /* processed, the reply stands */
	REQUEST_SENDING,  /* the reply is rewritten by the rules and may leave */
	REQUEST_HANGING,  /* never to be answered */
};

struct reply {
	int status; /* 0: none yet */
	struct json_object *json;
	struct text body; /* where it is not JSON, or JSON made by hand */
	const char *content_type;
	struct stream *stream;
};

struct request {
	struct engine *engine;
	struct MHD_Connection *connection;
	bool control; /* came in through the control socket */
	enum request_phase phase;
	char *method;
	char *uri;  /* as sent, with the query */
	char *path; /* decoded, without the version prefix */
	char *version;
	const struct route *route;
	char *target; /* the id or name in the path */
	struct text body;
	struct reply reply;
	struct park park;
	struct json_object *entry;			       /* its line in the journal */
	struct json_object *fault;			       /* what the rules ask for, or NULL */
	void (*abandoned)(struct request *request, void *arg); /* called when it ends on hold */
	void *arg;
};

/* Query parameters and headers; NULL when absent. */
const char *request_arg(const struct request *request, const char *key);
const char *request_header(const struct request *request, const char *key);

/* Docker's booleans: absent, empty, 0, no, false and none are false. */
bool request_flag(const struct request *request, const char *key);

/* The body as JSON, to be put by the caller; NULL and `ret_error` (static) when it is not. */
struct json_object *request_json(const struct request *request, const char **ret_error);

/* The reply will come later; `abandoned` is told when the client leaves before that. */
void request_hold(struct request *request, void (*abandoned)(struct request *, void *), void *arg);

/* The reply of a held request stands now. */
void request_release(struct request *request);

/* Take ownership of `json`, `stream` and the text's bytes. */
void reply_json(struct request *request, int status, struct json_object *json);
void reply_text(struct request *request, int status, const char *content_type, struct text *text);
void reply_stream(struct request *request, const char *content_type, struct stream *stream);
void reply_empty(struct request *request, int status);

/* {"message": ...}; Podman's has "cause", which is the same here, and "response" beside it. */
void reply_error(struct request *request, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void reply_clear(struct reply *reply);
