/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trip is one call under way. It may outlive the client (what was sent arrives, if the client is
 * there or not) and ends with the answer, or when nobody is left at either end.
 */
#include "world/wire.h"

#include "base/cleanup.h"
#include "world/seam.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

#define LATEST_MS   90000u /* for a call that arrives when nobody waits any more */
#define NOTICING_MS 300u   /* until a peer sees that its client is gone */

enum stage { GOING, SERVED, RETURNING };

struct trip {
	struct wire_call call; /* first: a peer knows the trip by it */
	struct wire *wire;
	const struct wire_peer *peer;
	struct http_request *request; /* NULL: nobody waits */
	void (*finish)(struct trip *trip, void *arg);
	void *arg;
	enum stage stage;
	bool has_fault, is_cut;
	enum wire_fault fault;
	uint64_t began_ms, way_ms; /* one way */
	struct sim_event event, deadline;
	long status;
	char *headers;
	struct buf body; /* of the answer, or what of it has not arrived yet */
	struct trip *prev, *next;
};

static struct trip *trip_of(struct wire_call *call)
{
	return (struct trip *)call;
}

static void tell(const struct trip *trip, const char *what)
{
	if (trip->wire->trace)
		trip->wire->trace(&trip->call, what, trip->wire->trace_arg);
}

static char *join_lines(const char *const *lines)
{
	struct buf buf;

	buf_init(&buf, BUF_MAX_HEADERS);
	for (; *lines; lines++)
		(void)!buf_addf(&buf, "%s\n", *lines);
	return buf_take(&buf);
}

/* "/path?query" of a URL. */
static const char *path_of(const char *url)
{
	const char *host = strstr(url, "://");
	const char *path = strchr(host ? host + 3 : url, '/');

	return path ? path : "/";
}

static struct trip *trip_new(struct wire *wire, const struct wire_peer *peer)
{
	struct trip *trip = xcalloc(1, sizeof(*trip));

	trip->wire = wire;
	trip->peer = peer;
	trip->began_ms = sim_now_ms(wire->sim);
	trip->way_ms = wire_draw_way_ms(wire->sim, &peer->weather);
	buf_init(&trip->body, BUF_MAX_LIST_REPLY);
	DL_APPEND(wire->trips, trip);
	return trip;
}

static void trip_free(struct trip *trip)
{
	sim_cancel(trip->wire->sim, &trip->event);
	sim_cancel(trip->wire->sim, &trip->deadline);
	free(trip->call.method);
	free(trip->call.path);
	free(trip->call.bearer);
	free(trip->call.headers);
	free(trip->call.body);
	free(trip->headers);
	buf_done(&trip->body);
	DL_DELETE(trip->wire->trips, trip);
	free(trip);
}

/* --- at the client ---------------------------------------------------------------------------- */

static void on_noticed(void *arg)
{
	struct trip *trip = arg;

	if (trip->call.gone)
		trip->call.gone(&trip->call);
	trip_free(trip);
}

static void arrive(void *arg);

/* Nobody waits any more: what has not arrived may arrive, and a peer that waits finds out. */
static void leave(struct trip *trip)
{
	struct sim *sim = trip->wire->sim;

	trip->request = NULL;
	sim_cancel(sim, &trip->deadline);
	bool is_on_its_way = trip->event.place && trip->event.fn == arrive;
	if (trip->stage == SERVED)
		sim_at(sim, &trip->event, sim_random(sim, 0, NOTICING_MS), on_noticed, trip);
	else if (!is_on_its_way || sim_chance(sim, 5000))
		trip_free(trip);
}

