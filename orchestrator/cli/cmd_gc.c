/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes what berth has left on the engines and nobody clears away: containers that do not run,
 * from a certain age on, and berth's own network. What an environment of the configuration has left
 * is the only trace of items that may have to be settled: it is for run and drain. A berth at work
 * in the state_dir may have another configuration in effect, so that age is the guard; while none
 * is, none can begin. Containers of a doctor that was killed go as soon as it cannot be alive.
 */
#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/columns.h"
#include "cli/commands.h"
#include "cli/doctors.h"
#include "cli/exit.h"
#include "cli/find.h"
#include "cli/shared_flags.h"
#include "cli/visit.h"
#include "daemon/lock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DAY_MS	 INT64_C(86400000)
#define YOUNG_MS INT64_C(3600000) /* longer than a launch, or the settling of what ended */

struct gc_flags {
	bool dry_run;
	int64_t older_than_ms;
	const char *output;
	struct fleet_flags fleet;
};

static const struct flag gc_flag_rows[] = {
	{.name = "dry-run",
	 .letter = 'n',
	 .type = FLAG_ON,
	 .offset = offsetof(struct gc_flags, dry_run),
	 .help = "say what would be removed, and remove nothing"},
	{.name = "older-than",
	 .type = FLAG_DURATION,
	 .offset = offsetof(struct gc_flags, older_than_ms),
	 .argument = "TIME",
	 .minimum = 0,
	 .maximum = INT64_MAX,
	 .help = "leave what ended, or was created and never started, more recently (1d)"},
	{.name = "output",
	 .letter = 'o',
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct gc_flags, output),
	 .argument = "table|json",
	 .help = "how to print the list"},
	{.name = NULL},
};

enum action { ACTION_REMOVED, ACTION_WOULD_REMOVE, ACTION_KEPT, ACTION_FAILED };

/* A thing that was found. */
struct leftover {
	const struct seen *seen; /* NULL: berth's network */
	const struct visited_engine *on;
	const char *name;
	int64_t since_ms; /* it ended, or was created; 0: unknown */
	enum action action;
	const char *reason; /* why it is kept */
};

struct gc {
	struct visit *visit;
	const struct gc_flags *flags;
	bool is_served; /* another berth is at work here */
	struct leftover *list;
	size_t count;
};

static const char *action_name(enum action action)
{
	static const char *const names[] = {
		[ACTION_REMOVED] = "removed",
		[ACTION_WOULD_REMOVE] = "would remove",
		[ACTION_KEPT] = "kept",
		[ACTION_FAILED] = "failed",
	};
	return names[action];
}

static struct leftover *add(struct gc *gc, const struct visited_engine *on, const char *name)
{
	gc->list = xreallocarray(gc->list, gc->count + 1, sizeof(*gc->list));
	gc->list[gc->count] = (struct leftover){.on = on, .name = name, .action = ACTION_KEPT};
	return &gc->list[gc->count++];
}

/* The others are tried all the same. That an engine is away, or a signal came, is known. */
static void fail(struct gc *gc, struct leftover *leftover)
{
	leftover->action = ACTION_FAILED;
	if (!leftover->on->is_away && gc->visit->exit_code == EXIT_DONE)
		(void)fprintf(stderr, "berth gc: %s: %s\n", leftover->name,
			      leftover->on->visit->call.err.text);
}

/* --- containers ------------------------------------------------------------------------------- */

static const char *reason_to_keep(const struct gc *gc, const struct leftover *leftover)
{
	const struct container *container = &leftover->seen->container;
	int64_t age_ms = loop_wall_ms(gc->visit->loop) - leftover->since_ms;

	if (find_environment(gc->visit->fleet, container))
		return gc->is_served ? "the berth at work here sees to it"
				     : "the next run or drain settles it";
	if (leftover->since_ms == 0)
		return "its age is not known";
	if (age_ms < gc->flags->older_than_ms)
		return "not old enough";
	if (age_ms < YOUNG_MS && gc->is_served)
		return "the berth at work here may see to it";
	if (age_ms < YOUNG_MS && container->status == CONTAINER_CREATED)
		return "it may be about to start";
	return NULL;
}

/* Unless there is a reason to keep it. */
static void remove_container(struct gc *gc, struct leftover *leftover)
{
	if (leftover->reason)
		return;
	leftover->action = ACTION_WOULD_REMOVE;
	if (gc->flags->dry_run)
		return;
	if (visit_remove(leftover->on->visit, leftover->seen) == ENGINE_OK)
		leftover->action = ACTION_REMOVED;
	else
		fail(gc, leftover);
}

