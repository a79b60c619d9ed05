/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends one session: its container, and then its work item, so that no lease brings it back. A
 * berth that runs beside it sees the container end and removes it; without one the next drain does.
 * Neither is done here, so that nothing is done twice.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/explain.h"
#include "cli/find.h"
#include "cli/settle.h"
#include "cli/shared_flags.h"

#include <stdarg.h>
#include <stdio.h>

#define LOOK_EVERY_MS	 500u
#define REPORT_EVERY_MS	 10000u
#define ENGINE_LATE_MS	 2000		/* from the end of the process to the engine's word of it */
#define DEFAULT_GRACE_MS INT64_C(30000) /* of an environment that is not configured here */
#define KILL_PATIENCE_MS 15000		/* from SIGKILL to the end */
#define REMOVAL_MS	 3000 /* a berth that runs beside this needs a moment to remove it */

struct stop_flags {
	bool now;
	struct flag_list sessions;
	struct fleet_flags fleet;
};

static const struct flag stop_flag_rows[] = {
	{.name = "now",
	 .type = FLAG_ON,
	 .offset = offsetof(struct stop_flags, now),
	 .help = "SIGKILL at once: its worker hands nothing in any more"},
	{.name = NULL},
};

struct stopping {
	struct visit *visit;
	const struct seen *seen;
	const struct environment *environment; /* NULL: not configured here */
	const char *work;
	struct process process;
	struct holding holding;
	int exit_code;		/* of the container; -1: unknown */
	uint64_t gone_since_ms; /* its process, as far as looked at; 0: it runs */
	bool is_gone;
};

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What happens, as it happens. */
static void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vprintf(format, arguments);
	va_end(arguments);
	(void)putchar('\n');
	(void)fflush(stdout);
}

/* --- the container ---------------------------------------------------------------------------- */

/* Its process has ended, and the engine, which knows how, does not say so although it had time to.
 */
static bool is_gone_for_good(struct stopping *stopping)
{
	uint64_t now = loop_now_ms(stopping->visit->loop);

	if (process_may_run(&stopping->process)) {
		stopping->gone_since_ms = 0;
		return false;
	}
	if (stopping->gone_since_ms == 0)
		stopping->gone_since_ms = now;
	return now - stopping->gone_since_ms >= ENGINE_LATE_MS;
}

/* True if it has ended; false also with an exit code of the visit. */
static bool has_ended(struct stopping *stopping)
{
	struct visit *visit = stopping->visit;
	const struct container *container = &visit->call.container;

	stopping->exit_code = -1;
	if (!visit_inspect(visit, stopping->seen)) {
		stopping->is_gone = visit->exit_code == EXIT_DONE;
		return stopping->is_gone;
	}
	if (container->status == CONTAINER_RUNNING)
		return is_gone_for_good(stopping);
	stopping->exit_code = container->exit_code;
	stopping->holding.exited_ms = container->finished_at_ms;
	return true;
}

static bool wait_for_end(struct stopping *stopping, int64_t patience_ms)
{
	struct visit *visit = stopping->visit;
	uint64_t now = loop_now_ms(visit->loop), until = now + (uint64_t)patience_ms;
	uint64_t report = now + REPORT_EVERY_MS;
	char left[32];

	while (!has_ended(stopping)) {
		now = loop_now_ms(visit->loop);
		if (now >= until)
			return false;
		if (now >= report) {
			text_format_duration(left, (int64_t)(until - now) / 1000 * 1000);
			say("still running: %s left", left);
			report = now + REPORT_EVERY_MS;
		}
		if (!visit_sleep(visit, until - now < LOOK_EVERY_MS ? until - now : LOOK_EVERY_MS,
				 stopping->seen->container.id))
			return false;
	}
	return true;
}

/* Sends it and waits. True if the container has ended. */
static bool signal_and_wait(struct stopping *stopping, const char *signal, int64_t patience_ms)
{
	struct visit *visit = stopping->visit;

	enum engine_outcome outcome = visit_kill(visit, stopping->seen, signal);
	if (outcome == ENGINE_ALREADY || outcome == ENGINE_NOT_FOUND) {
		(void)has_ended(stopping);
		return visit->exit_code == EXIT_DONE;
	}
	return outcome == ENGINE_OK && wait_for_end(stopping, patience_ms);
}

static bool ask_to_end(struct stopping *stopping)
{
	int64_t grace_ms = stopping->environment ? stopping->environment->timeouts.stop_grace_ms
						 : DEFAULT_GRACE_MS;
	char grace[32];

	text_format_duration(grace, grace_ms);
	say("SIGTERM to container %.12s: its worker has %s to hand in what it has",
	    stopping->seen->container.id, grace);
	return signal_and_wait(stopping, "TERM", grace_ms);
}

static bool end_container(struct stopping *stopping, bool now)
{
	struct visit *visit = stopping->visit;

	if (!now && ask_to_end(stopping))
		return true;
	if (visit->exit_code != EXIT_DONE)
		return false;
	say("SIGKILL to container %.12s", stopping->seen->container.id);
	if (signal_and_wait(stopping, "KILL", KILL_PATIENCE_MS))
		return true;
	if (visit->exit_code == EXIT_DONE) {
		(void)fprintf(stderr, "berth stop: the container still runs after SIGKILL; look at "
				      "the engine's own log, and try again\n");
		visit->exit_code = EXIT_TEMPORARY;
	}
	return false;
}

