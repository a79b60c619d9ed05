/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the create request that a work item would get. Nothing is asked of anybody. */
#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/explain.h"
#include "cli/shared_flags.h"
#include "engine/dialect.h"
#include "policy/waivers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct plan_flags {
	const char *work_id, *session_id, *api;
	struct fleet_flags fleet;
};

static const struct flag plan_flag_rows[] = {
	{.name = "work-id",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct plan_flags, work_id),
	 .argument = "ID",
	 .help = "the work item"},
	{.name = "session-id",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct plan_flags, session_id),
	 .argument = "ID",
	 .help = "its session"},
	{.name = "api",
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct plan_flags, api),
	 .argument = "docker|podman",
	 .help = "in whose words: Docker's API, or Podman's own (libpod)"},
	{.name = NULL},
};

/* Secrets are left out, as plan_hides() knows them; a key or password elsewhere was put there by
 * others. */
static void print_request(const struct dialect *dialect, const struct plan *plan)
{
	_cleanup_(json_putp) struct json_object *request = dialect->render(plan, true);
	_cleanup_free_ char *text = xstrdup(json_object_to_json_string_ext(
		request, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
				 JSON_C_TO_STRING_NOSLASHESCAPE));

	(void)text_mask_keys(text);
	printf("%s\n", text);
}

/* What a policy promises besides: kept by berth itself, or only looked for in the engine. */
static void explain_rest(const struct dialect *dialect, const struct policy *policy)
{
	_cleanup_free_ char *waived = waivers_text(policy->unenforced);
	char disk[32] = "no limit", volumes[32];

	text_format_size(volumes, policy->volume_bytes);
	if (policy->disk_bytes != OPTION_NOT_SET)
		text_format_size(disk, policy->disk_bytes);
	explain("# Not in the request, and part of policy '%s':\n"
		"#   user_namespace: %s\n"
		"#   disk: %s\n"
		"#   volumes: a tmpfs of %s for each\n",
		policy->name,
		policy->user_namespace == USER_NAMESPACE_REQUIRED ? "required" : "engine", disk,
		volumes);
	for (char *const *root = policy->mount_roots; root && *root; root++)
		explain("#   mounts from: %s\n", *root);
	/* A Podman service has one runtime for all: it is compared, not asked for. */
	if (dialect == &dialect_podman)
		explain("#   runtime: %s\n", policy->runtime ? policy->runtime : "the engine's");
	explain("#   require_secret: %s\n"
		"#   unenforced: %s\n",
		policy->require_secret ? "true" : "false", waived);
}

static int print_plan(const struct fleet *fleet, const struct plan_flags *flags)
{
	const struct environment *environment = fleet->environments;
	const struct dialect *dialect =
		strcmp(flags->api, "podman") == 0 ? &dialect_podman : &dialect_docker;
	struct plan *plan;
	struct err err;

	if (fleet_sample_plan(fleet, environment, flags->work_id, flags->session_id, &plan, &err) <
	    0) {
		(void)fprintf(stderr, "berth plan: environment '%s': %s\n", environment->name,
			      err.text);
		/* -EINVAL: the ids that were given are none. */
		return err.code == -EINVAL ? EXIT_USAGE : EXIT_CONFIG;
	}
	explain("# %s: create container %s\n"
		"# No engine is asked: the id of image '%s' would stand for its name, and its "
		"VOLUMEs would be covered.\n",
		dialect->name, plan->name, plan->image);
	explain_rest(dialect, plan->policy);
	print_request(dialect, plan);
	plan_free(plan);
	return EXIT_DONE;
}

static int run_plan(int argc, char **argv)
{
	struct plan_flags flags = {
		.work_id = "work_sample",
		.session_id = "sesn_sample",
		.api = "docker",
		.fleet.need = FLEET_NO_KEYS,
	};
	int exit_code;

	if (!flags_parse(&command_plan, &flags, argc, argv, &exit_code))
		return exit_code;
	struct fleet *fleet = load_or_explain(&flags.fleet);
	if (!fleet)
		return EXIT_CONFIG;
	if (fleet->environment_count > 1) {
		(void)fprintf(stderr, "berth plan: there are several environments: say which with "
				      "--environment-id\n");
		exit_code = EXIT_USAGE;
	} else {
		exit_code = print_plan(fleet, &flags);
	}
	fleet_free(fleet);
	return exit_code;
}

static const struct flag_group plan_groups[] = {
	{plan_flag_rows, 0},
	{engine_flags, offsetof(struct plan_flags, fleet)},
	{environment_flags, offsetof(struct plan_flags, fleet)},
	{NULL},
};

const struct command command_plan = {
	.name = "plan",
	.summary = "print the container that a work item would get",
	.description =
		"Prints the create request that a work item of the environment would "
		"get. Secrets read ***:\nthose that berth puts in, who is named with a "
		"password before the host of a URL, and of `env` each\nwhose name has KEY, "
		"TOKEN, SECRET, PASS, CRED, COOKIE, JWT or BEARER in it, or a word\nthat ends "
		"in AUTH or PWD. Asks nobody, needs no key.",
	.groups = plan_groups,
	.run = run_plan,
};