/* Fills the result in and lets go. */
static void conclude(struct trip *trip, enum http_outcome outcome, const char *problem)
{
	struct http_request *request = trip->request;
	void (*finish)(struct trip *, void *) = trip->finish;

	request->outcome = outcome;
	request->duration_ms = sim_now_ms(trip->wire->sim) - trip->began_ms;
	buf_init(&request->reply, trip->body.len);
	buf_init(&request->reply_headers, BUF_MAX_HEADERS);
	if (outcome == HTTP_REPLIED) {
		request->status = trip->status;
		if (!request->on_data || trip->status / 100 != 2)
			(void)!buf_add(&request->reply, trip->body.data, trip->body.len);
		(void)!buf_adds(&request->reply_headers, trip->headers ? trip->headers : "");
	} else {
		(void)snprintf(request->problem, sizeof(request->problem), "%s", problem);
	}
	finish(trip, trip->arg);
}

static void on_deadline(void *arg)
{
	struct trip *trip = arg;

	conclude(trip, HTTP_NO_REPLY, "timed out");
	leave(trip);
}

static void on_failed(void *arg)
{
	struct trip *trip = arg;
	bool is_sent = trip->fault != WIRE_NOT_SENT;

	conclude(trip, is_sent ? HTTP_NO_REPLY : HTTP_NOT_SENT,
		 is_sent ? "connection reset by peer" : "connection refused");
	trip_free(trip);
}

/* What has arrived of an answer that goes on. False: the client wants no more. */
static bool hand_over(struct trip *trip)
{
	struct http_request *request = trip->request;
	_cleanup_free_ char *data = NULL;
	size_t len = trip->body.len;

	data = buf_take(&trip->body);
	buf_init(&trip->body, BUF_MAX_LIST_REPLY);
	seam_be(trip->call.client);
	bool goes_on = len == 0 || request->on_data(data, len, request->arg);
	seam_be(NULL);
	return goes_on;
}

static void on_pieces(void *arg)
{
	struct trip *trip = arg;

	bool goes_on = hand_over(trip);
	/* From within on_data() the client cannot let go. */
	if (goes_on && !trip->is_cut)
		return;
	conclude(trip, HTTP_NO_REPLY, goes_on ? "connection closed" : "unwanted");
	if (trip->is_cut)
		trip_free(trip);
	else
		leave(trip);
}

static void on_returned(void *arg)
{
	struct trip *trip = arg;
	struct http_request *request = trip->request;

	if (trip->has_fault && trip->fault == WIRE_CUT) {
		conclude(trip, HTTP_NO_REPLY, "the reply ended early");
	} else if (request->on_data && trip->status / 100 == 2) {
		if (hand_over(trip))
			conclude(trip, HTTP_REPLIED, NULL);
		else
			conclude(trip, HTTP_NO_REPLY, "unwanted");
	} else if (trip->body.len > request->max_reply) {
		conclude(trip, HTTP_TOO_LARGE, "the reply is too large");
	} else {
		conclude(trip, HTTP_REPLIED, NULL);
	}
	trip_free(trip);
}

/* --- at the peer ------------------------------------------------------------------------------ */

/* Replies that no peer gave, for a reply of status 200. */
static void spoil(struct trip *trip)
{
	static const char *const wrong[] = {
		"<html><body>502 Bad Gateway</body></html>",
		"{",
		"{\"id\":7,\"data\":\"x\",\"Id\":[],\"State\":3}",
		"",
	};
	struct sim *sim = trip->wire->sim;
	size_t len = trip->body.len;

	if (sim_chance(sim, 5000) && len > 1) {
		_cleanup_free_ char *half = buf_take(&trip->body);
		buf_init(&trip->body, len);
		(void)!buf_add(&trip->body, half, sim_random(sim, 1, len));
		return;
	}
	buf_reset(&trip->body);
	(void)!buf_adds(&trip->body, wrong[sim_random(sim, 0, ARRAY_SIZE(wrong))]);
	trip->status = 200;
}