static void say_end(struct stopping *stopping)
{
	if (stopping->holding.exited_ms == 0)
		stopping->holding.exited_ms = loop_wall_ms(stopping->visit->loop);
	if (stopping->exit_code >= 0)
		say("ended with exit code %d", stopping->exit_code);
	else
		say("ended");
}

/* Where a berth runs beside this, it is also given the time to decide about the item first. */
static void watch_removal(struct stopping *stopping)
{
	struct visit *visit = stopping->visit;
	uint64_t until = loop_now_ms(visit->loop) + REMOVAL_MS;

	while (!stopping->is_gone && loop_now_ms(visit->loop) < until &&
	       visit_sleep(visit, LOOK_EVERY_MS, stopping->seen->container.id))
		stopping->is_gone =
			!visit_inspect(visit, stopping->seen) && visit->exit_code == EXIT_DONE;
	if (stopping->is_gone)
		say("the container is removed");
	else if (visit->exit_code == EXIT_DONE)
		say("the container is left to be removed by the next 'berth drain' or 'berth run'");
}

/* --- the command ------------------------------------------------------------------------------ */

static int stop_it(struct stopping *stopping, bool now)
{
	struct visit *visit = stopping->visit;
	const struct container *container = &visit->call.container;
	const char *session = container_label(container, "berth.session");

	say("session %s, work item %s", session ? session : "-", stopping->work);
	if (container->status == CONTAINER_CREATED) {
		(void)fprintf(stderr, "berth stop: its container is not started yet: try again in "
				      "a moment\n");
		return EXIT_TEMPORARY;
	}
	engine_find_process(container, &stopping->process);
	stopping->holding.claimed_ms = container_claimed_ms(container);
	stopping->holding.started_ms = container->started_at_ms;
	if (container->status != CONTAINER_RUNNING)
		(void)has_ended(stopping);
	else if (!end_container(stopping, now))
		return visit->exit_code;
	say_end(stopping);
	watch_removal(stopping);
	if (visit->exit_code != EXIT_DONE)
		return visit->exit_code;
	return settle_item(visit, stopping->environment, stopping->work, &stopping->holding);
}

static int complain_none(struct visit *visit, const char *text)
{
	if (visit_result(visit) != EXIT_DONE)
		return visit_result(visit);
	explain("berth stop: there is no container of '%s' of instance '%s'; 'berth ps' "
		"lists what runs, 'berth queue stop' stops an item that nothing runs\n",
		text, visit->fleet->instance);
	return EXIT_NO_INPUT;
}

static int stop_session(const struct fleet *fleet, const struct stop_flags *flags)
{
	const char *text = flags->sessions.values[0];
	struct visit visit;
	struct stopping stopping = {.visit = &visit, .exit_code = -1};
	int exit_code;

	if (visit_open(&visit, "stop", fleet) && visit_list(&visit))
		stopping.seen = find_container(&visit, text);
	if (stopping.seen && visit_inspect(&visit, stopping.seen)) {
		stopping.environment = find_environment(fleet, &stopping.seen->container);
		stopping.work = container_label(&stopping.seen->container, "berth.work");
		exit_code = stop_it(&stopping, flags->now);
	} else {
		exit_code = complain_none(&visit, text);
	}
	visit_close(&visit);
	return exit_code;
}

static int run_stop(int argc, char **argv)
{
	struct stop_flags flags = {.fleet.need = FLEET_ENGINE_ONLY};
	struct fleet *fleet = NULL;
	int exit_code;

	if (!flags_parse(&command_stop, &flags, argc, argv, &exit_code)) {
		free(flags.sessions.values);
		return exit_code;
	}
	if (flags.sessions.count != 1) {
		(void)fprintf(stderr, "berth stop: say which session, one of them\n"
				      "Try 'berth stop --help'.\n");
		exit_code = EXIT_USAGE;
	} else {
		fleet = load_or_explain(&flags.fleet);
		exit_code = fleet ? stop_session(fleet, &flags) : EXIT_CONFIG;
	}
	fleet_free(fleet);
	free(flags.sessions.values);
	return exit_code;
}

static const struct flag_group stop_groups[] = {
	{stop_flag_rows, 0},
	{engine_flags, offsetof(struct stop_flags, fleet)},
	{key_flags, offsetof(struct stop_flags, fleet)},
	{NULL},
};

const struct command command_stop = {
	.name = "stop",
	.summary = "end a session",
	.description =
		"Ends a session's container: SIGTERM, so that its worker hands in what it has "
		"and stops its work\nitem; SIGKILL when stop_grace is over. An item that is "
		"provably its container's and not stopped\nthen is force-stopped, so that "
		"the session does not come back. SESSION is the id of a session,\nof a work "
		"item or of a container (six digits or more), or a container's name.",
	.groups = stop_groups,
	.operands = "SESSION",
	.operands_offset = offsetof(struct stop_flags, sessions),
	.run = run_stop,
};
