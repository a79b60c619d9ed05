/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ping -> version -> info -> [bridge] -> events -> healthy. While healthy, a ping every ten seconds
 * finds what nobody asked about; a call without a connection asks for one at once. Any failure
 * ends the stream, reports the engine as unhealthy, and begins again after a back-off.
 *
 * One timer drives it: with STEP_NONE it starts the next ping; in STEP_EVENTS it fires when the
 * subscription is accepted, or when an engine that says nothing before the first event would have
 * refused it. A resync is due after each new subscription; the
 * engine replays what happened shortly before it, so nothing is missed between the two.
 */
#include "engine/connection.h"

#include "base/cleanup.h"
#include "engine/answer.h"
#include "engine/message.h"

#include <errno.h>
#include <stdio.h>

#define PING_EVERY_MS	 10000
#define RESYNC_EVERY_MS	 60000
#define EVENTS_SETTLE_MS 100

#define PING_TIMEOUT_MS 5000
#define STEP_TIMEOUT_MS 30000 /* info is slow on a busy engine */

#define BACK_OFF_FIRST_MS 200
#define BACK_OFF_MAX_MS	  5000

static void begin(struct engine *engine, enum connect_step step);
static void on_timer(void *arg);

static void arm(struct engine *engine, uint64_t delay_ms)
{
	timer_arm(&engine->timer, engine->loop, delay_ms, on_timer, engine);
}

/* Doubles from failure to failure; the upper half is chance, so that many do not march in step. */
static uint64_t next_back_off_ms(struct engine *engine)
{
	uint64_t limit_ms = BACK_OFF_MAX_MS;

	if (engine->failures < 5)
		limit_ms = (uint64_t)BACK_OFF_FIRST_MS << engine->failures;
	if (limit_ms > BACK_OFF_MAX_MS)
		limit_ms = BACK_OFF_MAX_MS;
	engine->failures++;
	return loop_random(engine->loop, limit_ms / 2, limit_ms);
}

static void reset(struct engine *engine)
{
	http_request_done(&engine->request);
	probe_done(&engine->found);
	timer_cancel(&engine->timer);
	engine->step = STEP_NONE;
}

static void fail(struct engine *engine, struct err *err)
{
	bool is_refused = err->kind == ERR_REFUSED;
	bool is_news =
		engine->is_healthy || !engine->was_told || (is_refused && !engine->was_refused);

	reset(engine);
	events_stop(engine);
	timer_cancel(&engine->resync);
	engine->is_healthy = false;
	engine->was_told = true;
	engine->was_refused = is_refused;
	engine->goes_all_the_way = true;
	engine->must_renew = false;
	arm(engine, next_back_off_ms(engine));
	if (!is_news)
		return;
	engine->owner.health(engine, false, err, engine->owner.arg);
}

static void on_resync(void *arg)
{
	struct engine *engine = arg;

	timer_arm(&engine->resync, engine->loop, RESYNC_EVERY_MS, on_resync, engine);
	engine->owner.resync(engine, engine->owner.arg);
}

static void be_connected(struct engine *engine)
{
	bool is_news = !engine->is_healthy;

	reset(engine);
	engine->is_healthy = true;
	engine->was_told = true;
	engine->was_refused = false;
	engine->goes_all_the_way = false;
	arm(engine, PING_EVERY_MS);
	if (engine->must_renew)
		connection_renew(engine);
	engine->must_renew = false;
	if (is_news)
		engine->owner.health(engine, true, NULL, engine->owner.arg);
	on_resync(engine);
}

static void on_timer(void *arg)
{
	struct engine *engine = arg;

	if (engine->step == STEP_EVENTS)
		be_connected(engine);
	else
		begin(engine, STEP_PING);
}

/* --- the steps: each reads its reply and names the next one ----------------------------------- */

/* For replies that must be 200 and come before a dialect is known. */
static int expect_ok(const struct http_request *request, const char *what, struct err *err)
{
	char message[MESSAGE_MAX];

	if (request->outcome != HTTP_REPLIED)
		return err_set(err, ERR_TEMPORARY, -ENOTCONN, "%s: %s", what, request->problem);
	if (request->status == 200)
		return 0;
	message_of_reply(message, request->reply.data, request->reply.len, NULL);
	return err_set(err, ERR_TEMPORARY, -EIO, "%s: HTTP %ld: %s", what, request->status,
		       message);
}

