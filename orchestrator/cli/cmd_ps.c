/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists the containers of this instance: connect, list, look at each for its times, print. One call
 * at a time, all from the loop; ps_end() leaves it.
 */
#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/columns.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/shared_flags.h"
#include "engine/engine.h"
#include "policy/waivers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE_MS 30000

struct ps_flags {
	const char *output;
	struct fleet_flags fleet;
};

static const struct flag ps_flag_rows[] = {
	{.name = "output",
	 .letter = 'o',
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct ps_flags, output),
	 .argument = "table|json",
	 .help = "how to print the list"},
	{.name = NULL},
};

struct ps {
	const struct fleet *fleet;
	struct loop *loop;
	struct engine *engine;
	struct engine_call call;
	struct timer patience;
	struct container *containers; /* ours */
	size_t count;
	size_t next; /* to be looked at */
	int exit_code;
};

static void ps_end(struct ps *ps, int exit_code)
{
	ps->exit_code = exit_code;
	loop_stop(ps->loop);
}

static void give_up(struct ps *ps, const struct err *err)
{
	(void)fprintf(stderr, "berth ps: engine %s (%s): %s\n", ps->fleet->engines[0].socket,
		      ps->fleet->engines[0].socket_reason, err->text);
	ps_end(ps, EXIT_UNAVAILABLE);
}

static void lose_patience(void *arg)
{
	struct err err;

	(void)err_set(&err, ERR_TEMPORARY, -ETIMEDOUT, "no answer within %d s", PATIENCE_MS / 1000);
	give_up(arg, &err);
}

/* Moves what is ours out of a list and names the rest. */
static void keep_ours(struct ps *ps, struct engine_call *call)
{
	ps->containers = xcalloc(call->list_count + 1, sizeof(*ps->containers));
	for (size_t i = 0; i < call->list_count; i++) {
		struct container *container = &call->list[i];
		if (container_is_ours(container, ps->fleet->instance)) {
			ps->containers[ps->count++] = *container;
			*container = (struct container){.id = NULL};
		} else {
			(void)fprintf(stderr,
				      "berth ps: container %.12s (%s) carries berth's labels but "
				      "is not berth's\n",
				      container->id, container->name);
		}
	}
}

static void look_at_next(struct ps *ps)
{
	if (ps->next < ps->count)
		engine_inspect(ps->engine, &ps->call, ps->containers[ps->next].id);
	else
		ps_end(ps, EXIT_DONE);
}

/* A container that has gone meanwhile is shown as it was listed. */
static void on_inspected(struct ps *ps, const struct engine_call *call)
{
	struct container *container = &ps->containers[ps->next++];

	if (call->outcome != ENGINE_OK)
		return;
	container->status = call->container.status;
	container->created_at_ms = call->container.created_at_ms;
	container->started_at_ms = call->container.started_at_ms;
}

static void on_done(struct engine_call *call, void *arg)
{
	struct ps *ps = arg;

	if (call->outcome != ENGINE_OK && call->outcome != ENGINE_NOT_FOUND) {
		give_up(ps, &call->err);
		return;
	}
	if (ps->containers)
		on_inspected(ps, call);
	else
		keep_ours(ps, call);
	look_at_next(ps);
}

static void on_health(struct engine *engine, bool healthy, const struct err *err, void *arg)
{
	struct ps *ps = arg;

	if (!healthy)
		give_up(ps, err);
	else
		engine_list(engine, &ps->call);
}

/* One look is all that is wanted: what happens meanwhile does not matter. */
static void ignore_event(struct engine *engine, const char *container_id, const char *action,
			 void *arg)
{
	(void)engine;
	(void)container_id;
	(void)action;
	(void)arg;
}

static void ignore_resync(struct engine *engine, void *arg)
{
	(void)engine;
	(void)arg;
}

static const char *status_name(enum container_status status)
{
	switch (status) {
	case CONTAINER_CREATED:
		return "created";
	case CONTAINER_RUNNING:
		return "running";
	case CONTAINER_EXITED:
		return "exited";
	case CONTAINER_DEAD:
		return "dead";
	}
	return NULL;
}

/* What the configuration calls the environment, else its id. */
static const char *environment_name(const struct fleet *fleet, const char *id)
{
	for (size_t i = 0; id && i < fleet->environment_count; i++)
		if (fleet->environments[i].id && strcmp(fleet->environments[i].id, id) == 0)
			return fleet->environments[i].name;
	return id;
}

/*
 * What the policy of a container ("name@digest") does not promise; a text of the caller's. NULL if
 * the policy file of that digest is not here any more.
 */
static char *unenforced_of(const struct fleet *fleet, const char *label)
{
	size_t length = label ? strcspn(label, "@") : 0;
	_cleanup_free_ char *name = xstrndup(label ? label : "", length);
	struct policy *policy = NULL;
	struct problems problems;
	char *text = NULL;

	problems_init(&problems);
	if (length > 0 && label[length] == '@' &&
	    fleet_read_policy(fleet, name, &problems, &policy) == 0 && label[length + 1] != '\0' &&
	    text_starts_with(policy->digest, label + length + 1))
		text = waivers_text(policy->unenforced);
	problems_done(&problems);
	policy_free(policy);
	return text;
}

static int64_t age_ms(const struct container *container, int64_t now_ms)
{
	int64_t since =
		container->started_at_ms > 0 ? container->started_at_ms : container->created_at_ms;

	return since > 0 && since < now_ms ? (now_ms - since) / 1000 * 1000 : 0;
}

