/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls about containers. Each is one exchange; finish() turns its end into a result. Creates
 * and starts load an engine far more than anything else (more than a few at once only slow each
 * other down), so they wait here for one of `launches` places. Starts go before creates: a started
 * session is somebody's claimed work item, a created one is not yet. One that takes unusually long
 * gives its place to the next, and takes none of the short calls' in any case, so that what is slow
 * for one image delays nothing else.
 */
#include "base/cleanup.h"
#include "engine/answer.h"
#include "engine/connection.h"
#include "engine/container.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CREATE_TIMEOUT_MS  60000
#define SLOW_LAUNCH_MS	   1000 /* a create or start takes 50 to 500 ms */
#define INSPECT_TIMEOUT_MS 30000
#define MEASURE_TIMEOUT_MS 60000 /* it counts files */
#define KILL_TIMEOUT_MS	   30000
#define REMOVE_TIMEOUT_MS  120000 /* unmounting and deleting layers on a slow disk */
#define LIST_TIMEOUT_MS	   60000

void engine_call_init(struct engine_call *call, void (*done)(struct engine_call *, void *),
		      void *arg)
{
	*call = (struct engine_call){.done = done, .arg = arg};
}

static void free_result(struct engine_call *call)
{
	container_done(&call->container);
	for (size_t i = 0; i < call->list_count; i++)
		container_done(&call->list[i]);
	free(TAKE(call->list));
	call->list_count = 0;
	free(TAKE(call->warnings));
	json_putp(&call->json);
	call->container_id[0] = '\0';
	call->cannot_run = false;
	call->err = (struct err){0};
}

/* --- places for launches ---------------------------------------------------------------------- */

static bool is_launch(const struct engine_call *call)
{
	return call->operation == OPERATION_CREATE || call->operation == OPERATION_PREPARE ||
	       call->operation == OPERATION_START;
}

static void begin_waiting_launches(struct engine *engine);

static void release_launch(struct engine *engine, struct engine_call *call)
{
	if (!call->holds_launch)
		return;
	timer_cancel(&call->later);
	call->holds_launch = false;
	engine->launching--;
	begin_waiting_launches(engine);
}

static void on_slow(void *arg)
{
	struct engine_call *call = arg;

	release_launch(call->engine, call);
}

static void begin_launch(struct engine *engine, struct engine_call *call)
{
	engine->launching++;
	call->holds_launch = true;
	timer_arm(&call->later, engine->loop, SLOW_LAUNCH_MS, on_slow, call);
	lane_submit(engine->streams, &call->request);
}

static void begin_waiting_launches(struct engine *engine)
{
	while (engine->launch_queue && engine->launching < engine->launches) {
		struct engine_call *call = engine->launch_queue;
		engine->launch_queue = TAKE(call->next);
		begin_launch(engine, call);
	}
}

static void enqueue_launch(struct engine *engine, struct engine_call *call)
{
	struct engine_call **at = &engine->launch_queue;

	while (*at && ((*at)->operation == OPERATION_START || call->operation != OPERATION_START))
		at = &(*at)->next;
	call->next = *at;
	*at = call;
	begin_waiting_launches(engine);
}

static void leave_launch_queue(struct engine *engine, const struct engine_call *call)
{
	for (struct engine_call **at = &engine->launch_queue; *at; at = &(*at)->next) {
		if (*at == call) {
			*at = call->next;
			return;
		}
	}
}

/* --- results ---------------------------------------------------------------------------------- */

/* A service that was killed while it started a container says for ever that it waits for its start,
 * and refuses to start it once more. */
static void correct_status(const struct dialect *dialect, struct container *container)
{
	struct process process;

	if (!dialect->starts_may_linger || container->status != CONTAINER_CREATED ||
	    !container->program)
		return;
	engine_find_process(container, &process);
	if (process.pid > 0 && process_runs(process.pid, container->program))
		container->status = CONTAINER_RUNNING;
}

static int read_result(struct engine_call *call, struct json_object *reply)
{
	switch ((enum engine_operation)call->operation) {
	case OPERATION_CREATE:
		call->warnings = container_parse_warnings(reply);
		return container_parse_created(reply, call->container_id);
	case OPERATION_INSPECT:
	case OPERATION_MEASURE:
		call->json = json_object_get(reply);
		if (container_parse_inspect(reply, &call->container) < 0)
			return -EBADMSG;
		correct_status(call->engine->probe.dialect, &call->container);
		return 0;
	case OPERATION_LIST:
		return container_parse_list(reply, &call->list, &call->list_count);
	case OPERATION_LOOK_AT_BRIDGE:
		call->json = json_object_get(reply);
		return 0;
	case OPERATION_PREPARE:
	case OPERATION_START:
	case OPERATION_KILL:
	case OPERATION_REMOVE:
	case OPERATION_FREE_NAME:
	case OPERATION_REMOVE_BRIDGE:
	case OPERATION_LAST_WORDS: /* no JSON: see judge() */
	case OPERATION_LOGS:
	case OPERATION_EVENTS:
	case OPERATION_INFO:
	case OPERATION_LOOK_AT_IMAGE:
	case OPERATION_PULL:
	case OPERATION_MAKE_BRIDGE:
	case OPERATION_COUNT:
		break;
	}
	return 0;
}

