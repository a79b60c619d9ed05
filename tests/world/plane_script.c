/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a script of calls (tests/world/script) through the modelled control plane and prints what
 * it answers, a JSON line for each step in the order of the answers: test_script.py compares them
 * with the simulator's. The wire is this program: nothing is lost here.
 *
 *     plane-script <script.jsonl
 */
#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "world/plane.h"

#include <stdio.h>
#include <string.h>

struct script;

struct step {
	struct script *script;
	struct json_object *json;
	const char *name;		       /* NULL: nobody asks for its answer */
	size_t number;			       /* from 0 */
	char *body;			       /* what it answered; NULL: nothing yet */
	struct plane_environment *environment; /* that it made */
	struct wire_call call;
	struct sim_event event;
	UT_hash_handle hh;
};

struct script {
	struct sim *sim;
	struct plane *plane;
	uint64_t begins_ms;
	struct step *named;
	struct json_object *observed; /* since the last answer */
};

static const char *text_of(const struct step *step, const char *key)
{
	const char *text = json_get_string(step->json, key);

	return text ? text : "";
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Takes ownership of the body. */
static void print_answer(struct step *step, long status, const char *headers, char *body)
{
	struct script *script = step->script;
	_cleanup_(json_putp) struct json_object *line = json_new_object();

	step->body = body;
	json_add_int(line, "step", (int64_t)step->number);
	json_add_int(line, "at", (int64_t)(sim_now_ms(script->sim) - script->begins_ms));
	json_add_int(line, "status", status);
	json_add_string(line, "headers", headers);
	json_add_string(line, "body", body);
	json_add(line, "observed", script->observed);
	script->observed = json_new_array();
	(void)puts(json_line(line));
}

void wire_reply(struct wire_call *call, long status, const char *headers, const char *body)
{
	print_answer(CONTAINER_OF(call, struct step, call), status, headers ? headers : "",
		     xstrdup(body));
}

static void print_result(struct step *step, struct json_object *result)
{
	print_answer(step, 0, "", xstrdup(json_line(result)));
	json_object_put(result);
}

static void observe(struct script *script, const char *what, const struct plane_work *work)
{
	_cleanup_free_ char *text = xasprintf("%s %s", what, work->id);

	json_append_string(script->observed, text);
}

static void on_offered(struct plane_work *work, struct host *by, void *arg)
{
	(void)by;
	observe(arg, "offered", work);
}

static void on_acked(struct plane_work *work, struct host *by, bool is_first, void *arg)
{
	(void)by;
	observe(arg, is_first ? "acked" : "acked again", work);
}

static void on_stopping(struct plane_work *work, struct host *by, bool force, void *arg)
{
	_cleanup_free_ char *what = xasprintf("%s when %s", force ? "force-stopped" : "stopped",
					      work_state_name(work->state));

	(void)by;
	observe(arg, what, work);
}

static void on_beaten(struct plane_work *work, bool is_first, void *arg)
{
	observe(arg, is_first ? "beaten first" : "beaten", work);
}

static void on_lapsed(struct plane_work *work, void *arg)
{
	observe(arg, "lapsed", work);
}

static void on_forgotten(struct plane_work *work, void *arg)
{
	observe(arg, "forgotten", work);
}

/* --- what steps say of earlier ones ----------------------------------------------------------- */

/* The sessions token in a poll's reply. */
static char *token_in(struct json_object *body)
{
	const char *secret = json_get_string(body, "secret");
	_cleanup_(json_putp) struct json_object *payload = NULL;
	_cleanup_(buf_done) struct buf buf;

	buf_init(&buf, 4096);
	if (secret && text_add_base64_decoded(&buf, secret, strlen(secret)) == 0)
		(void)json_parse(buf.data, buf.len, &payload);
	return xstrdup_or_null(json_get_string(payload, "sessions_token"));
}

/* The text of that member of what the step of that name answered; "" if it has none. */
static char *answered(struct script *script, const char *name, const char *member)
{
	_cleanup_(json_putp) struct json_object *body = NULL;
	const char *text;
	struct step *step;

	HASH_FIND_STR(script->named, name, step);
	if (!step || !step->body) {
		(void)fprintf(stderr, "a step asks for the answer of '%s' too early\n", name);
		exit(2);
	}
	(void)json_parse(step->body, strlen(step->body), &body);
	text = json_get_string(body, member);
	if (!text && strcmp(member, "token") == 0) {
		char *token = token_in(body);
		return token ? token : xstrdup("");
	}
	return xstrdup(text ? text : "");
}

/* With "{step.member}" replaced by what was answered; the caller's. */
static char *expand(struct script *script, const char *text, bool is_url)
{
	struct buf buf;

	buf_init(&buf, 4096);
	while (*text != '\0') {
		char name[32], member[32];
		int len = 0;
		if (sscanf(text, "{%31[a-z0-9_].%31[a-z_]}%n", name, member, &len) == 2 &&
		    len > 0) {
			_cleanup_free_ char *value = answered(script, name, member);
			(void)!(is_url ? text_add_url_component(&buf, value)
				       : buf_adds(&buf, value));
			text += len;
		} else {
			(void)!buf_add(&buf, text++, 1);
		}
	}
	return buf_take(&buf);
}

/* --- what steps do ---------------------------------------------------------------------------- */

static struct plane_work *work_of(struct step *step)
{
	_cleanup_free_ char *id = expand(step->script, text_of(step, "work"), false);

	return plane_find(step->script->plane, id);
}

static void read_options(struct json_object *json, struct plane_options *options)
{
	options->ttl_ms = (uint64_t)json_get_int(json, "ttl_ms", (int64_t)options->ttl_ms);
	options->stopped_again = (int)json_get_int(json, "stopped_again", options->stopped_again);
	options->acked_again = (int)json_get_int(json, "acked_again", options->acked_again);
	options->fresh_secrets = json_get_bool(json, "fresh_secrets", options->fresh_secrets);
	options->list_is_not_permitted =
		json_get_bool(json, "list_is_not_permitted", options->list_is_not_permitted);
}

/* By its id, which is the name of the step that made it. */
static struct plane_environment *environment_of(struct step *step)
{
	const char *name = text_of(step, "environment");
	struct step *maker;

	HASH_FIND_STR(step->script->named, name, maker);
	if (!maker || !maker->environment) {
		(void)fprintf(stderr, "step %zu: no environment '%s'\n", step->number, name);
		exit(2);
	}
	return maker->environment;
}

static void do_environment(struct step *step, struct json_object *result)
{
	struct plane_options options = {0};

	read_options(json_get_object(step->json, "options"), &options);
	struct plane_environment *environment =
		plane_add_environment(step->script->plane, step->name, NULL, &options);
	step->environment = environment;
	json_add_string(result, "key", environment->key);
}

static void do_options(struct step *step, struct json_object *result)
{
	struct plane_environment *environment = environment_of(step);

	(void)result;
	read_options(json_get_object(step->json, "options"), &environment->options);
	environment->is_key_rejected =
		json_get_bool(step->json, "is_key_rejected", environment->is_key_rejected);
}

static void do_work(struct step *step, struct json_object *result)
{
	const char *type = json_get_string(step->json, "type");
	const struct plane_work *work = plane_add_work(
		step->script->plane, environment_of(step), text_of(step, "session"),
		type ? type : "session", json_get_bool(step->json, "has_secret", true));

	json_add_string(result, "id", work ? work->id : NULL);
	json_add_string(result, "token", work ? work->token : NULL);
}

static void do_redeliver(struct step *step, struct json_object *result)
{
	struct plane_work *work = work_of(step);

	if (work)
		plane_redeliver(step->script->plane, work);
	json_add_string(result, "verdict", work ? "ok" : "not found");
}

static void do_forget(struct step *step, struct json_object *result)
{
	struct script *script = step->script;

	plane_forget_stopped(script->plane, (uint64_t)json_get_int(step->json, "for_ms", 0),
			     on_forgotten, script);
	json_add_int(result, "open", (int64_t)plane_open_count(script->plane));
}

/* The client of a poll that waits is gone. */
static void do_leave(struct step *step, struct json_object *result)
{
	struct step *left;

	HASH_FIND_STR(step->script->named, text_of(step, "call"), left);
	if (left && left->call.gone)
		left->call.gone(&left->call);
	else
		json_add_string(result, "verdict", "it does not wait");
}

static const char *verdict_name(enum plane_verdict verdict)
{
	static const char *const names[] = {
		[PLANE_OK] = "ok",
		[PLANE_LOST] = "lost",
		[PLANE_ENDING] = "ending",
		[PLANE_CONFLICT] = "conflict",
		[PLANE_NOT_FOUND] = "not found",
	};
	return names[verdict];
}

/* What a worker or a foreign poller does, without the wire. */
static void do_poll(struct step *step, struct json_object *result)
{
	const struct plane_work *work =
		plane_poll(step->script->plane, environment_of(step),
			   (uint64_t)json_get_int(step->json, "reclaim_older_than_ms", 0));

	json_add_string(result, "id", work ? work->id : NULL);
}

static void do_ack(struct step *step, struct json_object *result)
{
	_cleanup_free_ char *id = expand(step->script, text_of(step, "work"), false);

	json_add_string(result, "verdict", verdict_name(plane_ack(step->script->plane, id)));
}

static void do_stop(struct step *step, struct json_object *result)
{
	_cleanup_free_ char *id = expand(step->script, text_of(step, "work"), false);
	bool force = json_get_bool(step->json, "force", false);

	json_add_string(result, "verdict",
			verdict_name(plane_stop(step->script->plane, id, force)));
}

static void do_heartbeat(struct step *step, struct json_object *result)
{
	_cleanup_free_ char *id = expand(step->script, text_of(step, "work"), false);
	_cleanup_free_ char *expected = expand(step->script, text_of(step, "expected"), false);
	char last[32] = "";

	enum plane_verdict verdict = plane_heartbeat(step->script->plane, id, expected, last);
	json_add_string(result, "verdict", verdict_name(verdict));
	json_add_string(result, "last_heartbeat", last);
}

/* --- calls over the wire ---------------------------------------------------------------------- */

static char *header_lines(const struct step *step)
{
	struct json_object *headers = json_get_object(step->json, "headers");
	struct buf buf;

	buf_init(&buf, 4096);
	if (!headers)
		(void)!buf_adds(&buf, "anthropic-version: 2023-06-01\n"
				      "anthropic-beta: managed-agents-2026-04-01\n");
	if (text_of(step, "worker")[0] != '\0')
		(void)!buf_addf(&buf, "Anthropic-Worker-ID: %s\n", text_of(step, "worker"));
	if (headers) {
		json_object_object_foreach (headers, name, value)
			(void)!buf_addf(&buf, "%s: %s\n", name, json_object_get_string(value));
	}
	return buf_take(&buf);
}

static void do_call(struct step *step)
{
	struct script *script = step->script;
	_cleanup_free_ char *path = expand(script, text_of(step, "path"), true);
	_cleanup_free_ char *query = expand(script, text_of(step, "query"), true);

	step->call = (struct wire_call){
		.name = "call",
		.method = xstrdup(text_of(step, "method")),
		.path = xasprintf("%s%s%s", path, query[0] != '\0' ? "?" : "", query),
		.bearer = expand(script, text_of(step, "bearer"), false),
		.headers = header_lines(step),
		.body = xstrdup(text_of(step, "body")),
		.body_len = strlen(text_of(step, "body")),
	};
	plane_serve(script->plane, &step->call);
}

static void run(void *arg)
{
	static const struct {
		const char *what;
		void (*fn)(struct step *step, struct json_object *result);
	} deeds[] = {{"environment", do_environment},
		     {"options", do_options},
		     {"work", do_work},
		     {"redeliver", do_redeliver},
		     {"forget", do_forget},
		     {"leave", do_leave},
		     {"poll", do_poll},
		     {"ack", do_ack},
		     {"stop", do_stop},
		     {"heartbeat", do_heartbeat}};
	struct step *step = arg;
	const char *what = text_of(step, "do");

	if (strcmp(what, "call") == 0) {
		do_call(step);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(deeds); i++) {
		if (strcmp(deeds[i].what, what) == 0) {
			struct json_object *result = json_new_object();
			deeds[i].fn(step, result);
			print_result(step, result);
			return;
		}
	}
	(void)fprintf(stderr, "step %zu: '%s' is nothing that can be done\n", step->number, what);
	exit(2);
}

/* After what else happens at its moment. */
static void on_moment(void *arg)
{
	struct step *step = arg;

	sim_at(step->script->sim, &step->event, 0, run, step);
}

static struct step *read_step(struct script *script, const char *line, size_t number)
{
	struct step *step = xcalloc(1, sizeof(*step));

	step->script = script;
	step->number = number;
	if (json_parse(line, strlen(line), &step->json) != 0) {
		(void)fprintf(stderr, "step %zu is no JSON\n", number);
		exit(2);
	}
	step->name = json_get_string(step->json, "name");
	if (step->name)
		HASH_ADD_KEYPTR(hh, script->named, step->name, strlen(step->name), step);
	return step;
}

static void free_step(struct step *step)
{
	free(step->call.method);
	free(step->call.path);
	free(step->call.bearer);
	free(step->call.headers);
	free(step->call.body);
	free(step->body);
	json_object_put(step->json);
	free(step);
}

int main(void)
{
	struct script script = {.sim = sim_new(1), .observed = json_new_array()};
	const struct plane_observer observer = {on_offered, on_acked,  on_stopping,
						on_beaten,  on_lapsed, &script};
	_cleanup_free_ char *line = NULL;
	struct step **steps = NULL;
	size_t count = 0, size = 0;
	uint64_t at_ms;

	script.plane = plane_new(script.sim, &observer);
	script.begins_ms = at_ms = sim_now_ms(script.sim);
	while (getline(&line, &size, stdin) > 0) {
		struct step *step = read_step(&script, line, count);
		at_ms += (uint64_t)json_get_int(step->json, "after_ms", 0);
		steps = xreallocarray(steps, count + 1, sizeof(*steps));
		steps[count++] = step;
		sim_at(script.sim, &step->event, at_ms - sim_now_ms(script.sim), on_moment, step);
		while (step->event.place)
			(void)sim_step(script.sim, UINT64_MAX);
	}
	/* Polls that wait are answered now. */
	plane_free(script.plane);
	HASH_CLEAR(hh, script.named);
	for (size_t i = 0; i < count; i++)
		free_step(steps[i]);
	free(steps);
	json_object_put(script.observed);
	sim_free(script.sim);
	return 0;
}
