/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager is told, on a clock that moves when told to. */
#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/service.h"
#include "fake_io.h"
#include "fake_notify.h"
#include "unit/unit.h"

#include <string.h>

#define WATCHDOG_MS 20000

struct fixture {
	struct loop *loop;
	struct service service;
	struct service_facts facts;
};

static void look(struct service_facts *ret, void *arg)
{
	const struct fixture *f = arg;

	*ret = f->facts;
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	assert_int_equal(loop_new(&f->loop, NULL), 0);
	f->facts = (struct service_facts){.slots_at_most = 16, .engines = 1, .polling = 2};
	f->facts.environments[CLAIMANT_IS_SERVING] = 2;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	service_done(&f->service);
	(void)loop_free(f->loop);
	fake_notify_end();
	free(f);
	return 0;
}

static void begin(struct fixture *f)
{
	service_init(&f->service, f->loop, look, f);
	fake_run(f->loop, 0);
}

static void begin_watched(struct fixture *f)
{
	fake_notify_watch(WATCHDOG_MS);
	begin(f);
	service_ready(&f->service);
	fake_run(f->loop, 0);
}

/* How often the watchdog is fed in the next `ms`. */
static size_t feeds(struct fixture *f, uint64_t ms)
{
	size_t before = fake_notify_count("WATCHDOG=1");

	fake_run(f->loop, ms);
	return fake_notify_count("WATCHDOG=1") - before;
}

/* --- phases -------------------------------------------------------------------------------------
 */

static void readiness_is_told_once(void **state)
{
	struct fixture *f = *state;

	begin(f);
	assert_int_equal(fake_notify_count("READY=1"), 0);
	service_ready(&f->service);
	service_ready(&f->service);
	assert_int_equal(fake_notify_count("READY=1"), 1);
}

static void a_reload_is_told_at_both_ends(void **state)
{
	struct fixture *f = *state;

	begin(f);
	service_ready(&f->service);
	service_reloading(&f->service);
	assert_int_equal(fake_notify_count("RELOADING=1"), 1);
	assert_int_equal(fake_notify_count("READY=1"), 1);
	service_reloaded(&f->service);
	assert_int_equal(fake_notify_count("READY=1"), 2);
}

static void a_reload_while_starting_does_not_make_it_ready(void **state)
{
	struct fixture *f = *state;

	begin(f);
	service_reloading(&f->service);
	service_reloaded(&f->service);
	assert_int_equal(fake_notify_count("RELOADING=1"), 0);
	assert_int_equal(fake_notify_count("READY=1"), 0);
}

static void stopping_is_told_once_with_the_time_it_takes(void **state)
{
	struct fixture *f = *state;

	begin(f);
	service_ready(&f->service);
	service_stopping(&f->service, 30000);
	service_stopping(&f->service, 10000);
	assert_int_equal(fake_notify_count("STOPPING=1"), 1);
	assert_string_equal(fake_notify_last("STOPPING=1"),
			    "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000");
	service_reloading(&f->service);
	service_reloaded(&f->service);
	assert_int_equal(fake_notify_count("RELOADING=1"), 0);
	assert_int_equal(fake_notify_count("READY=1"), 1);
}

static void finishing_tells_the_manager_nothing_that_starts_its_clock(void **state)
{
	struct fixture *f = *state;

	begin(f);
	service_ready(&f->service);
	service_finishing(&f->service);
	fake_run(f->loop, 5000);
	assert_int_equal(fake_notify_count("STOPPING=1"), 0);
	assert_non_null(strstr(fake_notify_last("STATUS="), "finishing; "));
	service_stopping(&f->service, 1000);
	assert_int_equal(fake_notify_count("STOPPING=1"), 1);
	service_finishing(&f->service);
	fake_run(f->loop, 5000);
	assert_non_null(strstr(fake_notify_last("STATUS="), "stopping; "));
}

/* --- status -------------------------------------------------------------------------------------
 */

static void the_status_is_one_line_with_what_an_operator_asks_first(void **state)
{
	struct fixture *f = *state;

	begin(f);
	assert_string_equal(fake_notify_last("STATUS="),
			    "STATUS=starting; sessions running: 0, slots taken: 0 of 16; "
			    "environments serving: 2");
	service_ready(&f->service);
	f->facts.sessions = 3;
	f->facts.slots = 4;
	f->facts.environments[CLAIMANT_IS_SERVING] = 1;
	f->facts.environments[CLAIMANT_IS_PAUSED] = 1;
	f->facts.environments[CLAIMANT_IS_REJECTED] = 2;
	f->facts.engines_away = 1;
	f->facts.unheard = 1;
	fake_run(f->loop, 1000);
	assert_string_equal(fake_notify_last("STATUS="),
			    "STATUS=engines away: 1 of 1; sessions running: 3, slots taken: 4 of "
			    "16; environments serving: 1, paused: 1, rejected: 2; polls without an "
			    "answer: 1 of 2");
}

