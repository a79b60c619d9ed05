/* SPDX-License-Identifier: Apache-2.0 */
#include "config/unit_check.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_STOP_MS 90000 /* systemd's DefaultTimeoutStopSec */

/* Once polls go unheard the watchdog is not fed any more, and the last time was up to half its
 * interval ago. The other half is for one more poll: the back-off before it, and its time limit on
 * top of block_ms (queue/poller.c, queue/api.c). */
#define ONE_MORE_POLL_MS 20000

#define ROUND_MS 10000

struct check {
	const struct unit *unit;
	const struct fleet *fleet;
	struct problems *warnings;
	bool is_drain;
};

static void warn_at(const struct check *check, const struct unit_setting *setting,
		    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* At the setting, or at its section where it is missing. */
static void warn_at(const struct check *check, const struct unit_setting *setting,
		    const char *format, ...)
{
	const struct unit *unit = check->unit;
	va_list arguments;

	va_start(arguments, format);
	problems_addv(check->warnings, setting ? setting->file : unit->files[0],
		      setting ? setting->line : unit->section_line, 0, format, arguments);
	va_end(arguments);
}

static const char *value_of(const struct unit_setting *setting, const char *otherwise)
{
	return setting ? setting->value : otherwise;
}

/* The value of a time, `otherwise` where it is not set. False after a warning: it is none. */
static bool read_time(const struct check *check, const struct unit_setting *setting,
		      int64_t otherwise, int64_t *ret_ms)
{
	*ret_ms = otherwise;
	if (!setting || unit_parse_time(setting->value, ret_ms) == 0)
		return true;
	warn_at(check, setting, "%s=%s is no time span: say %s=90", setting->key, setting->value,
		setting->key);
	return false;
}

/* What to say instead of a time that is too short: enough, in a round number. */
static void format_enough(char into[32], int64_t ms)
{
	text_format_duration(into, (ms + ROUND_MS - 1) / ROUND_MS * ROUND_MS);
}

/* --- one function per setting ----------------------------------------------------------------- */

static void check_type(const struct check *check)
{
	const struct unit_setting *type = unit_get(check->unit, "Type");
	const struct unit_setting *access = unit_get(check->unit, "NotifyAccess");
	const char *value = value_of(type, "simple");

	if (check->is_drain)
		return;
	if (!text_starts_with(value, "notify")) {
		warn_at(check, type,
			"Type=%s: systemd takes berth for ready before it has adopted what an "
			"earlier run left, and hears nothing of reloads: say Type=notify",
			value);
		return;
	}
	if (strcmp(value_of(access, "main"), "none") == 0)
		warn_at(check, access,
			"NotifyAccess=none: systemd waits in vain for berth to be ready: say "
			"NotifyAccess=main");
}

/* The statuses that no restart mends. */
static void check_prevented(const struct check *check)
{
	static const struct {
		const char *code, *name, *meaning;
	} codes[] = {
		{"64", "USAGE", "a wrong command line"},
		{"77", "NOPERM", "rejected keys"},
		{"78", "CONFIG", "a refused configuration"},
	};
	static const char key[] = "RestartPreventExitStatus";

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (unit_has_word(check->unit, key, codes[i].code) ||
		    unit_has_word(check->unit, key, codes[i].name))
			continue;
		warn_at(check, unit_get(check->unit, key),
			"without %s=%s it is started over and over with %s: say %s=64 77 78", key,
			codes[i].code, codes[i].meaning, key);
	}
}

static void check_restart(const struct check *check)
{
	const struct unit_setting *restart = unit_get(check->unit, "Restart");
	const char *value = value_of(restart, "no");

	if (check->is_drain)
		return;
	if (strcmp(value, "on-failure") == 0 || strcmp(value, "always") == 0) {
		check_prevented(check);
		return;
	}
	warn_at(check, restart,
		"Restart=%s: berth stays away after an engine was not there at its start (69) or a "
		"watchdog ended it: say Restart=on-failure",
		value);
}

static void check_kill_mode(const struct check *check)
{
	const struct unit_setting *mode = unit_get(check->unit, "KillMode");

	if (strcmp(value_of(mode, "control-group"), "none") == 0)
		warn_at(check, mode,
			"KillMode=none: nothing tells berth to end, and the next one finds its "
			"state_dir locked: take it out (sessions are no processes of this service "
			"and run on all the same)");
}

static void check_environment(const struct check *check)
{
	const struct unit_setting *unset = unit_get(check->unit, "UnsetEnvironment");

	if (!unit_has_word(check->unit, "UnsetEnvironment", "ANTHROPIC_API_KEY"))
		warn_at(check, unset,
			"berth does not serve while an organization's key is set, which a "
			"manager's "
			"environment may bring along: say UnsetEnvironment=ANTHROPIC_API_KEY");
}

static int64_t longest_block_ms(const struct fleet *fleet)
{
	int64_t longest = 0;

	for (size_t i = 0; i < fleet->environment_count; i++)
		if ((int64_t)fleet->environments[i].poll.block_ms > longest)
			longest = (int64_t)fleet->environments[i].poll.block_ms;
	return longest;
}

