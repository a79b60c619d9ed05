/* SPDX-License-Identifier: Apache-2.0 */
/* Loads configurations like a serving command would, and says what was understood. */
#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/check_units.h"
#include "cli/columns.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/shared_flags.h"
#include "policy/waivers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct check_flags {
	struct flag_list configs, units;
	const char *output;
	struct fleet_flags fleet;
};

static const struct flag check_flag_rows[] = {
	{.name = "config",
	 .type = FLAG_LIST,
	 .offset = offsetof(struct check_flags, configs),
	 .argument = "FILE",
	 .help = "a fleet file, several times if you like [BERTH_CONFIG]"},
	{.name = "unit",
	 .type = FLAG_LIST,
	 .offset = offsetof(struct check_flags, units),
	 .argument = "FILE",
	 .help = "a systemd unit, to warn of what does not fit it (default: the installed one)"},
	{.name = "output",
	 .letter = 'o',
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct check_flags, output),
	 .argument = "table|json",
	 .help = "how to print what was understood"},
	{.name = NULL},
};

static const char *credential_name(enum credential_mode mode)
{
	switch (mode) {
	case CREDENTIAL_AUTO:
		return "auto";
	case CREDENTIAL_SECRET:
		return "secret";
	case CREDENTIAL_KEY:
		return "key";
	}
	return NULL;
}

/* Where the key comes from, never what it is. */
static char *key_text(const struct key_source *key)
{
	if (key->file)
		return xasprintf("file %s", key->file);
	if (key->variable)
		return xasprintf("variable %s", key->variable);
	return xasprintf("credential %s", key->credential);
}

static void print_policy_dirs(const struct fleet *fleet)
{
	const char *own = fleet->policy_dir, *installed = fleet->installed_policy_dir;

	printf("policies from %s%s%s\n", own ? own : "", own && installed ? ", then " : "",
	       installed ? installed : "");
}

static void print_fleet(const struct fleet *fleet, const struct json_object *units)
{
	static const char *const titles[] = {"ENVIRONMENT", "ID",	  "SESSIONS", "IMAGE",
					     "POLICY",	    "UNENFORCED", "KEY"};
	struct columns columns;

	printf("%s: fine\n", fleet->file ? fleet->file : "flags and environment");
	printf("instance %s, state in %s\n", fleet->instance, fleet->state_dir);
	print_policy_dirs(fleet);
	for (size_t i = 0; i < fleet->engine_count; i++) {
		const struct engine_settings *engine = &fleet->engines[i];
		printf("engine %s%s%s (%s)\n", engine->name ? engine->name : "",
		       engine->name ? " " : "", engine->socket ? engine->socket : "none",
		       engine->socket_reason);
	}
	printf("control plane %s, at most %" PRId64 " sessions on this host\n", fleet->base_url,
	       fleet->host.sessions);
	check_units_print(units);
	columns_init(&columns, titles, ARRAY_SIZE(titles));
	for (size_t i = 0; i < fleet->environment_count; i++) {
		const struct environment *environment = &fleet->environments[i];
		_cleanup_free_ char *sessions = xasprintf("%" PRId64, environment->sessions);
		_cleanup_free_ char *waivers = waivers_text(environment->policy->unenforced);
		_cleanup_free_ char *key = key_text(&environment->key);
		const char *const cells[] = {
			environment->name,	  environment->id, sessions, environment->image,
			environment->policy_name, waivers,	   key};
		columns_add(&columns, cells);
	}
	columns_print(&columns);
	columns_done(&columns);
}

static struct json_object *environment_json(const struct environment *environment)
{
	struct json_object *object = json_new_object();
	_cleanup_free_ char *waivers = waivers_text(environment->policy->unenforced);
	_cleanup_free_ char *key = key_text(&environment->key);

	json_add_string(object, "id", environment->id);
	json_add_string(object, "name", environment->name);
	json_add_string(object, "engine", environment->engine->name);
	json_add_int(object, "sessions", environment->sessions);
	json_add_int(object, "weight", environment->weight);
	json_add_string(object, "image", environment->image);
	json_add_string(object, "policy", environment->policy_name);
	json_add_string(object, "policy_digest", environment->policy->digest);
	json_add_string(object, "unenforced", waivers);
	json_add_string(object, "credential", credential_name(environment->credential));
	json_add_string(object, "key", key);
	return object;
}

static struct json_object *engine_json(const struct engine_settings *engine)
{
	struct json_object *object = json_new_object();

