/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/visit.h"

#include "base/cleanup.h"
#include "cli/exit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE_MS 30000

static void complain(const struct visited_engine *on, const struct err *err)
{
	const struct engine_settings *settings = on->settings;

	if (on->visit->is_silent)
		return;
	(void)fprintf(stderr, "berth %s: engine %s%s%s (%s): %s\n", on->visit->command,
		      settings->name ? settings->name : "", settings->name ? " " : "",
		      settings->socket, settings->socket_reason, err->text);
}

static void be_away(struct visited_engine *on, const struct err *err)
{
	on->is_away = on->visit->misses_some = true;
	on->why = *err;
	complain(on, err);
}

void visit_answered(struct visit *visit)
{
	visit->is_answered = true;
	loop_stop(visit->loop);
}

void visit_fail(struct visited_engine *on, const struct err *err)
{
	struct visit *visit = on->visit;

	if (visit->exit_code != EXIT_DONE)
		return;
	if (visit->goes_on) {
		be_away(on, err);
		visit_answered(visit);
		return;
	}
	complain(on, err);
	visit->exit_code = EXIT_UNAVAILABLE;
	loop_stop(visit->loop);
}

static void run(struct visit *visit)
{
	struct err err;

	if (loop_run(visit->loop, &err) < 0) {
		(void)fprintf(stderr, "berth %s: %s\n", visit->command, err.text);
		visit->exit_code = EXIT_INTERNAL;
	}
}

/* Runs the loop until the answer is there, or patience() has been called. */
static bool await(struct visit *visit, loop_fn patience, void *arg)
{
	visit->is_answered = false;
	timer_arm(&visit->timer, visit->loop, PATIENCE_MS, patience, arg);
	while (visit->exit_code == EXIT_DONE && !visit->is_answered)
		run(visit);
	timer_cancel(&visit->timer);
	return visit->exit_code == EXIT_DONE;
}

static void say_no_answer(struct err *err)
{
	(void)err_set(err, ERR_TEMPORARY, -ETIMEDOUT, "no answer within %d s", PATIENCE_MS / 1000);
}

/* --- opening ---------------------------------------------------------------------------------- */

static bool is_decided(const struct visit *visit)
{
	for (size_t i = 0; i < visit->fleet->engine_count; i++)
		if (!visit->engines[i].is_open && !visit->engines[i].is_away)
			return false;
	return true;
}

/* Later on, what an engine does not answer is what fails. */
static void on_health(struct engine *engine, bool healthy, const struct err *err, void *arg)
{
	struct visited_engine *on = arg;

	(void)engine;
	if (!on->visit->is_opening || on->is_open || on->is_away)
		return;
	if (healthy)
		on->is_open = true;
	else
		be_away(on, err);
	if (is_decided(on->visit))
		visit_answered(on->visit);
}

static void stop_waiting(void *arg)
{
	struct visit *visit = arg;
	struct err err;

	say_no_answer(&err);
	for (size_t i = 0; i < visit->fleet->engine_count; i++)
		if (!visit->engines[i].is_open && !visit->engines[i].is_away)
			be_away(&visit->engines[i], &err);
	visit_answered(visit);
}

static void on_event(struct engine *engine, const char *container_id, const char *action, void *arg)
{
	struct visit *visit = ((struct visited_engine *)arg)->visit;

	(void)engine;
	(void)action;
	if (visit->watched && strcmp(visit->watched, container_id) == 0)
		loop_stop(visit->loop);
}

static void on_resync(struct engine *engine, void *arg)
{
	(void)engine;
	(void)arg;
}

static void end_by(struct visit *visit, int signal)
{
	if (visit->defers_signals)
		visit->signal = signal;
	else if (visit->exit_code == EXIT_DONE)
		visit->exit_code = 128 + signal;
	loop_stop(visit->loop);
}

static void on_interrupt(void *arg)
{
	end_by(arg, SIGINT);
}

static void on_terminate(void *arg)
{
	end_by(arg, SIGTERM);
}

