/* SPDX-License-Identifier: Apache-2.0 */
/* Lists the containers of this instance. */
#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/columns.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/shared_flags.h"
#include "cli/visit.h"
#include "policy/waivers.h"

#include <stdio.h>
#include <string.h>

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

static void print_table(const struct visit *visit)
{
	static const char *const titles[] = {"ENVIRONMENT", "SESSION",	  "WORK",
					     "CONTAINER",   "STATE",	  "AGE",
					     "POLICY",	    "UNENFORCED", "ENGINE"};
	struct columns columns;
	/* The last column is for fleets with several. */
	size_t width = ARRAY_SIZE(titles) - (visit->fleet->engine_count > 1 ? 0 : 1);

	columns_init(&columns, titles, width);
	for (size_t i = 0; i < visit->count; i++) {
		const struct container *container = &visit->seen[i].container;
		const char *policy = container_label(container, "berth.policy");
		_cleanup_free_ char *unenforced = unenforced_of(visit->fleet, policy);
		_cleanup_free_ char *id = xstrndup(container->id, 12);
		_cleanup_free_ char *name =
			xstrndup(policy ? policy : "-", policy ? strcspn(policy, "@") : 1);
		const char *environment = container_label(container, "berth.environment");
		char age[32];
		text_format_duration(age, age_ms(container, loop_wall_ms(visit->loop)));
		const char *const cells[] = {environment_name(visit->fleet, environment),
					     container_label(container, "berth.session"),
					     container_label(container, "berth.work"),
					     id,
					     container_status_name(container->status),
					     age,
					     name,
					     unenforced ? unenforced : "?",
					     visit->seen[i].on->settings->name};
		columns_add(&columns, cells);
	}
	columns_print(&columns);
	columns_done(&columns);
}

static void print_json(const struct visit *visit)
{
	struct json_object *list = json_new_array();

	for (size_t i = 0; i < visit->count; i++) {
		const struct container *container = &visit->seen[i].container;
		const char *policy = container_label(container, "berth.policy");
		_cleanup_free_ char *unenforced = unenforced_of(visit->fleet, policy);
		struct json_object *object = json_new_object();
		char created[32], started[32];

		json_add_string(object, "environment",
				container_label(container, "berth.environment"));
		json_add_string(object, "session", container_label(container, "berth.session"));
		json_add_string(object, "work", container_label(container, "berth.work"));
		json_add_string(object, "container", container->id);
		json_add_string(object, "name", container->name);
		json_add_string(object, "state", container_status_name(container->status));
		text_format_time(created, container->created_at_ms);
		text_format_time(started, container->started_at_ms);
		json_add_string(object, "created", container->created_at_ms > 0 ? created : NULL);
		json_add_string(object, "started", container->started_at_ms > 0 ? started : NULL);
		json_add_string(object, "policy", policy);
		json_add_string(object, "unenforced", unenforced);
		json_add_string(object, "engine", visit->seen[i].on->settings->name);
		json_append(list, object);
	}
	printf("%s\n", json_line(list));
	json_object_put(list);
}

/* With the times that only an inspect has; one that has gone meanwhile is shown as it was listed.
 */
static bool look_at_each(struct visit *visit)
{
	for (size_t i = 0; i < visit->count; i++) {
		struct container *container = &visit->seen[i].container;
		if (visit_inspect(visit, &visit->seen[i])) {
			container->status = visit->call.container.status;
			container->created_at_ms = visit->call.container.created_at_ms;
			container->started_at_ms = visit->call.container.started_at_ms;
		}
		if (visit->exit_code != EXIT_DONE)
			return false;
	}
	return true;
}

static int list_containers(const struct fleet *fleet, bool as_json)
{
	struct visit visit;

	if (visit_open(&visit, "ps", fleet) && visit_list(&visit) && look_at_each(&visit)) {
		if (as_json)
			print_json(&visit);
		else
			print_table(&visit);
	}
	visit_close(&visit);
	return visit_result(&visit);
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
	.description = "Lists this instance's session containers, as the engines know them.",
	.groups = ps_groups,
	.run = run_ps,
};
