/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look -> [pull -> look again] -> tell every waiter. Waiters for the same reference under the same
 * policy share one such run, so a burst of launches with `always` pulls once. A pull is one long
 * reply of progress lines; it ends at the time limit, when two minutes brought no line, or when
 * nobody waits for it any more.
 */
#include "engine/image.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/answer.h"
#include "engine/connection.h"
#include "engine/image_facts.h"
#include "engine/message.h"
#include "engine/reference.h"
#include "engine/registry.h"

#include <errno.h>
#include <string.h>
#include <utlist.h>

#define LOOK_TIMEOUT_MS	     30000
#define NO_PROGRESS_LIMIT_MS 120000
#define MAX_PROGRESS_LINE    ((size_t)64 << 10)
#define MAX_REGISTRY_CONFIG  ((size_t)1 << 20)

struct pull {
	struct pull *next, *prev; /* of engine->pulls */
	struct engine *engine;
	char *text; /* the reference as configured */
	struct reference reference;
	enum pull_policy policy;
	struct image_wait *waiters;
	bool is_telling; /* its waiters are being told; it is freed after that */
	bool was_pulled;

	struct http_request request;
	struct timer timer; /* watches the progress, then tells the result */
	char *auth_header;
	struct lines lines;
	uint64_t progress_at_ms;
	char error[MESSAGE_MAX]; /* the first one among the progress lines; "": none */

	enum engine_outcome outcome;
	struct err err;
	struct json_object *image;
};

static void wipe_auth_header(struct pull *pull)
{
	if (pull->auth_header)
		explicit_bzero(pull->auth_header, strlen(pull->auth_header));
	free(TAKE(pull->auth_header));
}

static void pull_free(struct pull *pull)
{
	if (!pull->is_telling)
		DL_DELETE(pull->engine->pulls, pull);
	timer_cancel(&pull->timer);
	http_request_done(&pull->request);
	wipe_auth_header(pull);
	lines_done(&pull->lines);
	json_putp(&pull->image);
	reference_done(&pull->reference);
	free(pull->text);
	free(pull);
}

static void tell(void *arg)
{
	struct pull *pull = arg;

	DL_DELETE(pull->engine->pulls, pull);
	pull->is_telling = true;
	/* A waiter may give up others while it is told, so the list is read anew each time. */
	while (pull->waiters) {
		struct image_wait *wait = pull->waiters;
		DL_DELETE(pull->waiters, wait);
		wait->pull = NULL;
		wait->outcome = pull->outcome;
		wait->err = pull->err;
		if (pull->outcome == ENGINE_OK &&
		    image_facts_parse(pull->image, &wait->facts) < 0) {
			wait->outcome = answer_is_malformed(pull->engine->probe.dialect,
							    OPERATION_LOOK_AT_IMAGE, pull->text,
							    &wait->err);
		}
		wait->done(wait, wait->arg);
	}
	pull_free(pull);
}

/* The result is told from the loop, never from inside image_ensure(). */
static void finish(struct pull *pull, enum engine_outcome outcome)
{
	pull->outcome = outcome;
	if (outcome == ENGINE_OK)
		pull->err = (struct err){0}; /* the first look may have left "not found" */
	if (outcome == ENGINE_UNREACHABLE || outcome == ENGINE_UNKNOWN)
		connection_look(pull->engine);
	timer_arm(&pull->timer, pull->engine->loop, 0, tell, pull);
}

/* --- pulling ---------------------------------------------------------------------------------- */

static void look(struct pull *pull);

/* {"status":...} and {"progress":...} are not read; {"error":...} ends a pull that began well. */
static void on_progress_line(const char *line, size_t len, void *arg)
{
	_cleanup_(json_putp) struct json_object *progress = NULL;
	struct pull *pull = arg;

	if (pull->error[0] || json_parse(line, len, &progress) < 0)
		return;
	const char *error = json_get_string(progress, "error");
	if (error)
		message_clean(pull->error, *error ? error : "no reason given", strlen(error), NULL);
}

static bool on_progress(const char *data, size_t len, void *arg)
{
	struct pull *pull = arg;

	pull->progress_at_ms = loop_now_ms(pull->engine->loop);
	(void)lines_feed(&pull->lines, data, len, on_progress_line, pull);
	return true;
}