static int connect_one(struct visited_engine *on, struct err *err)
{
	const struct engine_owner owner = {
		.health = on_health, .event = on_event, .resync = on_resync, .arg = on};
	const struct engine_options options = {
		.socket = on->settings->socket,
		.instance = on->visit->instance,
		.launches = 1,
		.start_timeout_ms = PATIENCE_MS,
		.pull_timeout_ms = PATIENCE_MS,
	};

	if (!on->settings->socket) {
		on->is_away = on->visit->misses_some = true;
		(void)err_set(&on->why, ERR_TEMPORARY, -ENOENT, "%s", on->settings->socket_reason);
		if (!on->visit->is_silent)
			(void)fprintf(stderr,
				      "berth %s: %s; start one, or say --engine unix:///PATH\n",
				      on->visit->command, on->settings->socket_reason);
		return 0;
	}
	return engine_new(on->visit->loop, &options, &owner, &on->engine, err);
}

static int connect_all(struct visit *visit, struct err *err)
{
	size_t count = visit->fleet->engine_count;

	int r = loop_new(&visit->loop, err);
	if (r == 0)
		r = loop_on_signal(visit->loop, SIGINT, on_interrupt, visit, err);
	if (r == 0)
		r = loop_on_signal(visit->loop, SIGTERM, on_terminate, visit, err);
	visit->engines = xcalloc(count, sizeof(*visit->engines));
	for (size_t i = 0; r == 0 && i < count; i++) {
		visit->engines[i].visit = visit;
		visit->engines[i].settings = &visit->fleet->engines[i];
		r = connect_one(&visit->engines[i], err);
	}
	return r;
}

static bool open_all(struct visit *visit)
{
	struct err err;

	if (connect_all(visit, &err) < 0) {
		(void)fprintf(stderr, "berth %s: %s\n", visit->command, err.text);
		visit->exit_code = EXIT_INTERNAL;
		return false;
	}
	visit->is_opening = true;
	if (!is_decided(visit) && !await(visit, stop_waiting, visit))
		return false;
	visit->is_opening = false;
	return true;
}

bool visit_open_silently(struct visit *visit, const char *command, const struct fleet *fleet,
			 const char *instance)
{
	*visit = (struct visit){
		.command = command, .fleet = fleet, .instance = instance, .is_silent = true};
	return open_all(visit);
}

bool visit_open(struct visit *visit, const char *command, const struct fleet *fleet)
{
	*visit = (struct visit){.command = command, .fleet = fleet, .instance = fleet->instance};
	if (!open_all(visit))
		return false;
	for (size_t i = 0; i < fleet->engine_count; i++)
		if (visit->engines[i].is_open)
			return true;
	visit->exit_code = EXIT_UNAVAILABLE;
	return false;
}

void visit_close(struct visit *visit)
{
	for (size_t i = 0; i < visit->count; i++)
		container_done(&visit->seen[i].container);
	free(TAKE(visit->seen));
	visit->count = 0;
	timer_cancel(&visit->timer);
	engine_call_done(&visit->call);
	for (size_t i = 0; visit->engines && i < visit->fleet->engine_count; i++)
		visit->engines[i].engine = engine_free(visit->engines[i].engine);
	free(TAKE(visit->engines));
	visit->loop = loop_free(visit->loop);
}

int visit_result(const struct visit *visit)
{
	return visit->exit_code == EXIT_DONE && visit->misses_some ? EXIT_UNAVAILABLE
								   : visit->exit_code;
}

/* --- calls ------------------------------------------------------------------------------------ */

static void on_done(struct engine_call *call, void *arg)
{
	(void)call;
	visit_answered(arg);
}

static void prepare(struct visit *visit)
{
	engine_call_done(&visit->call);
	engine_call_init(&visit->call, on_done, visit);
}

static void lose_patience(void *arg)
{
	struct err err;

	say_no_answer(&err);
	visit_fail(arg, &err);
}

static enum engine_outcome outcome_on(struct visit *visit, struct visited_engine *on)
{
	enum engine_outcome outcome = ENGINE_UNKNOWN;

	if (!await(visit, lose_patience, on) || on->is_away)
		return outcome;
	outcome = visit->call.outcome;
	if (visit->goes_on && (outcome == ENGINE_UNREACHABLE || outcome == ENGINE_UNKNOWN))
		be_away(on, &visit->call.err);
	return outcome;
}

