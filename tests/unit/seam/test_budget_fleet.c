/* SPDX-License-Identifier: Apache-2.0 */
/* Many pollers on one budget, and a queue that answers them. */
#include "base/cleanup.h"
#include "budget_fixture.h"
#include "io/loop.h"
#include "queue/poller.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

struct fleet;

enum temper {
	IDLE,	  /* has no work, and says so after a second */
	FLOODING, /* has another item for every poll */
	REJECTED, /* 401 */
};

struct member {
	struct fleet *fleet;
	enum temper temper;
	struct queue_peer peer;
	struct poller *poller;
	struct queue_call ack;
	char id[32], item[160];
	bool has_slot;
	unsigned polls, slots_taken;
	uint64_t polled_ms, longest_ms; /* between two polls, or from the start to the first */
};

struct fleet {
	struct budget_fixture *f;
	struct lane *lane;
	struct secret *key;
	struct member *members;
	size_t count;
	const char *retry_after; /* what the next poll is refused with */
};

static const struct poll_settings settings = {
	.block_ms = 999, .idle_min_ms = 1000, .idle_max_ms = 3000};

/* --- what the owner of a poller does ------------------------------------------------------------
 */

static bool take_slot(bool *ret_no_block, void *arg)
{
	struct member *member = arg;

	(void)ret_no_block;
	member->slots_taken += member->has_slot ? 1 : 0;
	return member->has_slot;
}

static void release_slot(void *arg)
{
	(void)arg;
}

static void claimed(struct work_item *item, void *arg)
{
	struct member *member = arg;

	queue_ack(&member->peer, &member->ack, item->id);
	work_item_done(item);
}

static void refused(struct work_item *item, const struct err *why, void *arg)
{
	(void)why;
	claimed(item, arg);
}

static void empty(void *arg)
{
	(void)arg;
}

static bool rejected(const struct err *why, void *arg)
{
	(void)why;
	(void)arg;
	return false;
}

static void failed(const struct err *why, void *arg)
{
	(void)arg;
	fail_msg("%s", why->text);
}

static void acked(struct queue_call *call, void *arg)
{
	(void)arg;
	assert_int_equal(call->outcome, QUEUE_OK);
}

/* --- the queue ----------------------------------------------------------------------------------
 */

static struct fake_reply answer_poll(struct fleet *fleet, struct member *member)
{
	uint64_t now = loop_now_ms(fleet->f->loop), since_ms = now - member->polled_ms;

	member->longest_ms = since_ms > member->longest_ms ? since_ms : member->longest_ms;
	member->polled_ms = now;
	member->polls++;
	if (fleet->retry_after)
		return (struct fake_reply){.status = 429, .headers = TAKE(fleet->retry_after)};
	if (member->temper == REJECTED)
		return (struct fake_reply){.after_ms = 20, .status = 401};
	if (member->temper == IDLE)
		return (struct fake_reply){.after_ms = 999, .status = 204};
	(void)snprintf(member->item, sizeof(member->item),
		       "{\"id\":\"work_%u\",\"data\":{\"type\":\"session\",\"id\":\"sesn_1\"}}",
		       member->polls);
	return (struct fake_reply){.after_ms = 20, .status = 200, .body = member->item};
}

static struct fake_reply answer(const struct fake_sent *sent, void *arg)
{
	struct fleet *fleet = arg;
	unsigned number;

	note_start(fleet->f);
	assert_int_equal(
		sscanf(sent->url, "https://queue.example/v1/environments/env_%u/", &number), 1);
	assert_true(number < fleet->count);
	if (strcmp(sent->method, "GET") == 0)
		return answer_poll(fleet, &fleet->members[number]);
	return (struct fake_reply){.after_ms = 20, .status = 200};
}

/* --- the fleet ----------------------------------------------------------------------------------
 */