static int read_json(const struct http_request *request, const char *what, struct json_object **ret,
		     struct err *err)
{
	int r = expect_ok(request, what, err);
	if (r < 0)
		return r;
	if (json_parse(request->reply.data, request->reply.len, ret) < 0)
		return err_set(err, ERR_TEMPORARY, -EBADMSG, "%s: the reply is no JSON", what);
	return 0;
}

static int finish_ping(struct engine *engine, enum connect_step *ret_next, struct err *err)
{
	char libpod[64];

	int r = expect_ok(&engine->request, "ping", err);
	if (r < 0)
		return r;
	if (!engine->goes_all_the_way) {
		engine->failures = 0;
		*ret_next = STEP_NONE;
		return 0;
	}
	bool is_podman =
		http_header(&engine->request, "libpod-api-version", libpod, sizeof(libpod));
	*ret_next = STEP_VERSION;
	return probe_detect(&engine->found, is_podman ? libpod : NULL, err);
}

static int finish_version(struct engine *engine, enum connect_step *ret_next, struct err *err)
{
	_cleanup_(json_putp) struct json_object *reply = NULL;

	int r = read_json(&engine->request, "version", &reply, err);
	if (r < 0)
		return r;
	*ret_next = STEP_INFO;
	return probe_read_version(&engine->found, reply, err);
}

static int finish_info(struct engine *engine, enum connect_step *ret_next, struct err *err)
{
	_cleanup_(json_putp) struct json_object *reply = NULL;

	int r = read_json(&engine->request, "info", &reply, err);
	if (r < 0)
		return r;
	r = engine->found.dialect->read_info(&engine->found, reply, err);
	if (r < 0)
		return r;
	probe_done(&engine->probe);
	engine->probe = engine->found;
	engine->found = (struct probe){0};
	probe_describe(&engine->probe, engine->description);
	*ret_next = engine_needs_bridge(engine) ? STEP_LOOK_AT_BRIDGE : STEP_EVENTS;
	return 0;
}

static int finish_look(struct engine *engine, enum connect_step *ret_next, struct err *err)
{
	_cleanup_(json_putp) struct json_object *network = NULL;
	const struct dialect *dialect = engine->probe.dialect;

	enum engine_outcome outcome = answer_judge(dialect, OPERATION_LOOK_AT_BRIDGE,
						   &engine->request, engine->bridge, NULL, err);
	*ret_next = outcome == ENGINE_OK ? STEP_EVENTS : STEP_MAKE_BRIDGE;
	if (outcome == ENGINE_NOT_FOUND)
		return 0;
	if (outcome != ENGINE_OK)
		return -EIO;
	int r = read_json(&engine->request, "look up network", &network, err);
	if (r < 0)
		return r;
	return dialect->verify_bridge(network, engine->bridge, engine->instance, err);
}

static int finish_make(struct engine *engine, enum connect_step *ret_next, struct err *err)
{
	enum engine_outcome outcome = answer_judge(engine->probe.dialect, OPERATION_MAKE_BRIDGE,
						   &engine->request, engine->bridge, NULL, err);

	*ret_next = STEP_EVENTS;
	return outcome == ENGINE_OK ? 0 : -EIO;
}

static int finish(struct engine *engine, enum connect_step *ret_next, struct err *err)
{
	switch (engine->step) {
	case STEP_PING:
		return finish_ping(engine, ret_next, err);
	case STEP_VERSION:
		return finish_version(engine, ret_next, err);
	case STEP_INFO:
		return finish_info(engine, ret_next, err);
	case STEP_LOOK_AT_BRIDGE:
		return finish_look(engine, ret_next, err);
	case STEP_MAKE_BRIDGE:
		return finish_make(engine, ret_next, err);
	case STEP_NONE:
	case STEP_EVENTS:
		break;
	}
	return err_set(err, ERR_BUG, -EINVAL, "a reply to no request");
}