static void be_an_error(struct trip *trip)
{
	static const struct {
		long status;
		const char *headers, *body;
	} errors[] = {
		{500, NULL, "{\"message\":\"out of order\"}"},
		{502, NULL, "<html>Bad Gateway</html>"},
		{503, "retry-after: 2\n", ""},
		{429, "retry-after: 3\n",
		 "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\"}}"},
	};
	/* What limits the rate stands before what has effects. */
	size_t count = ARRAY_SIZE(errors) - (trip->stage == RETURNING ? 1 : 0);
	size_t choice = sim_random(trip->wire->sim, 0, count);

	trip->status = errors[choice].status;
	free(trip->headers);
	trip->headers = errors[choice].headers ? xstrdup(errors[choice].headers) : NULL;
	buf_reset(&trip->body);
	(void)!buf_adds(&trip->body, errors[choice].body);
}

/* The answer is on its way; nobody at the peer knows of the call any more. */
static void turn_back(struct trip *trip)
{
	struct sim *sim = trip->wire->sim;
	enum wire_fault fault = trip->has_fault ? trip->fault : WIRE_FAULTS;

	trip->stage = RETURNING;
	trip->call.gone = NULL;
	if (!trip->request) {
		trip_free(trip);
		return;
	}
	if (fault == WIRE_REPLY_SILENT && trip->request->timeout_ms > 0)
		return;
	if (fault == WIRE_SPOILT)
		spoil(trip);
	else if (fault == WIRE_ERROR_AFTER)
		be_an_error(trip);
	bool is_lost = fault == WIRE_REPLY_LOST || fault == WIRE_REPLY_SILENT;
	sim_at(sim, &trip->event, trip->way_ms, is_lost ? on_failed : on_returned, trip);
}

void wire_reply_bytes(struct wire_call *call, long status, const char *headers, const void *body,
		      size_t len)
{
	struct trip *trip = trip_of(call);

	trip->status = status;
	trip->headers = headers ? xstrdup(headers) : NULL;
	(void)!buf_add(&trip->body, body, len);
	turn_back(trip);
}

void wire_reply(struct wire_call *call, long status, const char *headers, const char *body)
{
	wire_reply_bytes(call, status, headers, body ? body : "", body ? strlen(body) : 0);
}

void wire_push(struct wire_call *call, const char *data, size_t len)
{
	struct trip *trip = trip_of(call);

	if (!trip->request)
		return;
	trip->status = 200;
	(void)!buf_add(&trip->body, data, len);
	if (!trip->event.place)
		sim_at(trip->wire->sim, &trip->event, trip->way_ms, on_pieces, trip);
}

void wire_cut(struct wire_call *call)
{
	struct trip *trip = trip_of(call);

	trip->call.gone = NULL;
	if (!trip->request) {
		trip_free(trip);
		return;
	}
	trip->is_cut = true;
	trip->stage = RETURNING;
	if (!trip->request->on_data) {
		trip->fault = WIRE_REPLY_LOST;
		sim_at(trip->wire->sim, &trip->event, trip->way_ms, on_failed, trip);
	} else if (!trip->event.place) {
		sim_at(trip->wire->sim, &trip->event, trip->way_ms, on_pieces, trip);
	}
}

static void arrive(void *arg)
{
	struct trip *trip = arg;

	trip->wire->calls++;
	if (trip->peer->is_up && !trip->peer->is_up(trip->peer->arg)) {
		trip->stage = RETURNING;
		trip->fault = WIRE_NOT_SENT;
		if (trip->request)
			sim_at(trip->wire->sim, &trip->event, trip->way_ms, on_failed, trip);
		else
			trip_free(trip);
		return;
	}
	trip->stage = SERVED;
	if (!trip->request)
		sim_at(trip->wire->sim, &trip->event, NOTICING_MS, on_noticed, trip);
	tell(trip, "arrives");
	trip->peer->serve(trip->peer->arg, &trip->call);
}

/* --- there ------------------------------------------------------------------------------------ */