static void check_watchdog(const struct check *check)
{
	const struct unit_setting *watchdog = unit_get(check->unit, "WatchdogSec");
	int64_t given_ms, needed_ms = 2 * (ONE_MORE_POLL_MS + longest_block_ms(check->fleet));
	char enough[32];

	if (!read_time(check, watchdog, 0, &given_ms) || given_ms >= needed_ms)
		return;
	if (given_ms == 0) {
		if (!check->is_drain)
			warn_at(check, watchdog,
				"without WatchdogSec nobody notices that polls are not answered "
				"any more: say WatchdogSec=2m");
		return;
	}
	format_enough(enough, needed_ms);
	warn_at(check, watchdog,
		"WatchdogSec=%s: once polls go unanswered, half of it must be enough for one more "
		"poll, or berth is ended although it may be answered again: say WatchdogSec=%s or "
		"more",
		watchdog->value, enough);
}

/* --- the time to stop ------------------------------------------------------------------------- */

static enum shutdown_mode shutdown_mode_of(const struct check *check)
{
	_cleanup_free_ char *flag = unit_flag(check->unit, "--on-shutdown");

	if (!flag)
		return check->fleet->on_shutdown;
	return strcmp(flag, "stop") == 0 ? SHUTDOWN_STOP : SHUTDOWN_LEAVE;
}

static int64_t longest_session_ms(const struct fleet *fleet)
{
	int64_t longest = 0;

	for (size_t i = 0; i < fleet->environment_count; i++)
		if (fleet->environments[i].timeouts.session_ms > longest)
			longest = fleet->environments[i].timeouts.session_ms;
	return longest;
}

/* How long berth may take to end, and for what. The text is the caller's. */
static int64_t time_to_stop_ms(const struct check *check, char **ret_why)
{
	const struct unit_setting *signal = unit_get(check->unit, "KillSignal");
	int64_t grace_ms = fleet_longest_grace_ms(check->fleet);
	int64_t session_ms = longest_session_ms(check->fleet);
	char text[32];

	if (strstr(value_of(signal, "SIGTERM"), "QUIT")) {
		text_format_duration(text, session_ms);
		*ret_why = xasprintf("after SIGQUIT berth waits for its sessions, which may run "
				     "for %s (the longest timeouts.session), and removes them",
				     text);
		return session_ms + grace_ms + FLEET_PATIENCE_MS;
	}
	if (shutdown_mode_of(check) == SHUTDOWN_STOP) {
		text_format_duration(text, grace_ms);
		*ret_why = xasprintf("with on_shutdown: stop, sessions get %s to hand in their "
				     "work (the longest timeouts.stop_grace), and are removed",
				     text);
		return grace_ms + FLEET_PATIENCE_MS;
	}
	*ret_why = xstrdup("launches and removals under way get 20s to end");
	return FLEET_PATIENCE_MS;
}

/* TimeoutSec sets it, too: of both the later one counts. */
static const struct unit_setting *stop_setting(const struct unit *unit)
{
	const struct unit_setting *both = unit_get(unit, "TimeoutSec");
	const struct unit_setting *own = unit_get(unit, "TimeoutStopSec");

	return both && (!own || both > own) ? both : own;
}

static void check_time_to_stop(const struct check *check)
{
	const struct unit_setting *setting = stop_setting(check->unit);
	_cleanup_free_ char *why = NULL;
	int64_t given_ms, needed_ms = time_to_stop_ms(check, &why);
	char enough[32], given[32];

	if (!read_time(check, setting, DEFAULT_STOP_MS, &given_ms))
		return;
	/* 0 means no limit here. */
	if (given_ms == 0 || given_ms >= needed_ms)
		return;
	text_format_duration(given, given_ms);
	format_enough(enough, needed_ms);
	warn_at(check, setting,
		"%s=%s%s: systemd kills berth too early: %s: say TimeoutStopSec=%s or more",
		setting ? setting->key : "TimeoutStopSec", value_of(setting, given),
		setting ? "" : " (the default)", why, enough);
}

/* ---------------------------------------------------------------------------------------------- */

bool unit_serves(const struct unit *unit, const struct fleet *fleet)
{
	_cleanup_free_ char *said = unit_flag(unit, "--config");

	/* A specifier cannot be told from here; neither can $BERTH_CONFIG. */
	if (!said || strpbrk(said, "%$"))
		return true;
	if (!fleet->file)
		return false;
	_cleanup_free_ char *theirs = realpath(said, NULL);
	_cleanup_free_ char *ours = realpath(fleet->file, NULL);
	return theirs && ours && strcmp(theirs, ours) == 0;
}

void unit_check(const struct unit *unit, const struct fleet *fleet, struct problems *warnings)
{
	const struct check check = {unit, fleet, warnings, unit_has_argument(unit, "drain")};

	check_type(&check);
	check_restart(&check);
	check_kill_mode(&check);
	check_environment(&check);
	check_watchdog(&check);
	check_time_to_stop(&check);
}
