/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at everything that sessions need, and says what to do where something is missing. */
#include "base/cleanup.h"
#include "cli/commands.h"
#include "cli/doctors.h"
#include "cli/exit.h"
#include "cli/shared_flags.h"
#include "doctor/checks.h"
#include "engine/probe.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct doctor_flags {
	bool inside;
	const char *host_root;
	const char *output;
	struct fleet_flags fleet;
};

static const struct flag doctor_flag_rows[] = {
	{.name = "inside",
	 .type = FLAG_ON,
	 .offset = offsetof(struct doctor_flags, inside),
	 .help = "start a container of each environment's image, look inside, and remove it"},
	{.name = "host-root",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct doctor_flags, host_root),
	 .argument = "DIRECTORY",
	 .help = "where the host's root is, for a berth in a container (/)"},
	{.name = "output",
	 .letter = 'o',
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct doctor_flags, output),
	 .argument = "table|json",
	 .help = "how to print it"},
	{.name = NULL},
};

static bool is_given(const char *flag, const char *variable)
{
	/* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	const char *value = flag ? flag : getenv(variable);

	return value && *value;
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Engine and host are worth a look before anything is configured. Keys are looked at one by one,
 * as a check of its own. */
static enum fleet_need need_of(const struct fleet_flags *flags)
{
	bool has_environment = is_given(flags->config, "BERTH_CONFIG") ||
			       is_given(flags->environment_id, "ANTHROPIC_ENVIRONMENT_ID");

	return has_environment ? FLEET_NO_KEYS : FLEET_ENGINE_ONLY;
}

static void check_engine(struct doctor *doctor, struct visited_engine *engine)
{
	const struct subject subject = {.doctor = doctor, .engine = engine};

	doctor_check(&subject, engine_checks);
	if (!engine->is_open || engine->is_away)
		return;
	if (engine_probe(engine->engine)->host.is_rootless)
		doctor_check(&subject, rootless_checks);
	doctor_check_policies(&subject);
}

static struct visited_engine *engine_of(struct doctor *doctor,
					const struct environment *environment)
{
	return &doctor->visit.engines[environment->engine - doctor->fleet->engines];
}

static void check_environment(struct doctor *doctor, const struct environment *environment)
{
	struct control_plane plane;
	const struct subject subject = {
		.doctor = doctor,
		.engine = engine_of(doctor, environment),
		.environment = environment,
		.plane = &plane,
	};

	doctor_ask_control_plane(doctor, environment, &plane);
	doctor_check(&subject, environment_checks);
	doctor_check(&subject, queue_checks);
	if (doctor->looks_inside)
		doctor_look_inside(&subject);
}

static void check_all(struct doctor *doctor)
{
	const struct subject host = {.doctor = doctor};
	const struct fleet *fleet = doctor->fleet;

	doctor_check(&host, host_checks);
	if (doctor->looks_inside)
		doctor_remove_leftovers(doctor);
	for (size_t i = 0; i < fleet->engine_count && doctor->visit.exit_code == EXIT_DONE; i++)
		check_engine(doctor, &doctor->visit.engines[i]);
	for (size_t i = 0; i < fleet->environment_count && doctor->visit.exit_code == EXIT_DONE;
	     i++)
		check_environment(doctor, &fleet->environments[i]);
}

/* The policy that environments get where nobody says another. False after stderr was told. */
static bool read_default_policy(struct doctor *doctor)
{
	struct problems problems;

	if (doctor->fleet->environment_count > 0)
		return true;
	problems_init(&problems);
	int r = fleet_read_policy(doctor->fleet, "hardened", &problems, &doctor->default_policy);
	if (r < 0)
		(void)fputs(problems.text.data, stderr);
	problems_done(&problems);
	return r == 0;
}

static void print_text(const struct doctor *doctor)
{
	report_print_text(&doctor->report);
	if (doctor->fleet->environment_count > 0 && !doctor->looks_inside)
		printf("Nobody has looked into the images: --inside starts a container of each "
		       "and removes it.\n");
}

/* What stands in the way of the whole look, as an exit code; else what was found. */
static int examine(struct doctor *doctor, bool as_json)
{
	_cleanup_free_ char *instance = doctors_instance(doctor->fleet);
	int exit_code;

	if (!read_default_policy(doctor))
		return EXIT_CONFIG;
	if (visit_open_silently(&doctor->visit, "doctor", doctor->fleet, instance)) {
		doctor->visit.goes_on = true;
		check_all(doctor);
	}
	exit_code = doctor->visit.exit_code;
	visit_close(&doctor->visit);
	if (as_json)
		report_print_json(&doctor->report);
	else
		print_text(doctor);
	if (exit_code == EXIT_DONE)
		exit_code = report_exit_code(&doctor->report);
	report_done(&doctor->report);
	policy_free(doctor->default_policy);
	return exit_code;
}

static int run_doctor(int argc, char **argv)
{
	struct doctor_flags flags = {.output = "table", .host_root = "/"};
	int exit_code;

	if (!flags_parse(&command_doctor, &flags, argc, argv, &exit_code))
		return exit_code;
	if (!is_directory(flags.host_root)) {
		(void)fprintf(stderr, "berth doctor: --host-root '%s' is no directory\n",
			      flags.host_root);
		return EXIT_USAGE;
	}
	flags.fleet.need = need_of(&flags.fleet);
	struct fleet *fleet = load_or_explain(&flags.fleet);
	if (!fleet)
		return EXIT_CONFIG;
	struct doctor doctor = {
		.fleet = fleet,
		.looks_inside = flags.inside,
		/* Paths begin with a slash of their own. */
		.host_root = strcmp(flags.host_root, "/") == 0 ? "" : flags.host_root,
	};
	exit_code = examine(&doctor, strcmp(flags.output, "json") == 0);
	fleet_free(fleet);
	return exit_code;
}

static const struct flag_group doctor_groups[] = {
	{doctor_flag_rows, 0},
	{engine_flags, offsetof(struct doctor_flags, fleet)},
	{environment_flags, offsetof(struct doctor_flags, fleet)},
	{NULL},
};

const struct command command_doctor = {
	.name = "doctor",
	.summary = "say what sessions need and do not find here",
	.description =
		"Looks at this host, its engines, what each engine can keep of the policies, keys, "
		"images and the\ncontrol plane. Each line is ok, a warning, a failure or skipped, "
		"with a command that helps where\none does. Claims nothing, makes nothing, pulls "
		"nothing; with --inside it starts one container for\neach environment, as a "
		"session would get it but without network and key, and removes it; --image\nalone "
		"says which image is meant. The exit code is that of the gravest failure, 0 if "
		"there is none.",
	.groups = doctor_groups,
	.run = run_doctor,
};