static void collect_container(struct gc *gc, struct seen *seen)
{
	struct visit *visit = gc->visit;

	if (seen->on->is_away)
		return;
	/* Not as it was listed: it may have been started since. */
	enum engine_outcome outcome = visit_look(visit, seen);
	const struct container *now = &visit->call.container;
	if (outcome == ENGINE_NOT_FOUND ||
	    (outcome == ENGINE_OK && now->status == CONTAINER_RUNNING))
		return;
	struct leftover *leftover = add(gc, seen->on, seen->container.name);
	leftover->seen = seen;
	if (outcome != ENGINE_OK) {
		fail(gc, leftover);
		return;
	}
	leftover->since_ms = now->finished_at_ms > 0 ? now->finished_at_ms : now->created_at_ms;
	seen->container.status = now->status;
	leftover->reason = reason_to_keep(gc, leftover);
	remove_container(gc, leftover);
}

/* Also one that runs: what it was to find out, nobody asks any more. */
static void collect_doctors(struct gc *gc, struct visit *doctors)
{
	_cleanup_free_ char *instance = doctors_instance(doctors->fleet);

	if (!visit_open_silently(doctors, "gc", doctors->fleet, instance))
		return;
	doctors->goes_on = true;
	doctors->is_silent = false;
	/* What was given up is named once. */
	for (size_t i = 0; i < doctors->fleet->engine_count; i++)
		doctors->engines[i].is_away |= gc->visit->engines[i].is_away;
	if (!visit_list(doctors))
		return;
	for (size_t i = 0; i < doctors->count && doctors->exit_code == EXIT_DONE; i++) {
		const struct seen *seen = &doctors->seen[i];
		struct leftover *leftover = add(gc, seen->on, seen->container.name);
		leftover->seen = seen;
		leftover->since_ms = seen->container.created_at_ms;
		if (!doctors_have_left(doctors, &seen->container))
			leftover->reason = "a doctor may be looking into it";
		remove_container(gc, leftover);
	}
}

/* --- the network ------------------------------------------------------------------------------ */

/* Also one that does not run needs it, if it is to be started. */
static bool has_container_left(const struct gc *gc, const struct visited_engine *on)
{
	size_t seen = 0, removed = 0;

	for (size_t i = 0; i < gc->visit->count; i++)
		seen += gc->visit->seen[i].on == on ? 1 : 0;
	for (size_t i = 0; i < gc->count; i++) {
		const struct leftover *leftover = &gc->list[i];
		bool is_gone = leftover->action == ACTION_REMOVED ||
			       leftover->action == ACTION_WOULD_REMOVE;
		removed += leftover->on == on && leftover->seen && is_gone ? 1 : 0;
	}
	return removed < seen;
}

static void collect_network(struct gc *gc, struct visited_engine *on)
{
	struct visit *visit = gc->visit;

	if (!on->is_open || on->is_away)
		return;
	enum engine_outcome outcome = visit_look_at_bridge(visit, on);
	if (outcome == ENGINE_NOT_FOUND || outcome == ENGINE_INVALID)
		return;
	struct leftover *leftover = add(gc, on, engine_bridge(on->engine));
	if (outcome != ENGINE_OK) {
		fail(gc, leftover);
		return;
	}
	if (gc->is_served)
		leftover->reason = "the berth at work here sees to it";
	else if (has_container_left(gc, on))
		leftover->reason = "containers are left on it";
	if (leftover->reason)
		return;
	leftover->action = ACTION_WOULD_REMOVE;
	if (gc->flags->dry_run)
		return;
	outcome = visit_remove_bridge(visit, on);
	if (outcome == ENGINE_OK || outcome == ENGINE_NOT_FOUND) {
		leftover->action = ACTION_REMOVED;
	} else if (outcome == ENGINE_ALREADY) {
		leftover->action = ACTION_KEPT;
		leftover->reason = "something else is on it";
	} else {
		fail(gc, leftover);
	}
}

/* --- what is printed -------------------------------------------------------------------------- */

static void print_table(const struct gc *gc)
{
	static const char *const titles[] = {"NAME",	"STATE",  "AGE",    "ENVIRONMENT",
					     "SESSION", "ACTION", "REASON", "ENGINE"};
	struct columns columns;
	/* The last column is for fleets with several. */
	size_t width = ARRAY_SIZE(titles) - (gc->visit->fleet->engine_count > 1 ? 0 : 1);
	int64_t now_ms = loop_wall_ms(gc->visit->loop);

	if (gc->count == 0)
		return;
	columns_init(&columns, titles, width);
	for (size_t i = 0; i < gc->count; i++) {
		const struct leftover *leftover = &gc->list[i];
		const struct container *container =
			leftover->seen ? &leftover->seen->container : NULL;
		const struct environment *environment =
			container ? find_environment(gc->visit->fleet, container) : NULL;
		char age[32];
		int64_t age_ms = now_ms - leftover->since_ms;
		text_format_duration(age, age_ms > 0 ? age_ms / 1000 * 1000 : 0);
		const char *const cells[] = {
			leftover->name,
			container ? container_status_name(container->status) : "network",
			leftover->since_ms > 0 ? age : NULL,
			environment ? environment->name
			: container ? container_label(container, "berth.environment")
				    : NULL,
			container ? container_label(container, "berth.session") : NULL,
			action_name(leftover->action),
			leftover->reason,
			leftover->on->settings->name};
		columns_add(&columns, cells);
	}
	columns_print(&columns);
	columns_done(&columns);
}