static void watch_progress(void *arg)
{
	struct pull *pull = arg;
	uint64_t idle_ms = loop_now_ms(pull->engine->loop) - pull->progress_at_ms;

	if (idle_ms < NO_PROGRESS_LIMIT_MS) {
		timer_arm(&pull->timer, pull->engine->loop, NO_PROGRESS_LIMIT_MS - idle_ms,
			  watch_progress, pull);
		return;
	}
	lane_cancel(&pull->request);
	(void)err_set(&pull->err, ERR_TEMPORARY, -ETIMEDOUT,
		      "pull '%.160s': no progress for %d seconds", pull->text,
		      NO_PROGRESS_LIMIT_MS / 1000);
	finish(pull, ENGINE_UNKNOWN);
}

static void on_pulled(struct http_request *request, void *arg)
{
	struct pull *pull = arg;
	const struct dialect *dialect = pull->engine->probe.dialect;

	timer_cancel(&pull->timer);
	enum engine_outcome outcome =
		answer_judge(dialect, OPERATION_PULL, request, pull->text, NULL, &pull->err);
	if (outcome == ENGINE_OK && pull->error[0]) {
		outcome = dialect_classify_pull_error(pull->error);
		(void)err_set(&pull->err, ERR_ENGINE, -EIO, "pull '%.160s': %s", pull->text,
			      pull->error);
	}
	http_request_done(request);
	wipe_auth_header(pull);
	if (outcome != ENGINE_OK) {
		finish(pull, outcome);
		return;
	}
	pull->was_pulled = true;
	look(pull);
}

/* The header with the registry's credentials, if the operator gave any. */
static int make_auth_header(struct pull *pull, struct err *err)
{
	_cleanup_(buf_done_wipe) struct buf text = {0};
	_cleanup_(json_putp) struct json_object *config = NULL;
	const char *path = pull->engine->registry_config;
	char *value = NULL;

	if (!path)
		return 0;
	buf_init(&text, MAX_REGISTRY_CONFIG);
	int r = file_read(path, &text, err);
	if (r < 0)
		return r;
	r = json_parse(text.data, text.len, &config);
	if (r < 0)
		return err_set(err, ERR_INPUT, r, "'%s' is no JSON", path);
	r = registry_auth(config, pull->reference.registry, &value, err);
	if (r < 0) {
		(void)err_prefix(err, "%s", path);
		return r;
	}
	if (value) {
		pull->auth_header = xasprintf("X-Registry-Auth: %s", value);
		explicit_bzero(value, strlen(value));
		free(value);
	}
	return 0;
}

static void begin_pull(struct pull *pull)
{
	struct engine *engine = pull->engine;
	struct http_request *request = &pull->request;

	if (make_auth_header(pull, &pull->err) < 0) {
		finish(pull, ENGINE_INVALID);
		return;
	}
	log_event(LOG_INFO, "engine", NULL, NULL, "pulling '%s'", pull->text);
	http_request_init(
		request, engine->probe.dialect->routes[OPERATION_PULL].method,
		engine_url(engine, OPERATION_PULL, pull->reference.name, pull->reference.version));
	request->headers[0] = pull->auth_header;
	request->timeout_ms = (uint64_t)engine->pull_timeout_ms;
	request->max_reply = BUF_MAX_ENGINE_REPLY; /* of a refusal */
	request->is_fresh = engine_uses_fresh_connections(engine);
	request->done = on_pulled;
	request->on_data = on_progress;
	request->arg = pull;
	pull->progress_at_ms = loop_now_ms(engine->loop);
	timer_arm(&pull->timer, engine->loop, NO_PROGRESS_LIMIT_MS, watch_progress, pull);
	lane_submit(engine->streams, request);
}

/* --- looking ---------------------------------------------------------------------------------- */