static void print_table(const struct ps *ps)
{
	static const char *const titles[] = {"ENVIRONMENT", "SESSION", "WORK",	 "CONTAINER",
					     "STATE",	    "AGE",     "POLICY", "UNENFORCED"};
	struct columns columns;

	columns_init(&columns, titles, ARRAY_SIZE(titles));
	for (size_t i = 0; i < ps->count; i++) {
		const struct container *container = &ps->containers[i];
		const char *policy = container_label(container, "berth.policy");
		_cleanup_free_ char *unenforced = unenforced_of(ps->fleet, policy);
		_cleanup_free_ char *id = xstrndup(container->id, 12);
		_cleanup_free_ char *name =
			xstrndup(policy ? policy : "-", policy ? strcspn(policy, "@") : 1);
		const char *environment = container_label(container, "berth.environment");
		char age[32];
		text_format_duration(age, age_ms(container, loop_wall_ms(ps->loop)));
		const char *const cells[] = {environment_name(ps->fleet, environment),
					     container_label(container, "berth.session"),
					     container_label(container, "berth.work"),
					     id,
					     status_name(container->status),
					     age,
					     name,
					     unenforced ? unenforced : "?"};
		columns_add(&columns, cells);
	}
	columns_print(&columns);
	columns_done(&columns);
}

static void print_json(const struct ps *ps)
{
	struct json_object *list = json_new_array();

	for (size_t i = 0; i < ps->count; i++) {
		const struct container *container = &ps->containers[i];
		const char *policy = container_label(container, "berth.policy");
		_cleanup_free_ char *unenforced = unenforced_of(ps->fleet, policy);
		struct json_object *object = json_new_object();
		char created[32], started[32];

		json_add_string(object, "environment",
				container_label(container, "berth.environment"));
		json_add_string(object, "session", container_label(container, "berth.session"));
		json_add_string(object, "work", container_label(container, "berth.work"));
		json_add_string(object, "container", container->id);
		json_add_string(object, "name", container->name);
		json_add_string(object, "state", status_name(container->status));
		text_format_time(created, container->created_at_ms);
		text_format_time(started, container->started_at_ms);
		json_add_string(object, "created", container->created_at_ms > 0 ? created : NULL);
		json_add_string(object, "started", container->started_at_ms > 0 ? started : NULL);
		json_add_string(object, "policy", policy);
		json_add_string(object, "unenforced", unenforced);
		json_append(list, object);
	}
	printf("%s\n", json_line(list));
	json_object_put(list);
}

static int fail(const struct err *err)
{
	(void)fprintf(stderr, "berth ps: %s\n", err->text);
	return EXIT_INTERNAL;
}

static int collect(struct ps *ps)
{
	const struct engine_owner owner = {
		.health = on_health,
		.event = ignore_event,
		.resync = ignore_resync,
		.arg = ps,
	};
	const struct engine_options options = {
		.socket = ps->fleet->engines[0].socket,
		.instance = ps->fleet->instance,
		.launches = 1,
		.start_timeout_ms = PATIENCE_MS,
		.pull_timeout_ms = PATIENCE_MS,
	};
	struct err err;

	if (engine_new(ps->loop, &options, &owner, &ps->engine, &err) < 0)
		return fail(&err);
	engine_call_init(&ps->call, on_done, ps);
	timer_arm(&ps->patience, ps->loop, PATIENCE_MS, lose_patience, ps);
	int r = loop_run(ps->loop, &err);
	timer_cancel(&ps->patience);
	engine_call_done(&ps->call);
	engine_free(ps->engine);
	return r < 0 ? fail(&err) : ps->exit_code;
}

static int list_containers(const struct fleet *fleet, bool as_json)
{
	struct ps ps = {.fleet = fleet};
	struct err err;

	if (!fleet->engines[0].socket) {
		(void)fprintf(stderr, "berth ps: %s; start one, or say --engine unix:///PATH\n",
			      fleet->engines[0].socket_reason);
		return EXIT_UNAVAILABLE;
	}
	if (loop_new(&ps.loop, &err) < 0)
		return fail(&err);
	int exit_code = collect(&ps);
	if (exit_code == EXIT_DONE && as_json)
		print_json(&ps);
	else if (exit_code == EXIT_DONE)
		print_table(&ps);
	loop_free(ps.loop);
	for (size_t i = 0; i < ps.count; i++)
		container_done(&ps.containers[i]);
	free(ps.containers);
	return exit_code;
}

static int run_ps(int argc, char **argv)
{
	struct ps_flags flags = {.output = "table", .fleet.need = FLEET_ENGINE_ONLY};
	int exit_code;

	if (!flags_parse(&command_ps, &flags, argc, argv, &exit_code))
		return exit_code;
	struct fleet *fleet = load_or_explain(&flags.fleet);
	if (!fleet)
		return EXIT_CONFIG;
	exit_code = list_containers(fleet, strcmp(flags.output, "json") == 0);
	fleet_free(fleet);
	return exit_code;
}

static const struct flag_group ps_groups[] = {
	{ps_flag_rows, 0},
	{engine_flags, offsetof(struct ps_flags, fleet)},
	{NULL},
};

const struct command command_ps = {
	.name = "ps",
	.summary = "list the session containers",
	.description = "Lists this instance's session containers, as the engine knows them.",
	.groups = ps_groups,
	.run = run_ps,
};
