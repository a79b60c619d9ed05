/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/visit.h"

#include "base/cleanup.h"
#include "cli/exit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE_MS 30000

void visit_fail(struct visit *visit, const struct err *err)
{
	const struct engine_settings *engine = &visit->fleet->engine;

	if (visit->exit_code != EXIT_DONE)
		return;
	(void)fprintf(stderr, "berth %s: engine %s (%s): %s\n", visit->command, engine->socket,
		      engine->socket_reason, err->text);
	visit->exit_code = EXIT_UNAVAILABLE;
	loop_stop(visit->loop);
}

static void lose_patience(void *arg)
{
	struct err err;

	(void)err_set(&err, ERR_TEMPORARY, -ETIMEDOUT, "no answer within %d s", PATIENCE_MS / 1000);
	visit_fail(arg, &err);
}

static void run(struct visit *visit)
{
	struct err err;

	if (loop_run(visit->loop, &err) < 0) {
		(void)fprintf(stderr, "berth %s: %s\n", visit->command, err.text);
		visit->exit_code = EXIT_INTERNAL;
	}
}

/* Runs the loop until the answer is there. */
static bool await(struct visit *visit)
{
	timer_arm(&visit->timer, visit->loop, PATIENCE_MS, lose_patience, visit);
	while (visit->exit_code == EXIT_DONE && !visit->is_answered)
		run(visit);
	timer_cancel(&visit->timer);
	return visit->exit_code == EXIT_DONE;
}

static void be_answered(struct visit *visit)
{
	visit->is_answered = true;
	loop_stop(visit->loop);
}

/* --- opening ---------------------------------------------------------------------------------- */

static void on_health(struct engine *engine, bool healthy, const struct err *err, void *arg)
{
	struct visit *visit = arg;

	(void)engine;
	/* Later on, what the engine does not answer is what fails. */
	if (visit->is_open)
		return;
	if (healthy)
		be_answered(visit);
	else
		visit_fail(visit, err);
}

static void on_event(struct engine *engine, const char *container_id, const char *action, void *arg)
{
	struct visit *visit = arg;

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
	if (visit->exit_code == EXIT_DONE)
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

static int connect(struct visit *visit, struct err *err)
{
	const struct engine_owner owner = {
		.health = on_health, .event = on_event, .resync = on_resync, .arg = visit};
	const struct engine_options options = {
		.socket = visit->fleet->engine.socket,
		.instance = visit->fleet->instance,
		.launches = 1,
		.start_timeout_ms = PATIENCE_MS,
		.pull_timeout_ms = PATIENCE_MS,
	};

	int r = loop_on_signal(visit->loop, SIGINT, on_interrupt, visit, err);
	if (r == 0)
		r = loop_on_signal(visit->loop, SIGTERM, on_terminate, visit, err);
	if (r == 0)
		r = engine_new(visit->loop, &options, &owner, &visit->engine, err);
	return r;
}

bool visit_open(struct visit *visit, const char *command, const struct fleet *fleet)
{
	struct err err;

	*visit = (struct visit){.command = command, .fleet = fleet};
	if (!fleet->engine.socket) {
		(void)fprintf(stderr, "berth %s: %s; start one, or say --engine unix:///PATH\n",
			      command, fleet->engine.socket_reason);
		visit->exit_code = EXIT_UNAVAILABLE;
		return false;
	}
	if (loop_new(&visit->loop, &err) < 0 || connect(visit, &err) < 0) {
		(void)fprintf(stderr, "berth %s: %s\n", command, err.text);
		visit->exit_code = EXIT_INTERNAL;
		return false;
	}
	visit->is_open = await(visit);
	return visit->is_open;
}

void visit_close(struct visit *visit)
{
	for (size_t i = 0; i < visit->count; i++)
		container_done(&visit->containers[i]);
	free(TAKE(visit->containers));
	visit->count = 0;
	timer_cancel(&visit->timer);
	engine_call_done(&visit->call);
	visit->engine = engine_free(visit->engine);
	visit->loop = loop_free(visit->loop);
}

/* --- calls ------------------------------------------------------------------------------------ */

static void on_done(struct engine_call *call, void *arg)
{
	(void)call;
	be_answered(arg);
}

static void prepare(struct visit *visit)
{
	engine_call_done(&visit->call);
	engine_call_init(&visit->call, on_done, visit);
	visit->is_answered = false;
}

/* Moves what is ours out of the list and names the rest. */
static void keep_ours(struct visit *visit)
{
	struct engine_call *call = &visit->call;

	visit->containers = xcalloc(call->list_count + 1, sizeof(*visit->containers));
	for (size_t i = 0; i < call->list_count; i++) {
		struct container *container = &call->list[i];
		if (container_is_ours(container, visit->fleet->instance)) {
			visit->containers[visit->count++] = *container;
			*container = (struct container){.id = NULL};
		} else {
			(void)fprintf(stderr,
				      "berth %s: container %.12s (%s) carries berth's labels but "
				      "is not berth's\n",
				      visit->command, container->id, container->name);
		}
	}
}

bool visit_list(struct visit *visit)
{
	prepare(visit);
	engine_list(visit->engine, &visit->call);
	if (!await(visit))
		return false;
	if (visit->call.outcome != ENGINE_OK) {
		visit_fail(visit, &visit->call.err);
		return false;
	}
	keep_ours(visit);
	return true;
}

bool visit_inspect(struct visit *visit, const char *id)
{
	prepare(visit);
	engine_inspect(visit->engine, &visit->call, id);
	if (!await(visit))
		return false;
	if (visit->call.outcome != ENGINE_OK && visit->call.outcome != ENGINE_NOT_FOUND)
		visit_fail(visit, &visit->call.err);
	return visit->call.outcome == ENGINE_OK;
}

enum engine_outcome visit_kill(struct visit *visit, const char *id, const char *signal)
{
	prepare(visit);
	engine_kill(visit->engine, &visit->call, id, signal);
	if (!await(visit))
		return ENGINE_UNKNOWN;
	enum engine_outcome outcome = visit->call.outcome;
	if (outcome != ENGINE_OK && outcome != ENGINE_ALREADY && outcome != ENGINE_NOT_FOUND)
		visit_fail(visit, &visit->call.err);
	return outcome;
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