static void on_missing(struct pull *pull)
{
	if (pull->was_pulled) {
		(void)err_set(&pull->err, ERR_ENGINE, -ENOENT,
			      "image '%.160s' was pulled, but the engine does not have it",
			      pull->text);
		finish(pull, ENGINE_TROUBLE);
	} else if (pull->reference.is_local) {
		(void)err_set(&pull->err, ERR_ENGINE, -ENOENT,
			      "image '%.160s' is not there, and there is no registry to pull it "
			      "from: build it, or load it into the engine",
			      pull->text);
		finish(pull, ENGINE_NOT_FOUND);
	} else if (pull->policy == PULL_NEVER) {
		(void)err_set(&pull->err, ERR_ENGINE, -ENOENT,
			      "image '%.160s' is not there, and `pull: never` forbids to pull it",
			      pull->text);
		finish(pull, ENGINE_NOT_FOUND);
	} else {
		begin_pull(pull);
	}
}

static void on_looked(struct http_request *request, void *arg)
{
	struct pull *pull = arg;
	const struct dialect *dialect = pull->engine->probe.dialect;

	enum engine_outcome outcome = answer_judge(dialect, OPERATION_LOOK_AT_IMAGE, request,
						   pull->text, NULL, &pull->err);
	if (outcome == ENGINE_OK &&
	    json_parse(request->reply.data, request->reply.len, &pull->image) < 0)
		outcome = answer_is_malformed(dialect, OPERATION_LOOK_AT_IMAGE, pull->text,
					      &pull->err);
	http_request_done(request);
	if (outcome == ENGINE_NOT_FOUND)
		on_missing(pull);
	else
		finish(pull, outcome);
}

static void look(struct pull *pull)
{
	struct engine *engine = pull->engine;
	struct http_request *request = &pull->request;

	http_request_init(
		request, engine->probe.dialect->routes[OPERATION_LOOK_AT_IMAGE].method,
		engine_url(engine, OPERATION_LOOK_AT_IMAGE, pull->reference.lookup, NULL));
	request->timeout_ms = LOOK_TIMEOUT_MS;
	request->max_reply = BUF_MAX_ENGINE_REPLY;
	request->is_fresh = engine_uses_fresh_connections(engine);
	request->done = on_looked;
	request->arg = pull;
	lane_submit(engine->calls, request);
}

/* --- waiters ---------------------------------------------------------------------------------- */

void image_wait_init(struct image_wait *wait, void (*done)(struct image_wait *, void *), void *arg)
{
	*wait = (struct image_wait){.done = done, .arg = arg};
}

static struct pull *find(struct engine *engine, const char *text, enum pull_policy policy)
{
	struct pull *pull;

	DL_FOREACH(engine->pulls, pull)
	if (pull->policy == policy && strcmp(pull->text, text) == 0)
		return pull;
	return NULL;
}

static struct pull *begin(struct engine *engine, const char *text, enum pull_policy policy)
{
	struct pull *pull = xcalloc(1, sizeof(*pull));

	pull->engine = engine;
	pull->text = xstrdup(text);
	pull->policy = policy;
	lines_init(&pull->lines, MAX_PROGRESS_LINE);
	DL_APPEND(engine->pulls, pull);
	if (reference_parse(text, &pull->reference, &pull->err) < 0) {
		finish(pull, ENGINE_INVALID);
	} else if (!engine->probe.dialect) {
		(void)err_set(&pull->err, ERR_TEMPORARY, -ENOTCONN,
			      "the engine has not answered yet");
		finish(pull, ENGINE_UNREACHABLE);
	} else if (policy == PULL_ALWAYS && !pull->reference.is_local) {
		begin_pull(pull);
	} else {
		look(pull);
	}
	return pull;
}

void image_ensure(struct engine *engine, struct image_wait *wait, const char *reference,
		  enum pull_policy policy)
{
	image_wait_done(wait);
	struct pull *pull = find(engine, reference, policy);
	if (!pull)
		pull = begin(engine, reference, policy);
	wait->pull = pull;
	DL_APPEND(pull->waiters, wait);
}

void image_wait_done(struct image_wait *wait)
{
	struct pull *pull = wait->pull;

	image_facts_done(&wait->facts);
	if (!pull)
		return;
	DL_DELETE(pull->waiters, wait);
	wait->pull = NULL;
	if (!pull->waiters && !pull->is_telling)
		pull_free(pull);
}
