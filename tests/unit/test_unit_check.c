/* SPDX-License-Identifier: Apache-2.0 */
/* A systemd unit against the configuration that it serves. */
#include "base/cleanup.h"
#include "config/unit_check.h"
#include "unit/fleet_files.h"
#include "unit/unit.h"

#include <string.h>

#define RUN "/bin/berth run --config fleet.yaml"

/* A unit in which nothing is amiss, one setting a line from 2 on. */
static const char *const fine[] = {
	"Type=notify",
	("ExecStart=" RUN),
	"WatchdogSec=2min",
	"Restart=on-failure",
	"RestartPreventExitStatus=64 77 78",
	"TimeoutStopSec=90",
	"UnsetEnvironment=ANTHROPIC_API_KEY",
};

/* The fine unit with `change` instead of the setting of that name; "Name" alone leaves it out. */
static char *unit_text(const char *change)
{
	struct buf text;
	size_t length = strcspn(change, "=");
	bool is_done = change[0] == '\0';

	buf_init(&text, 4096);
	(void)!buf_adds(&text, "[Service]\n");
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
		bool is_it = length > 0 && strncmp(fine[i], change, length) == 0 &&
			     fine[i][length] == '=';
		if (is_it && change[length] == '\0')
			is_done = true;
		else
			(void)!buf_addf(&text, "%s\n", is_it ? change : fine[i]);
		is_done = is_done || is_it;
	}
	if (!is_done)
		(void)!buf_addf(&text, "%s\n", change);
	return buf_take(&text);
}

static struct fleet *fleet_with(const char *more)
{
	_cleanup_free_ char *yaml = xasprintf("version: 1\n%s\n", more);

	return loaded(yaml, (struct fleet_flags){.need = FLEET_ALL});
}

static struct unit *read_changed(const char *change)
{
	_cleanup_free_ char *text = unit_text(change);
	struct unit *unit = NULL;
	struct err err;

	write_file("berth.service", 0644, text);
	assert_int_equal(unit_read("berth.service", &unit, &err), 0);
	return unit;
}

/* The fine unit with that change gets `count` warnings; `part` is in them. */
static void assert_warned(const char *yaml, const char *change, unsigned count, const char *part)
{
	struct fleet *fleet = fleet_with(yaml);
	struct unit *unit = read_changed(change);

	unit_check(unit, fleet, &fleet->warnings);
	if (fleet->warnings.count != count || !strstr(problems_text(&fleet->warnings), part))
		fail_msg("%s: expected %u with \"%s\", got %u: %s", change, count, part,
			 fleet->warnings.count, problems_text(&fleet->warnings));
	(void)unit_free(unit);
	(void)fleet_free(fleet);
}

static const char one[] = "environments: [{id: env_1, image: a:1, key: {file: key}}]";
static const char stops[] = "on_shutdown: stop\n"
			    "environments: [{id: env_1, image: a:1, key: {file: key}},\n"
			    "  {id: env_2, image: a:1, key: {file: key}, "
			    "timeouts: {stop_grace: 10m}}]";

static void one_that_fits_is_passed_in_silence(void **state)
{
	(void)state;
	assert_warned(one, "", 0, "");
}

static void one_that_says_nothing_is_told_everything_at_its_section(void **state)
{
	struct fleet *fleet = fleet_with(one);
	struct unit *unit = NULL;
	struct err err;
	(void)state;

	write_file("berth.service", 0644, "[Unit]\n[Service]\nExecStart=/bin/berth run\n");
	assert_int_equal(unit_read("berth.service", &unit, &err), 0);
	unit_check(unit, fleet, &fleet->warnings);
	assert_int_equal(fleet->warnings.count, 4);
	for (const char *line = problems_text(&fleet->warnings); *line != '\0';
	     line = strchr(line, '\n') + 1)
		assert_int_equal(strncmp(line, "berth.service:2: ", 17), 0);
	(void)unit_free(unit);
	(void)fleet_free(fleet);
}

static void without_notify_systemd_does_not_know_when_it_is_ready(void **state)
{
	(void)state;
	assert_warned(one, "Type=exec", 1, "berth.service:2: Type=exec: ");
	assert_warned(one, "Type", 1, "Type=simple: ");
	assert_warned(one, "Type=notify-reload", 0, "");
	assert_warned(one, "NotifyAccess=none", 1, "berth.service:9: NotifyAccess=none: ");
	assert_warned(one, "NotifyAccess=all", 0, "");
}

static void without_restart_it_stays_away(void **state)
{
	(void)state;
	assert_warned(one, "Restart=no", 1, "berth.service:5: Restart=no: ");
	assert_warned(one, "Restart", 1, "say Restart=on-failure");
	assert_warned(one, "Restart=on-abnormal", 1, "say Restart=on-failure");
	assert_warned(one, "Restart=always", 0, "");
}

static void what_no_restart_mends_must_not_be_restarted(void **state)
{
	(void)state;
	assert_warned(one, "RestartPreventExitStatus=64 78", 1,
		      "berth.service:6: without RestartPreventExitStatus=77 it is started over and "
		      "over with rejected keys");
	assert_warned(one, "RestartPreventExitStatus", 3, "wrong command line");
	assert_warned(one, "RestartPreventExitStatus=USAGE NOPERM CONFIG", 0, "");
}

static void a_unit_that_kills_nothing_is_no_good(void **state)
{
	(void)state;
	assert_warned(one, "KillMode=none", 1, "berth.service:9: KillMode=none: ");
	assert_warned(one, "KillMode=mixed", 0, "");
}

static void an_organization_key_must_not_come_from_the_manager(void **state)
{
	(void)state;
	assert_warned(one, "UnsetEnvironment=OTHER", 1,
		      "berth.service:8: berth does not serve while an organization's key is set");
	assert_warned(one, "UnsetEnvironment=OTHER ANTHROPIC_API_KEY", 0, "");
}

