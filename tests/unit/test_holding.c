/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a work item is, before it may be force-stopped. */
#include "session/holding.h"
#include "unit/unit.h"

#define NOON   INT64_C(1800000000000)
#define SECOND INT64_C(1000)

/* A container that was started right after its ack, ran for a minute, and whose first heartbeat
 * nobody has seen. */
static const struct holding holding = {
	.acknowledged_at_ms = NOON,
	.started_ms = NOON + SECOND,
	.exited_ms = NOON + 61 * SECOND,
};

/* The same, found at start: what its ack was answered is forgotten. */
static const struct holding adopted = {
	.claimed_ms = NOON - SECOND,
	.started_ms = NOON + SECOND,
	.exited_ms = NOON + 61 * SECOND,
};

static struct work_status starting(int64_t acked_ms)
{
	return (struct work_status){.state = WORK_STARTING, .acknowledged_at_ms = acked_ms};
}

static struct work_status held(enum work_state state, int64_t beat_ms)
{
	return (struct work_status){
		.state = state, .acknowledged_at_ms = NOON, .latest_heartbeat_at_ms = beat_ms};
}

static void never_began_where_it_is_starting_since_our_ack(void **state)
{
	struct work_status status = starting(NOON);

	(void)state;
	assert_true(holding_never_began(&holding, &status));
	assert_true(holding_never_began(&adopted, &status));
}

static void is_anothers_that_was_acked_at_another_time_than_ours(void **state)
{
	struct work_status later = starting(NOON + 30 * SECOND), earlier = starting(NOON - 1);

	(void)state;
	assert_false(holding_never_began(&holding, &later));
	assert_false(holding_never_began(&holding, &earlier));
	assert_false(holding_is_ours(&holding, &later));
}

static void is_anothers_that_was_acked_after_the_adopted_container_was_started(void **state)
{
	struct work_status status = starting(NOON + 30 * SECOND);

	(void)state;
	assert_false(holding_never_began(&adopted, &status));
}

static void is_anothers_that_was_acked_before_it_was_offered_for_the_adopted_container(void **state)
{
	struct holding late = adopted;
	struct work_status status = starting(NOON);

	(void)state;
	late.started_ms = NOON + 400 * SECOND;
	assert_true(holding_never_began(&late, &status));
	late.claimed_ms = NOON + 3 * SECOND;
	assert_false(holding_never_began(&late, &status));
	late.claimed_ms = 0;
	assert_false(holding_never_began(&late, &status));
}

static void is_nobodys_that_does_not_say_when_it_was_acked(void **state)
{
	struct work_status status = starting(0);

	(void)state;
	assert_false(holding_is_ours(&adopted, &status));
	assert_false(holding_is_ours(&holding, &status));
}

static void began_with_its_first_heartbeat(void **state)
{
	struct work_status status = held(WORK_STARTING, NOON + 2 * SECOND);

	(void)state;
	assert_false(holding_never_began(&holding, &status));
}

static void was_held_to_its_end_with_a_last_heartbeat_in_its_life(void **state)
{
	struct work_status active = held(WORK_ACTIVE, NOON + 55 * SECOND),
			   stopping = held(WORK_STOPPING, NOON + 55 * SECOND);

	(void)state;
	assert_true(holding_was_ended(&holding, &active));
	assert_true(holding_was_ended(&holding, &stopping));
}

static void was_not_held_to_its_end_with_a_heartbeat_before_or_after_its_life(void **state)
{
	struct work_status before = held(WORK_ACTIVE, NOON - 5 * SECOND),
			   after = held(WORK_ACTIVE, NOON + 70 * SECOND);

	(void)state;
	assert_false(holding_was_ended(&holding, &before));
	assert_false(holding_was_ended(&holding, &after));
}

static void that_was_acked_anew_was_not_held_to_its_end(void **state)
{
	struct work_status status = held(WORK_ACTIVE, NOON + 55 * SECOND);

	(void)state;
	status.acknowledged_at_ms = NOON + 50 * SECOND;
	assert_false(holding_was_ended(&holding, &status));
}

static void is_measured_by_the_control_planes_clock(void **state)
{
	struct holding ahead = adopted;
	struct work_status status = starting(NOON + 3600 * SECOND);

	(void)state;
	assert_false(holding_never_began(&ahead, &status));
	ahead.clock_offset_ms = 3600 * SECOND;
	assert_true(holding_never_began(&ahead, &status));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_began_where_it_is_starting_since_our_ack),
		cmocka_unit_test(is_anothers_that_was_acked_at_another_time_than_ours),
		cmocka_unit_test(
			is_anothers_that_was_acked_after_the_adopted_container_was_started),
		cmocka_unit_test(
			is_anothers_that_was_acked_before_it_was_offered_for_the_adopted_container),
		cmocka_unit_test(is_nobodys_that_does_not_say_when_it_was_acked),
		cmocka_unit_test(began_with_its_first_heartbeat),
		cmocka_unit_test(was_held_to_its_end_with_a_last_heartbeat_in_its_life),
		cmocka_unit_test(was_not_held_to_its_end_with_a_heartbeat_before_or_after_its_life),
		cmocka_unit_test(that_was_acked_anew_was_not_held_to_its_end),
		cmocka_unit_test(is_measured_by_the_control_planes_clock),
	};

	return cmocka_run_group_tests_name("holding", tests, NULL, NULL);
}