/* Moves what is ours out of the list and names the rest. */
static void keep_ours(struct visited_engine *on)
{
	struct visit *visit = on->visit;
	struct engine_call *call = &visit->call;

	visit->seen = xreallocarray(visit->seen, visit->count + call->list_count + 1,
				    sizeof(*visit->seen));
	for (size_t i = 0; i < call->list_count; i++) {
		struct container *container = &call->list[i];
		if (container_is_ours(container, visit->instance)) {
			visit->seen[visit->count++] =
				(struct seen){.container = *container, .on = on};
			*container = (struct container){.id = NULL};
		} else {
			(void)fprintf(stderr,
				      "berth %s: container %.12s (%s) carries berth's labels but "
				      "is not berth's\n",
				      visit->command, container->id, container->name);
		}
	}
}

static bool list_one(struct visited_engine *on)
{
	struct visit *visit = on->visit;

	prepare(visit);
	engine_list(on->engine, &visit->call);
	if (!await(visit, lose_patience, on))
		return false;
	if (on->is_away)
		return true;
	if (visit->call.outcome != ENGINE_OK)
		be_away(on, &visit->call.err);
	else
		keep_ours(on);
	return true;
}

bool visit_list(struct visit *visit)
{
	bool has_answer = false;

	for (size_t i = 0; i < visit->fleet->engine_count; i++) {
		struct visited_engine *on = &visit->engines[i];
		if (on->is_open && !on->is_away && !list_one(on))
			return false;
		has_answer |= on->is_open && !on->is_away;
	}
	if (!has_answer && !visit->goes_on)
		visit->exit_code = EXIT_UNAVAILABLE;
	return has_answer;
}

enum engine_outcome visit_look(struct visit *visit, const struct seen *seen)
{
	prepare(visit);
	engine_inspect(seen->on->engine, &visit->call, seen->container.id);
	return outcome_on(visit, seen->on);
}

bool visit_inspect(struct visit *visit, const struct seen *seen)
{
	enum engine_outcome outcome = visit_look(visit, seen);

	if (outcome != ENGINE_OK && outcome != ENGINE_NOT_FOUND)
		visit_fail(seen->on, &visit->call.err);
	return outcome == ENGINE_OK;
}

enum engine_outcome visit_kill(struct visit *visit, const struct seen *seen, const char *signal)
{
	prepare(visit);
	engine_kill(seen->on->engine, &visit->call, seen->container.id, signal);
	if (!await(visit, lose_patience, seen->on))
		return ENGINE_UNKNOWN;
	enum engine_outcome outcome = visit->call.outcome;
	if (outcome != ENGINE_OK && outcome != ENGINE_ALREADY && outcome != ENGINE_NOT_FOUND)
		visit_fail(seen->on, &visit->call.err);
	return outcome;
}

enum engine_outcome visit_remove(struct visit *visit, const struct seen *seen)
{
	prepare(visit);
	engine_remove(seen->on->engine, &visit->call, seen->container.id);
	return outcome_on(visit, seen->on);
}

enum engine_outcome visit_look_at_bridge(struct visit *visit, struct visited_engine *on)
{
	prepare(visit);
	engine_look_at_bridge(on->engine, &visit->call);
	return outcome_on(visit, on);
}

enum engine_outcome visit_remove_bridge(struct visit *visit, struct visited_engine *on)
{
	prepare(visit);
	engine_remove_bridge(on->engine, &visit->call);
	return outcome_on(visit, on);
}

bool visit_await(struct visit *visit, struct visited_engine *on)
{
	return await(visit, lose_patience, on) && !on->is_away;
}

void visit_defer_signals(struct visit *visit)
{
	visit->defers_signals = true;
}

void visit_resume_signals(struct visit *visit)
{
	visit->defers_signals = false;
	if (visit->signal && visit->exit_code == EXIT_DONE)
		visit->exit_code = 128 + visit->signal;
}

static void on_time(void *arg)
{
	loop_stop(((struct visit *)arg)->loop);
}

bool visit_sleep(struct visit *visit, uint64_t ms, const char *id)
{
	visit->watched = id;
	timer_arm(&visit->timer, visit->loop, ms, on_time, visit);
	run(visit);
	timer_cancel(&visit->timer);
	visit->watched = NULL;
	return visit->exit_code == EXIT_DONE;
}