static char *copy_bytes(const char *data, size_t len)
{
	char *copy = xcalloc(1, len + 1);

	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

/* The same call once more, for which nobody waits. */
static void send_copy(struct trip *trip, uint64_t delay_ms)
{
	struct trip *copy = trip_new(trip->wire, trip->peer);

	copy->call = (struct wire_call){
		.client = trip->call.client,
		.name = trip->call.name,
		.method = xstrdup(trip->call.method),
		.path = xstrdup(trip->call.path),
		.bearer = xstrdup(trip->call.bearer),
		.headers = xstrdup(trip->call.headers),
		.body = copy_bytes(trip->call.body, trip->call.body_len),
		.body_len = trip->call.body_len,
	};
	sim_at(trip->wire->sim, &copy->event, delay_ms, arrive, copy);
}

static void draw_fault(struct trip *trip)
{
	enum wire_fault fault = wire_draw_fault(trip->wire->sim, trip->peer, trip->call.name);

	if (fault == WIRE_FAULTS)
		return;
	trip->has_fault = true;
	trip->fault = fault;
	trip->wire->faults[fault]++;
	tell(trip, wire_fault_name(fault));
}

static void set_out(struct trip *trip)
{
	struct sim *sim = trip->wire->sim;
	uint64_t timeout_ms = trip->request->timeout_ms;
	enum wire_fault fault = trip->has_fault ? trip->fault : WIRE_FAULTS;

	if (timeout_ms > 0)
		sim_at(sim, &trip->deadline, timeout_ms, on_deadline, trip);
	if (fault == WIRE_NOT_SENT || fault == WIRE_LOST) {
		sim_at(sim, &trip->event, trip->way_ms, on_failed, trip);
	} else if (fault == WIRE_SILENT) {
		if (timeout_ms == 0)
			sim_at(sim, &trip->event, trip->way_ms, on_failed, trip);
	} else if (fault == WIRE_LATE) {
		uint64_t delay_ms = sim_random(sim, 0, LATEST_MS);
		send_copy(trip, timeout_ms > 0 ? timeout_ms + delay_ms : delay_ms);
		if (timeout_ms == 0)
			sim_at(sim, &trip->event, trip->way_ms, on_failed, trip);
	} else if (fault == WIRE_ERROR) {
		be_an_error(trip);
		trip->stage = RETURNING;
		sim_at(sim, &trip->event, 2 * trip->way_ms, on_returned, trip);
	} else {
		if (fault == WIRE_TWICE)
			send_copy(trip, sim_random(sim, 0, 2 * trip->way_ms + 2));
		sim_at(sim, &trip->event, trip->way_ms, arrive, trip);
	}
}

struct trip *wire_send(struct wire *wire, const struct wire_peer *peer, struct host *client,
		       struct http_request *request, void (*finish)(struct trip *trip, void *arg),
		       void *arg)
{
	struct trip *trip = trip_new(wire, peer);

	trip->request = request;
	trip->finish = finish;
	trip->arg = arg;
	trip->call = (struct wire_call){
		.client = client,
		.name = peer->name(request),
		.method = xstrdup(request->method),
		.path = xstrdup(path_of(request->url)),
		.bearer = xstrdup(request->bearer ? secret_reveal(request->bearer) : ""),
		.headers = join_lines(request->headers),
		.body = copy_bytes(request->body.data, request->has_body ? request->body.len : 0),
		.body_len = request->has_body ? request->body.len : 0,
	};
	draw_fault(trip);
	set_out(trip);
	return trip;
}

bool wire_is_awaited(const struct wire_call *call)
{
	return ((const struct trip *)call)->request;
}

struct http_request *wire_request(const struct trip *trip)
{
	return trip->request;
}

void wire_abandon(struct trip *trip)
{
	leave(trip);
}

void wire_settle(struct wire *wire)
{
	struct trip *trip, *next;

	DL_FOREACH_SAFE(wire->trips, trip, next)
	{
		if (trip->stage == SERVED && trip->call.gone)
			trip->call.gone(&trip->call);
		trip_free(trip);
	}
}