static void a_watchdog_must_leave_time_for_one_more_poll(void **state)
{
	(void)state;
	assert_warned(one, "WatchdogSec=30", 1,
		      "berth.service:4: WatchdogSec=30: once polls go unanswered");
	assert_warned(one, "WatchdogSec=41", 1, "say WatchdogSec=50s or more");
	assert_warned(one, "WatchdogSec=42", 0, "");
	assert_warned(one, "WatchdogSec", 1, "without WatchdogSec");
	assert_warned(one, "WatchdogSec=0", 1, "without WatchdogSec");
	assert_warned(one, "WatchdogSec=often", 1, "WatchdogSec=often is no time span");
}

static void leaving_needs_the_time_of_launches_and_removals(void **state)
{
	(void)state;
	assert_warned(one, "TimeoutStopSec=19", 1,
		      "berth.service:7: TimeoutStopSec=19: systemd kills berth too early: launches "
		      "and removals under way get 20s to end: say TimeoutStopSec=20s or more");
	assert_warned(one, "TimeoutStopSec=20", 0, "");
	assert_warned(one, "TimeoutStopSec", 0, "");
	assert_warned(one, "TimeoutStopSec=0", 0, "");
	assert_warned(one, "TimeoutStopSec=soon", 1, "no time span");
}

static void stopping_needs_the_longest_grace_and_the_removal(void **state)
{
	(void)state;
	assert_warned(stops, "TimeoutStopSec=90", 1, "say TimeoutStopSec=10m20s or more");
	assert_warned(stops, "TimeoutStopSec=10min 19s", 1, "sessions get 10m");
	assert_warned(stops, "TimeoutStopSec=10min 20s", 0, "");
	assert_warned(stops, "TimeoutStopSec=infinity", 0, "");
	assert_warned(stops, "TimeoutStopSec", 1, "TimeoutStopSec=1m30s (the default): ");
}

static void the_later_of_both_names_of_that_time_counts(void **state)
{
	(void)state;
	assert_warned(one, "TimeoutSec=5", 1, "berth.service:9: TimeoutSec=5: ");
	assert_warned(stops, "TimeoutSec=infinity", 0, "");
}

static void a_flag_of_the_unit_comes_before_the_file(void **state)
{
	(void)state;
	assert_warned(one, "ExecStart=" RUN " --on-shutdown stop", 0, "");
	assert_warned(stops, "ExecStart=" RUN " --on-shutdown=leave", 0, "");
	assert_warned("environments: [{id: env_1, image: a:1, key: {file: key}, "
		      "timeouts: {stop_grace: 71s}}]",
		      "ExecStart=" RUN " --on-shutdown stop", 1, "on_shutdown: stop");
}

static void a_unit_that_waits_for_its_sessions_needs_theirs(void **state)
{
	(void)state;
	assert_warned(one, "KillSignal=SIGQUIT", 1, "may run for 6h");
	assert_warned(one, "KillSignal=SIGINT", 0, "");
}

static void a_drain_is_no_service_that_stays(void **state)
{
	struct fleet *fleet = fleet_with(one);
	struct unit *unit = NULL;
	struct err err;
	(void)state;

	write_file("drain.service", 0644,
		   "[Service]\nType=oneshot\nExecStart=/bin/berth drain\nTimeoutStopSec=5\n"
		   "UnsetEnvironment=ANTHROPIC_API_KEY\n");
	assert_int_equal(unit_read("drain.service", &unit, &err), 0);
	unit_check(unit, fleet, &fleet->warnings);
	assert_int_equal(fleet->warnings.count, 1);
	assert_int_equal(strncmp(problems_text(&fleet->warnings), "drain.service:4: ", 17), 0);
	(void)unit_free(unit);
	(void)fleet_free(fleet);
}

static void assert_serves(const char *exec_start, bool serves)
{
	struct fleet *fleet = fleet_with(one);
	struct unit *unit = read_changed(exec_start);

	assert_int_equal(unit_serves(unit, fleet), serves);
	(void)unit_free(unit);
	(void)fleet_free(fleet);
}

static void a_unit_is_known_by_the_file_that_it_names(void **state)
{
	(void)state;
	assert_serves("ExecStart=/bin/berth run --config ./fleet.yaml", true);
	assert_serves("ExecStart=/bin/berth run --config /nowhere/fleet.yaml", false);
	assert_serves("ExecStart=/bin/berth run --config %h/fleet.yaml", true);
	assert_serves("ExecStart=/bin/berth run", true);
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, fleet_files_setup, fleet_files_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(one_that_fits_is_passed_in_silence),
		TEST(one_that_says_nothing_is_told_everything_at_its_section),
		TEST(without_notify_systemd_does_not_know_when_it_is_ready),
		TEST(without_restart_it_stays_away),
		TEST(what_no_restart_mends_must_not_be_restarted),
		TEST(a_unit_that_kills_nothing_is_no_good),
		TEST(an_organization_key_must_not_come_from_the_manager),
		TEST(a_watchdog_must_leave_time_for_one_more_poll),
		TEST(leaving_needs_the_time_of_launches_and_removals),
		TEST(stopping_needs_the_longest_grace_and_the_removal),
		TEST(the_later_of_both_names_of_that_time_counts),
		TEST(a_flag_of_the_unit_comes_before_the_file),
		TEST(a_unit_that_waits_for_its_sessions_needs_theirs),
		TEST(a_drain_is_no_service_that_stays),
		TEST(a_unit_is_known_by_the_file_that_it_names),
	};

	return cmocka_run_group_tests_name("unit check", tests, NULL, NULL);
}