static void member_init(struct fleet *fleet, struct member *member, size_t number)
{
	const struct poller_owner owner = {
		.take_slot = take_slot,
		.release_slot = release_slot,
		.claimed = claimed,
		.refused = refused,
		.empty = empty,
		.rejected = rejected,
		.failed = failed,
		.arg = member,
	};

	(void)snprintf(member->id, sizeof(member->id), "env_%zu", number);
	member->fleet = fleet;
	member->has_slot = true;
	member->peer = (struct queue_peer){.loop = fleet->f->loop,
					   .lane = fleet->lane,
					   .budget = fleet->f->budget,
					   .base_url = "https://queue.example",
					   .environment_id = member->id,
					   .name = member->id,
					   .worker_id = "host-1",
					   .key = fleet->key};
	queue_call_init(&member->ack, acked, NULL);
	member->poller = poller_new(&member->peer, &settings, &owner);
}

static int fleet_set_up(void **state)
{
	struct fleet *fleet = xcalloc(1, sizeof(*fleet));
	void *f;

	(void)budget_set_up(&f);
	fleet->f = f;
	*state = fleet;
	return 0;
}

static struct fleet *fleet_of(void **state, int64_t limit, size_t count)
{
	struct fleet *fleet = *state;

	budget_of(fleet->f, limit);
	fleet->lane = fake_lane(fleet->f->loop);
	fleet->key = secret_new("key", 3);
	fleet->members = xcalloc(count, sizeof(struct member));
	fleet->count = count;
	fake_answer_with(fleet->f->loop, answer, fleet);
	for (size_t i = 0; i < count; i++)
		member_init(fleet, &fleet->members[i], i);
	return fleet;
}

static void fleet_start(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++) {
		fleet->members[i].polled_ms = loop_now_ms(fleet->f->loop);
		poller_wake(fleet->members[i].poller);
	}
}

static int fleet_tear_down(void **state)
{
	struct fleet *fleet = *state;
	void *f = fleet->f;

	for (size_t i = 0; i < fleet->count; i++) {
		(void)poller_free(fleet->members[i].poller);
		queue_call_done(&fleet->members[i].ack);
	}
	(void)lane_free(fleet->lane);
	(void)secret_free(fleet->key);
	free(fleet->members);
	free(fleet);
	return budget_tear_down(&f);
}

/* --- who is polled how often --------------------------------------------------------------------
 */

static void each_of_a_hundred_is_polled_every_30_seconds_whatever_one_has_to_do(void **state)
{
	struct fleet *fleet = fleet_of(state, 600, 100);

	fleet->members[17].temper = FLOODING;
	fleet->members[40].temper = REJECTED;
	fleet_start(fleet);
	fake_run(fleet->f->loop, 3600000);
	for (size_t i = 0; i < fleet->count; i++) {
		struct member *member = &fleet->members[i];
		assert_true(member->polls >= (member->temper == REJECTED ? 1 : 120));
		assert_true(member->longest_ms <= 30000);
	}
	assert_no_minute_exceeds(fleet->f, 600);
	/* 450 a minute, 98 times 60 / 27 for the others, and half of the rest for acks. */
	assert_in_range(fleet->members[17].polls, 60 * (450 - 218) / 2, 60 * (450 - 218) / 2 + 200);
}

static void nor_does_it_matter_how_many_have_work(void **state)
{
	struct fleet *fleet = fleet_of(state, 600, 100);

	for (size_t i = 0; i < 60; i++)
		fleet->members[i].temper = FLOODING;
	fleet_start(fleet);
	fake_run(fleet->f->loop, 3600000);
	for (size_t i = 0; i < fleet->count; i++) {
		struct member *member = &fleet->members[i];
		assert_true(member->longest_ms <= 30000);
		/* Those with work share what is left: 450, less 40 times 60 / 27, half of it acks.
		 * The first to start have had what was in the bucket, too. */
		if (member->temper == FLOODING)
			assert_in_range(member->polls, (450 - 89) / 2 - 5, (450 - 89) / 2 + 30);
	}
}

static void idle_environments_have_the_whole_rate_among_them(void **state)
{
	struct fleet *fleet = fleet_of(state, 600, 100);

	fleet_start(fleet);
	fake_run(fleet->f->loop, 3600000);
	assert_no_minute_exceeds(fleet->f, 600);
	assert_in_range(fleet->f->start_count, 60 * 450, 60 * 450 + 80);
	for (size_t i = 0; i < fleet->count; i++)
		assert_in_range(fleet->members[i].polls, 60 * 450 / 100 - 5, 60 * 450 / 100 + 5);
}