	json_add_string(object, "name", engine->name);
	json_add_string(object, "socket", engine->socket);
	json_add_string(object, "chosen_by", engine->socket_reason);
	return object;
}

static void append_line(const char *line, void *list)
{
	json_append_string(list, line);
}

static struct json_object *lines_json(const struct problems *problems)
{
	struct json_object *list = json_new_array();

	problems_each(problems, append_line, list);
	return list;
}

static void print_warning(const char *line, void *arg)
{
	(void)arg;
	(void)fprintf(stderr, "warning: %s\n", line);
}

static struct json_object *fleet_json(const struct fleet *fleet, struct json_object *units)
{
	struct json_object *object = json_new_object(), *list = json_new_array(),
			   *engines = json_new_array();

	json_add_bool(object, "ok", true);
	json_add_string(object, "file", fleet->file);
	json_add_string(object, "instance", fleet->instance);
	json_add_string(object, "state_dir", fleet->state_dir);
	json_add_string(object, "policy_dir", fleet->policy_dir);
	for (size_t i = 0; i < fleet->engine_count; i++)
		json_append(engines, engine_json(&fleet->engines[i]));
	json_add(object, "engines", engines);
	json_add_string(object, "base_url", fleet->base_url);
	json_add_int(object, "host_sessions", fleet->host.sessions);
	for (size_t i = 0; i < fleet->environment_count; i++)
		json_append(list, environment_json(&fleet->environments[i]));
	json_add(object, "environments", list);
	json_add(object, "units", json_object_get(units));
	json_add(object, "warnings", lines_json(&fleet->warnings));
	return object;
}

static struct json_object *problems_json(const char *file, const struct problems *problems)
{
	struct json_object *object = json_new_object();

	json_add_bool(object, "ok", false);
	json_add_string(object, "file", file);
	json_add(object, "problems", lines_json(problems));
	return object;
}

/* Checks one configuration; with `report`, adds to it instead of printing a table. */
static int check(const struct check_flags *flags, struct json_object *report)
{
	_cleanup_(json_putp) struct json_object *units = json_new_array();
	struct problems problems;
	struct fleet *fleet = NULL;

	problems_init(&problems);
	int r = fleet_load(&flags->fleet, &problems, &fleet);
	if (r == 0)
		r = check_units(&flags->units, fleet, &problems, units);
	if (r < 0)
		(void)fputs(problems_text(&problems), stderr);
	else
		problems_each(&fleet->warnings, print_warning, NULL);
	if (report && r < 0)
		json_append(report, problems_json(flags->fleet.config, &problems));
	else if (report)
		json_append(report, fleet_json(fleet, units));
	else if (r == 0)
		print_fleet(fleet, units);
	problems_done(&problems);
	fleet_free(fleet);
	return r < 0 ? EXIT_CONFIG : EXIT_DONE;
}

static int check_all(struct check_flags *flags)
{
	_cleanup_(json_putp) struct json_object *report =
		strcmp(flags->output, "json") == 0 ? json_new_array() : NULL;
	int worst = EXIT_DONE;

	/* Without a file, flags and environment variables are the configuration. */
	for (size_t i = 0; i < flags->configs.count || i == 0; i++) {
		flags->fleet.config = flags->configs.count > 0 ? flags->configs.values[i] : NULL;
		int exit_code = check(flags, report);
		worst = exit_code != EXIT_DONE ? exit_code : worst;
	}
	if (report) {
		_cleanup_free_ char *line = xstrdup(json_line(report));
		(void)text_mask_keys(line);
		printf("%s\n", line);
	}
	return worst;
}

static int run_check(int argc, char **argv)
{
	struct check_flags flags = {.output = "table", .fleet.need = FLEET_ALL};
	int exit_code;

	if (flags_parse(&command_check, &flags, argc, argv, &exit_code))
		exit_code = check_all(&flags);
	free(flags.configs.values);
	free(flags.units.values);
	return exit_code;
}

static const struct flag_group check_groups[] = {
	{check_flag_rows, 0},
	{engine_flags, offsetof(struct check_flags, fleet)},
	{environment_flags, offsetof(struct check_flags, fleet)},
	{NULL},
};

const struct command command_check = {
	.name = "check",
	.summary = "say what is wrong with the configuration",
	.description = "Reads the configuration as `run` would and says what is wrong with it "
		       "(exit code 78),\nor what was understood. Asks nobody.",
	.groups = check_groups,
	.operands = "[FILE ...]",
	.operands_offset = offsetof(struct check_flags, configs),
	.run = run_check,
};