static bool has_result(enum engine_operation operation)
{
	return operation == OPERATION_CREATE || operation == OPERATION_INSPECT ||
	       operation == OPERATION_MEASURE || operation == OPERATION_LIST ||
	       operation == OPERATION_LOOK_AT_BRIDGE;
}

static int parse_reply(const struct engine_call *call, struct json_object **ret)
{
	bool is_inspect =
		call->operation == OPERATION_INSPECT || call->operation == OPERATION_MEASURE;
	const struct buf *text = &call->request.reply;

	if (is_inspect && !call->wants_all)
		return json_parse_wanted(text->data, text->len, container_wanted, ret);
	return json_parse(text->data, text->len, ret);
}

static void judge(struct engine_call *call)
{
	const struct dialect *dialect = call->engine->probe.dialect;
	enum engine_operation operation = (enum engine_operation)call->operation;
	const struct http_request *request = &call->request;
	const char *subject = call->subject[0] ? call->subject : NULL;
	_cleanup_(json_putp) struct json_object *reply = NULL;

	call->outcome = answer_judge(dialect, operation, request, subject, call->plan, &call->err);
	call->is_silent = request->reply.len == 0;
	if (call->outcome == ENGINE_OK && operation == OPERATION_LAST_WORDS)
		call->cannot_run = dialect->cannot_run(call->exit_code, request->reply.data,
						       request->reply.len);
	if (call->outcome != ENGINE_OK || !has_result(operation))
		return;
	if (parse_reply(call, &reply) < 0 || read_result(call, reply) < 0)
		call->outcome = answer_is_malformed(dialect, operation, subject, &call->err);
	else if (operation == OPERATION_LOOK_AT_BRIDGE &&
		 dialect->verify_bridge(call->json, call->engine->bridge, call->engine->instance,
					&call->err) < 0)
		call->outcome = ENGINE_INVALID;
}

/* What stands in the way may be that berth's network was removed, which we can make anew. */
static bool may_lack_network(const struct engine_call *call)
{
	return engine_needs_bridge(call->engine) && is_launch(call) &&
	       call->outcome == ENGINE_TROUBLE;
}

static void on_reply(struct http_request *request, void *arg)
{
	struct engine_call *call = arg;
	struct engine *engine = call->engine;

	judge(call);
	if (may_lack_network(call))
		connection_renew(engine);
	else if (call->outcome == ENGINE_UNREACHABLE || call->outcome == ENGINE_UNKNOWN)
		connection_look(engine);
	http_request_done(request);
	call->plan = NULL;
	release_launch(engine, call);
	call->done(call, call->arg);
}

static void be_unreachable(void *arg)
{
	struct engine_call *call = arg;

	call->outcome = ENGINE_UNREACHABLE;
	(void)err_set(&call->err, ERR_TEMPORARY, -ENOTCONN, "the engine has not answered yet");
	call->done(call, call->arg);
}

/* --- making them ------------------------------------------------------------------------------ */

/* False if the engine was never reached, so that its dialect is not known: the call will fail. */
static bool prepare(struct engine *engine, struct engine_call *call,
		    enum engine_operation operation, uint64_t timeout_ms, const char *first,
		    const char *second)
{
	struct http_request *request = &call->request;

	engine_call_done(call);
	call->engine = engine;
	call->operation = operation;
	if (!engine->probe.dialect) {
		timer_arm(&call->later, engine->loop, 0, be_unreachable, call);
		return false;
	}
	http_request_init(request, engine->probe.dialect->routes[operation].method,
			  engine_url(engine, operation, first, second));
	request->timeout_ms = timeout_ms;
	request->max_reply =
		operation == OPERATION_LIST ? BUF_MAX_LIST_REPLY : BUF_MAX_ENGINE_REPLY;
	request->urgent = !is_launch(call);
	request->is_fresh = engine_uses_fresh_connections(engine);
	request->done = on_reply;
	request->arg = call;
	return true;
}

void engine_call_done(struct engine_call *call)
{
	struct engine *engine = call->engine;

	timer_cancel(&call->later);
	if (engine) {
		leave_launch_queue(engine, call);
		call->next = NULL;
		if (engine->removal == call)
			engine->removal = NULL;
	}
	http_request_done(&call->request);
	free_result(call);
	call->plan = NULL;
	call->subject[0] = '\0';
	call->wants_all = false;
	call->engine = NULL;
	if (engine)
		release_launch(engine, call);
}

static void set_subject(struct engine_call *call, const char *subject)
{
	/* The first digits of an id tell containers apart, and leave room for the message. */
	int max = container_id_is_valid(subject) ? 12 : (int)sizeof(call->subject) - 1;

	(void)snprintf(call->subject, sizeof(call->subject), "%.*s", max, subject);
}