static void a_lone_environment_is_not_slowed_by_the_default_limit(void **state)
{
	struct fleet *fleet = fleet_of(state, 600, 1);

	fleet_start(fleet);
	fake_run(fleet->f->loop, 600000);
	assert_true(fleet->members[0].longest_ms <= 999 + 3000);
}

/* Of one of them; each is held for 999 ms. */
static unsigned polls_in_a_minute(void **state, size_t environments)
{
	struct fleet *fleet = fleet_of(state, 600, environments);

	fleet_start(fleet);
	fake_run(fleet->f->loop, 60000);
	return fleet->members[0].polls;
}

static void a_lone_environment_waits_little_more_than_idle_min(void **state)
{
	assert_in_range(polls_in_a_minute(state, 1), 60000 / (999 + 1250),
			60000 / (999 + 1000) + 1);
}

static void fourteen_environments_wait_longer(void **state)
{
	assert_in_range(polls_in_a_minute(state, 14), 60000 / (999 + 2800),
			60000 / (999 + 1400) + 1);
}

static void a_thousand_take_turns_where_the_limit_is_too_low_for_them(void **state)
{
	struct fleet *fleet = fleet_of(state, 600, 1000);

	fleet_start(fleet);
	fake_run(fleet->f->loop, 600000);
	assert_no_minute_exceeds(fleet->f, 600);
	for (size_t i = 0; i < fleet->count; i++)
		assert_true(fleet->members[i].longest_ms <= 1000 * 1000 / 75 * 10 + 5000);
}

static void what_one_is_refused_with_holds_for_all(void **state)
{
	struct fleet *fleet = fleet_of(state, 600, 100);
	struct budget_fixture *f = fleet->f;

	fleet->members[0].temper = FLOODING;
	fleet_start(fleet);
	fake_run(f->loop, 60000);
	fleet->retry_after = "retry-after: 10\n";
	while (fleet->retry_after)
		fake_run(f->loop, 1);
	fake_run(f->loop, 100); /* acks of what was claimed before */
	size_t before = f->start_count;
	fake_run(f->loop, 9800);
	assert_int_equal(f->start_count, before);
	fake_run(f->loop, 30000);
	assert_in_range(f->start_count - before, 30 * 225 / 60 - 10, 30 * 300 / 60 + 20);
	assert_int_equal(captured_log_count(&f->log, "slowed", NULL, NULL), 1);
}

/* --- a poller that waits for its turn ------------------------------------------------------------
 */

/* Two pollers and a bucket that has nothing for the next 20 s. */
static struct fleet *two_who_wait(void **state)
{
	struct fleet *fleet = fleet_of(state, 4, 2);

	budget_charge(fleet->f->budget);
	fleet_start(fleet);
	fake_run(fleet->f->loop, 10000);
	assert_int_equal(fleet->f->start_count, 0);
	return fleet;
}

static void holds_no_slot_meanwhile(void **state)
{
	struct fleet *fleet = two_who_wait(state);

	assert_int_equal(fleet->members[0].slots_taken + fleet->members[1].slots_taken, 0);
	assert_true(poller_is_idle(fleet->members[0].poller));
	fake_run(fleet->f->loop, 10000);
	assert_int_equal(fleet->members[0].slots_taken, 1);
	assert_int_equal(fleet->members[1].slots_taken, 0);
}

static void is_heard_by_the_watchdog(void **state)
{
	struct fleet *fleet = two_who_wait(state);

	assert_int_equal(poller_pulse(fleet->members[0].poller), POLLER_HEARD);
}

static void leaves_the_turn_to_the_next_if_it_has_no_slot_then(void **state)
{
	struct fleet *fleet = two_who_wait(state);

	fleet->members[0].has_slot = false;
	fake_run(fleet->f->loop, 10000);
	assert_int_equal(fleet->members[0].polls, 0);
	assert_int_equal(fleet->members[1].polls, 1);
}