static void on_reply(struct http_request *request, void *arg)
{
	struct engine *engine = arg;
	struct err err = {0};
	enum connect_step next = STEP_NONE;

	(void)request;
	if (engine->removal) {
		engine->step = STEP_NONE;
		engine_remove_bridge(engine, TAKE(engine->removal));
		return;
	}
	if (finish(engine, &next, &err) < 0)
		fail(engine, &err);
	else
		begin(engine, next);
}

/* --- beginning them --------------------------------------------------------------------------- */

static void ask(struct engine *engine, const char *method, char *url, uint64_t timeout_ms)
{
	static const char json[] = "Content-Type: application/json";
	struct http_request *request = &engine->request;

	http_request_done(request);
	http_request_init(request, method, url);
	request->timeout_ms = timeout_ms;
	request->max_reply = BUF_MAX_ENGINE_REPLY;
	request->urgent = true;
	request->is_fresh = engine_uses_fresh_connections(engine);
	request->done = on_reply;
	request->arg = engine;
	if (engine->step == STEP_MAKE_BRIDGE) {
		_cleanup_(json_putp) struct json_object *body =
			engine->probe.dialect->render_bridge(engine->bridge, engine->instance);
		request->headers[0] = json;
		request->has_body = true;
		if (buf_adds(&request->body, json_line(body)) < 0)
			abort(); /* a few hundred bytes */
	}
	lane_submit(engine->calls, request);
}

static void begin(struct engine *engine, enum connect_step step)
{
	static const char *const no_arguments[] = {NULL};

	engine->step = step;
	switch (step) {
	case STEP_NONE:
		reset(engine);
		arm(engine, engine->goes_all_the_way ? 0 : PING_EVERY_MS);
		break;
	case STEP_PING:
		ask(engine, "GET", xstrdup("http://localhost/_ping"), PING_TIMEOUT_MS);
		break;
	case STEP_VERSION:
		ask(engine, "GET", xstrdup("http://localhost/version"), STEP_TIMEOUT_MS);
		break;
	case STEP_INFO:
		ask(engine, "GET",
		    dialect_url(engine->found.dialect, engine->found.api, OPERATION_INFO,
				no_arguments),
		    STEP_TIMEOUT_MS);
		break;
	case STEP_LOOK_AT_BRIDGE:
		ask(engine, "GET",
		    engine_url(engine, OPERATION_LOOK_AT_BRIDGE, engine->bridge, NULL),
		    STEP_TIMEOUT_MS);
		break;
	case STEP_MAKE_BRIDGE:
		ask(engine, "POST", engine_url(engine, OPERATION_MAKE_BRIDGE, NULL, NULL),
		    STEP_TIMEOUT_MS);
		break;
	case STEP_EVENTS:
		http_request_done(&engine->request);
		events_start(engine);
		arm(engine, EVENTS_SETTLE_MS);
		break;
	}
}

/* --- from outside ----------------------------------------------------------------------------- */

void connection_start(struct engine *engine)
{
	engine->goes_all_the_way = true;
	arm(engine, 0);
}

void connection_stop(struct engine *engine)
{
	reset(engine);
	timer_cancel(&engine->resync);
	events_stop(engine);
}

void connection_look(struct engine *engine)
{
	if (engine->is_healthy && engine->step == STEP_NONE && !engine->goes_all_the_way)
		arm(engine, 0);
}

void connection_renew(struct engine *engine)
{
	/* Otherwise that is happening already; but it may have passed what broke just now. */
	if (!engine->is_healthy || engine->goes_all_the_way) {
		engine->must_renew = engine->step > STEP_LOOK_AT_BRIDGE;
		return;
	}
	engine->goes_all_the_way = true;
	/* A stream that ends as soon as it begins must not make us spin. */
	if (engine->step == STEP_NONE)
		arm(engine, engine->failures == 0 ? 0 : next_back_off_ms(engine));
	if (engine->failures == 0)
		engine->failures = 1;
}

void connection_stream_accepted(struct engine *engine)
{
	if (engine->step == STEP_EVENTS)
		arm(engine, 0);
}

void connection_stream_ended(struct engine *engine, const struct err *err)
{
	struct err reason = *err;

	if (engine->step == STEP_EVENTS)
		fail(engine, &reason);
	else
		connection_renew(engine);
}