void engine_create(struct engine *engine, struct engine_call *call, const struct plan *plan)
{
	static const char json[] = "Content-Type: application/json";
	struct http_request *request = &call->request;

	if (!prepare(engine, call, OPERATION_CREATE, CREATE_TIMEOUT_MS, plan->name, NULL))
		return;
	set_subject(call, plan->name);
	call->plan = plan;
	request->headers[0] = json;
	request->has_body = true;
	struct json_object *body = engine->probe.dialect->render(plan, false);
	int r = buf_adds(&request->body, json_line(body));
	json_object_put(body);
	if (r < 0)
		abort(); /* a plan is bounded where it is built, far below the largest body */
	enqueue_launch(engine, call);
}

static void call_container(struct engine *engine, struct engine_call *call,
			   enum engine_operation operation, uint64_t timeout_ms, const char *id,
			   const char *second)
{
	if (!prepare(engine, call, operation, timeout_ms, id, second))
		return;
	set_subject(call, id);
	if (is_launch(call))
		enqueue_launch(engine, call);
	else
		lane_submit(engine->calls, &call->request);
}

void engine_prepare(struct engine *engine, struct engine_call *call, const char *id)
{
	call_container(engine, call, OPERATION_PREPARE, (uint64_t)engine->start_timeout_ms, id,
		       NULL);
}

void engine_start(struct engine *engine, struct engine_call *call, const char *id)
{
	call_container(engine, call, OPERATION_START, (uint64_t)engine->start_timeout_ms, id, NULL);
}

void engine_inspect(struct engine *engine, struct engine_call *call, const char *id)
{
	call_container(engine, call, OPERATION_INSPECT, INSPECT_TIMEOUT_MS, id, NULL);
}

void engine_inspect_whole(struct engine *engine, struct engine_call *call, const char *id)
{
	engine_inspect(engine, call, id);
	call->wants_all = true;
}

void engine_measure(struct engine *engine, struct engine_call *call, const char *id)
{
	call_container(engine, call, OPERATION_MEASURE, MEASURE_TIMEOUT_MS, id, NULL);
}

void engine_kill(struct engine *engine, struct engine_call *call, const char *id,
		 const char *signal)
{
	call_container(engine, call, OPERATION_KILL, KILL_TIMEOUT_MS, id, signal);
}

void engine_remove(struct engine *engine, struct engine_call *call, const char *id)
{
	call_container(engine, call, OPERATION_REMOVE, REMOVE_TIMEOUT_MS, id, NULL);
}

void engine_free_name(struct engine *engine, struct engine_call *call, const char *name)
{
	call_container(engine, call, OPERATION_FREE_NAME, REMOVE_TIMEOUT_MS, name, NULL);
}

void engine_last_words(struct engine *engine, struct engine_call *call, const char *id,
		       int exit_code)
{
	call_container(engine, call, OPERATION_LAST_WORDS, INSPECT_TIMEOUT_MS, id, NULL);
	call->exit_code = exit_code;
}

static void be_done(void *arg)
{
	struct engine_call *call = arg;

	call->outcome = ENGINE_OK;
	call->done(call, call->arg);
}

static void be_not_found(void *arg)
{
	struct engine_call *call = arg;

	call->outcome = ENGINE_NOT_FOUND;
	call->done(call, call->arg);
}

/* True where this kind of engine has no such network: the call ends by itself. */
static bool lacks_bridge(struct engine *engine, struct engine_call *call, loop_fn end)
{
	if (!engine->probe.dialect || engine->probe.dialect->render_bridge)
		return false;
	engine_call_done(call);
	call->engine = engine;
	timer_arm(&call->later, engine->loop, 0, end, call);
	return true;
}

void engine_look_at_bridge(struct engine *engine, struct engine_call *call)
{
	if (!lacks_bridge(engine, call, be_not_found))
		call_container(engine, call, OPERATION_LOOK_AT_BRIDGE, INSPECT_TIMEOUT_MS,
			       engine->bridge, NULL);
}

void engine_remove_bridge(struct engine *engine, struct engine_call *call)
{
	if (lacks_bridge(engine, call, be_done))
		return;
	if (engine->step == STEP_MAKE_BRIDGE) {
		engine_call_done(call);
		call->engine = engine;
		engine->removal = call;
		return;
	}
	connection_stop(engine);
	call_container(engine, call, OPERATION_REMOVE_BRIDGE, REMOVE_TIMEOUT_MS, engine->bridge,
		       NULL);
}

void engine_list(struct engine *engine, struct engine_call *call)
{
	_cleanup_free_ char *filters = dialect_filters(engine->instance, false);

	if (prepare(engine, call, OPERATION_LIST, LIST_TIMEOUT_MS, filters, NULL))
		lane_submit(engine->calls, &call->request);
}