static void the_status_is_told_when_it_changes_and_at_most_once_a_second(void **state)
{
	struct fixture *f = *state;

	begin(f);
	service_ready(&f->service);
	fake_run(f->loop, 5000);
	assert_int_equal(fake_notify_count("STATUS="), 2);
	for (unsigned i = 0; i < 50; i++) {
		f->facts.sessions++;
		service_changed(&f->service);
		fake_run(f->loop, 100);
	}
	assert_in_range(fake_notify_count("STATUS="), 6, 8);
	fake_run(f->loop, 1000);
	assert_non_null(strstr(fake_notify_last("STATUS="), "sessions running: 50,"));
	size_t told = fake_notify_count("STATUS=");
	service_changed(&f->service);
	fake_run(f->loop, 60000);
	assert_int_equal(fake_notify_count("STATUS="), told);
}

/* --- the watchdog -------------------------------------------------------------------------------
 */

static void nobody_is_fed_where_nobody_watches(void **state)
{
	struct fixture *f = *state;

	begin(f);
	service_ready(&f->service);
	assert_int_equal(feeds(f, 600000), 0);
}

static void the_watchdog_is_fed_at_half_its_interval(void **state)
{
	struct fixture *f = *state;

	begin_watched(f);
	assert_int_equal(fake_notify_count("WATCHDOG=1"), 1);
	assert_int_equal(feeds(f, (uint64_t)WATCHDOG_MS * 10), 20);
}

static void it_is_not_fed_while_every_environment_that_polls_goes_unheard(void **state)
{
	struct fixture *f = *state;

	begin_watched(f);
	f->facts.unheard = 1;
	assert_int_equal(feeds(f, (uint64_t)WATCHDOG_MS * 10), 20);
	f->facts.unheard = 2;
	assert_int_equal(feeds(f, (uint64_t)WATCHDOG_MS * 10), 0);
}

static void it_is_fed_within_a_second_of_the_first_answer(void **state)
{
	struct fixture *f = *state;

	begin_watched(f);
	f->facts.unheard = 2;
	assert_int_equal(feeds(f, (uint64_t)WATCHDOG_MS * 10), 0);
	f->facts.unheard = 0;
	assert_int_equal(feeds(f, 1000), 1);
	assert_int_equal(feeds(f, (uint64_t)WATCHDOG_MS * 10), 20);
}

static void it_is_fed_while_no_environment_polls(void **state)
{
	struct fixture *f = *state;

	begin_watched(f);
	f->facts.polling = 0;
	assert_int_equal(feeds(f, (uint64_t)WATCHDOG_MS * 10), 20);
}

static void it_is_fed_in_every_phase_that_does_not_claim(void **state)
{
	struct fixture *f = *state;

	f->facts.unheard = 2;
	fake_notify_watch(WATCHDOG_MS);
	begin(f);
	assert_int_equal(feeds(f, (uint64_t)WATCHDOG_MS * 10), 20);
	service_ready(&f->service);
	service_finishing(&f->service);
	assert_int_equal(feeds(f, (uint64_t)WATCHDOG_MS * 10), 20);
	service_stopping(&f->service, 1000);
	assert_int_equal(feeds(f, (uint64_t)WATCHDOG_MS * 10), 20);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(readiness_is_told_once),
		TEST(a_reload_is_told_at_both_ends),
		TEST(a_reload_while_starting_does_not_make_it_ready),
		TEST(stopping_is_told_once_with_the_time_it_takes),
		TEST(finishing_tells_the_manager_nothing_that_starts_its_clock),
		TEST(the_status_is_one_line_with_what_an_operator_asks_first),
		TEST(the_status_is_told_when_it_changes_and_at_most_once_a_second),
		TEST(nobody_is_fed_where_nobody_watches),
		TEST(the_watchdog_is_fed_at_half_its_interval),
		TEST(it_is_not_fed_while_every_environment_that_polls_goes_unheard),
		TEST(it_is_fed_within_a_second_of_the_first_answer),
		TEST(it_is_fed_while_no_environment_polls),
		TEST(it_is_fed_in_every_phase_that_does_not_claim),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