static void print_json(const struct gc *gc)
{
	struct json_object *list = json_new_array();

	for (size_t i = 0; i < gc->count; i++) {
		const struct leftover *leftover = &gc->list[i];
		const struct container *container =
			leftover->seen ? &leftover->seen->container : NULL;
		struct json_object *object = json_new_object();
		char since[32];

		text_format_time(since, leftover->since_ms);
		json_add_string(object, "kind", container ? "container" : "network");
		json_add_string(object, "name", leftover->name);
		if (container) {
			json_add_string(object, "container", container->id);
			json_add_string(object, "state", container_status_name(container->status));
			json_add_string(object, "since", leftover->since_ms > 0 ? since : NULL);
			json_add_string(object, "environment",
					container_label(container, "berth.environment"));
			json_add_string(object, "session",
					container_label(container, "berth.session"));
			json_add_string(object, "work", container_label(container, "berth.work"));
		}
		json_add_string(object, "action", action_name(leftover->action));
		json_add_string(object, "reason", leftover->reason);
		json_add_string(object, "engine", leftover->on->settings->name);
		json_append(list, object);
	}
	printf("%s\n", json_line(list));
	json_object_put(list);
}

/* --- the command ------------------------------------------------------------------------------ */

static int result_of(const struct gc *gc)
{
	for (size_t i = 0; i < gc->count; i++)
		if (gc->list[i].action == ACTION_FAILED && gc->visit->exit_code == EXIT_DONE)
			return gc->visit->misses_some ? EXIT_UNAVAILABLE : EXIT_TEMPORARY;
	return visit_result(gc->visit);
}

static int collect(const struct fleet *fleet, const struct gc_flags *flags, bool is_served)
{
	struct visit visit, doctors = {.fleet = fleet};
	struct gc gc = {.visit = &visit, .flags = flags, .is_served = is_served};

	bool is_open = visit_open(&visit, "gc", fleet);
	visit.goes_on = true;
	if (is_open && visit_list(&visit)) {
		for (size_t i = 0; visit.exit_code == EXIT_DONE && i < visit.count; i++)
			collect_container(&gc, &visit.seen[i]);
		if (visit.exit_code == EXIT_DONE)
			collect_doctors(&gc, &doctors);
		visit.exit_code = exit_graver(visit.exit_code, doctors.exit_code);
		visit.misses_some |= doctors.misses_some;
		for (size_t i = 0; visit.exit_code == EXIT_DONE && i < fleet->engine_count; i++)
			collect_network(&gc, &visit.engines[i]);
		if (strcmp(flags->output, "json") == 0)
			print_json(&gc);
		else
			print_table(&gc);
	}
	int exit_code = result_of(&gc);
	visit_close(&visit);
	visit_close(&doctors);
	free(gc.list);
	return exit_code;
}

static int collect_locked(const struct fleet *fleet, const struct gc_flags *flags)
{
	struct err err;
	_cleanup_close_ int lock = lock_state_dir(fleet->state_dir, &err);

	if (lock < 0 && err.kind != ERR_TEMPORARY) {
		(void)fprintf(stderr, "berth gc: %s\n", err.text);
		return EXIT_CONFIG;
	}
	bool is_served = lock < 0;
	if (flags->dry_run && !is_served)
		(void)close(TAKE_FD(lock));
	return collect(fleet, flags, is_served);
}

static int run_gc(int argc, char **argv)
{
	struct gc_flags flags = {
		.older_than_ms = DAY_MS, .output = "table", .fleet.need = FLEET_ENGINE_ONLY};
	int exit_code;

	if (!flags_parse(&command_gc, &flags, argc, argv, &exit_code))
		return exit_code;
	struct fleet *fleet = load_or_explain(&flags.fleet);
	if (!fleet)
		return EXIT_CONFIG;
	exit_code = collect_locked(fleet, &flags);
	fleet_free(fleet);
	return exit_code;
}

static const struct flag_group gc_groups[] = {
	{gc_flag_rows, 0},
	{engine_flags, offsetof(struct gc_flags, fleet)},
	{state_flags, offsetof(struct gc_flags, fleet)},
	{NULL},
};

const struct command command_gc = {
	.name = "gc",
	.summary = "remove what is left of ended sessions",
	.description =
		"Removes this instance's containers that were created, have exited or are dead, "
		"with their volumes,\nonce they are old enough, and then berth's network. What "
		"runs is never touched, nor what carries\nberth's labels and is not berth's. "
		"This is for environments that the configuration does not have\nany more: those of "
		"the others 'berth run' and 'berth drain' remove, when their items are settled.\n"
		"While a berth is at work in the state_dir, its network is left, and what is "
		"younger than an hour;\nwithout one, what was created within the hour and never "
		"started. While gc removes, no berth can\nbegin in the state_dir.",
	.groups = gc_groups,
	.run = run_gc,
};