static void does_not_lose_its_place_by_waiting_for_a_slot(void **state)
{
	struct fleet *fleet = two_who_wait(state);

	fleet->members[0].has_slot = false;
	fake_run(fleet->f->loop, 12000); /* the other one's poll, and its idle wait */
	fake_run(fleet->f->loop, 3000);
	fleet->members[0].has_slot = true;
	poller_wake(fleet->members[0].poller);
	fake_run(fleet->f->loop, 15000);
	assert_int_equal(fleet->members[0].polls, 1);
	assert_int_equal(fleet->members[1].polls, 1);
}

static void has_its_turn_at_once_when_the_slot_it_lacked_is_there(void **state)
{
	struct fleet *fleet = fleet_of(state, 600, 1);
	struct member *member = &fleet->members[0];

	fleet_start(fleet);
	fake_run(fleet->f->loop, 500);
	assert_int_equal(member->polls, 1);
	member->has_slot = false;
	fake_run(fleet->f->loop, 5000);
	for (int i = 0; i < 100; i++)
		budget_charge(fleet->f->budget); /* nothing is left for an idle poll */
	member->has_slot = true;
	poller_wake(member->poller);
	fake_run(fleet->f->loop, 0);
	assert_int_equal(member->polls, 2);
}

static void is_not_served_sooner_by_being_woken(void **state)
{
	struct fleet *fleet = two_who_wait(state);

	poller_wake(fleet->members[1].poller);
	poller_wake(fleet->members[1].poller);
	fake_run(fleet->f->loop, 9999);
	assert_int_equal(fleet->f->start_count, 0);
	fake_run(fleet->f->loop, 1);
	assert_int_equal(fleet->members[0].polls, 1);
}

static void does_not_poll_once_stopped(void **state)
{
	struct fleet *fleet = two_who_wait(state);

	poller_stop(fleet->members[0].poller);
	assert_true(poller_is_idle(fleet->members[0].poller));
	fake_run(fleet->f->loop, 10000);
	assert_int_equal(fleet->members[0].slots_taken, 0);
	assert_int_equal(fleet->members[1].polls, 1);
	poller_wake(fleet->members[0].poller);
	fake_run(fleet->f->loop, 100000);
	assert_int_equal(fleet->members[0].polls, 0);
}

static void does_not_poll_once_freed(void **state)
{
	struct fleet *fleet = two_who_wait(state);

	fleet->members[0].poller = poller_free(fleet->members[0].poller);
	fake_run(fleet->f->loop, 10000);
	assert_int_equal(fleet->members[0].slots_taken, 0);
	assert_int_equal(fleet->members[1].polls, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fleet_set_up, fleet_tear_down)
#define WAITS(function)                                                                            \
	{                                                                                          \
		.name = "a poller that waits for its turn " #function, .test_func = function,      \
		.setup_func = fleet_set_up, .teardown_func = fleet_tear_down                       \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(each_of_a_hundred_is_polled_every_30_seconds_whatever_one_has_to_do),
		TEST(nor_does_it_matter_how_many_have_work),
		TEST(idle_environments_have_the_whole_rate_among_them),
		TEST(a_lone_environment_waits_little_more_than_idle_min),
		TEST(fourteen_environments_wait_longer),
		TEST(a_lone_environment_is_not_slowed_by_the_default_limit),
		TEST(a_thousand_take_turns_where_the_limit_is_too_low_for_them),
		TEST(what_one_is_refused_with_holds_for_all),
		WAITS(holds_no_slot_meanwhile),
		WAITS(is_heard_by_the_watchdog),
		WAITS(leaves_the_turn_to_the_next_if_it_has_no_slot_then),
		WAITS(does_not_lose_its_place_by_waiting_for_a_slot),
		WAITS(has_its_turn_at_once_when_the_slot_it_lacked_is_there),
		WAITS(is_not_served_sooner_by_being_woken),
		WAITS(does_not_poll_once_stopped),
		WAITS(does_not_poll_once_freed),
	};

	return cmocka_run_group_tests_name("budget fleet", tests, NULL, NULL);
}
