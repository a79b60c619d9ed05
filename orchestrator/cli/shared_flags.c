/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/shared_flags.h"

#include "base/log.h"
#include "config/rows.h"
#include "policy/option.h"

#include <stdio.h>
#include <string.h>

/* --- what a flag's value must be like, as the key of the fleet file that it stands for ----------
 */

static int check_of_fleet(const char *key, const char *text, struct err *err)
{
	struct fleet scratch = {.references = 0};

	int r = option_set(option_find(fleet_rows, key), &scratch, text, err);
	option_free(fleet_rows, &scratch);
	return r;
}

static int check_of_environment(const char *key, const char *text, struct err *err)
{
	struct environment scratch = {.id = NULL};

	int r = option_set(option_find(environment_rows, key), &scratch, text, err);
	option_free(environment_rows, &scratch);
	return r;
}

static int check_engine(const char *text, struct err *err)
{
	struct engine_settings scratch = {.name = NULL};

	int r = option_set(option_find(engine_rows, "socket"), &scratch, text, err);
	option_free(engine_rows, &scratch);
	return r;
}

static int check_instance(const char *text, struct err *err)
{
	return check_of_fleet("instance", text, err);
}

static int check_state_dir(const char *text, struct err *err)
{
	return check_of_fleet("state_dir", text, err);
}

static int check_policy_dir(const char *text, struct err *err)
{
	return check_of_fleet("policy_dir", text, err);
}

static int check_environment_id(const char *text, struct err *err)
{
	return check_of_environment("id", text, err);
}

static int check_image(const char *text, struct err *err)
{
	return check_of_environment("image", text, err);
}

static int check_policy(const char *text, struct err *err)
{
	return check_of_environment("policy", text, err);
}

static int check_sessions(const char *text, struct err *err)
{
	return check_of_environment("sessions", text, err);
}

/* --- the flags -------------------------------------------------------------------------------- */

const struct flag engine_flags[] = {
	{.name = "config",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, config),
	 .argument = "FILE",
	 .help = "the fleet file [BERTH_CONFIG]"},
	{.name = "engine",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, engine),
	 .argument = "unix:///PATH",
	 .check = check_engine,
	 .help = "the container engine's socket [BERTH_ENGINE]"},
	{.name = "instance",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, instance),
	 .argument = "NAME",
	 .check = check_instance,
	 .help = "whose containers these are (default: default)"},
	{.name = NULL},
};

const struct flag environment_flags[] = {
	{.name = "environment-id",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, environment_id),
	 .argument = "ID",
	 .check = check_environment_id,
	 .help = "the environment to serve [ANTHROPIC_ENVIRONMENT_ID]"},
	{.name = "environment-key-file",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, environment_key_file),
	 .argument = "FILE",
	 .check = key_check_source,
	 .help = "its key [ANTHROPIC_ENVIRONMENT_KEY_FILE]"},
	{.name = "image",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, image),
	 .argument = "IMAGE",
	 .check = check_image,
	 .help = "the session image"},
	{.name = "policy",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, policy),
	 .argument = "NAME",
	 .check = check_policy,
	 .help = "the hardening policy (default: hardened)"},
	{.name = "policy-dir",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, policy_dir),
	 .argument = "DIRECTORY",
	 .check = check_policy_dir,
	 .help = "policies that come before the installed ones"},
	{.name = "sessions",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, sessions),
	 .argument = "N",
	 .check = check_sessions,
	 .help = "most sessions of the environment at once (default: 8)"},
	{.name = "credential",
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct fleet_flags, credential),
	 .argument = "auto|secret|key",
	 .help = "what the worker identifies itself with (default: auto)"},
	{.name = "state-dir",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, state_dir),
	 .argument = "DIRECTORY",
	 .check = check_state_dir,
	 .help = "lock and records"},
	{.name = "on-shutdown",
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct fleet_flags, on_shutdown),
	 .argument = "leave|stop",
	 .help = "what SIGTERM does to running sessions (default: leave)"},
	{.name = NULL},
};

const struct flag state_flags[] = {
	{.name = "state-dir",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, state_dir),
	 .argument = "DIRECTORY",
	 .check = check_state_dir,
	 .help = "where berth keeps the output of containers that are gone"},
	{.name = NULL},
};

const struct flag config_flags[] = {
	{.name = "config",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, config),
	 .argument = "FILE",
	 .help = "the fleet file [BERTH_CONFIG]"},
	{.name = NULL},
};

const struct flag key_flags[] = {
	{.name = "environment-id",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, environment_id),
	 .argument = "ID",
	 .check = check_environment_id,
	 .help = "the environment [ANTHROPIC_ENVIRONMENT_ID]"},
	{.name = "environment-key-file",
	 .type = FLAG_TEXT,
	 .offset = offsetof(struct fleet_flags, environment_key_file),
	 .argument = "FILE",
	 .check = key_check_source,
	 .help = "its key [ANTHROPIC_ENVIRONMENT_KEY_FILE]"},
	{.name = NULL},
};

const struct flag log_flag_rows[] = {
	{.name = "log-format",
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct log_flags, format),
	 .argument = "text|json",
	 .help = "how events are written on stderr (default: text)"},
	{.name = "log-level",
	 .type = FLAG_CHOICE,
	 .offset = offsetof(struct log_flags, level),
	 .argument = "error|warning|info|debug",
	 .help = "the least grave events to write (default: info)"},
	{.name = NULL},
};

void log_flags_apply(const struct log_flags *flags)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{"error", LOG_ERROR},
		{"warning", LOG_WARNING},
		{"info", LOG_INFO},
		{"debug", LOG_DEBUG},
	};

	if (flags->format)
		log_set_format(strcmp(flags->format, "json") == 0 ? LOG_JSON : LOG_TEXT);
	for (size_t i = 0; flags->level && i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(levels[i].name, flags->level) == 0)
			log_set_level(levels[i].level);
}

struct fleet *load_or_explain(const struct fleet_flags *flags)
{
	struct problems problems;
	struct fleet *fleet = NULL;

	problems_init(&problems);
	if (fleet_load(flags, &problems, &fleet) < 0)
		(void)fputs(problems_text(&problems), stderr);
	problems_done(&problems);
	return fleet;
}
