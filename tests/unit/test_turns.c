/* SPDX-License-Identifier: Apache-2.0 */
/* Who takes the next place of a full host. */
#include "base/cleanup.h"
#include "daemon/turns.h"
#include "unit/unit.h"

#include <string.h>

#define MEMBERS 10

/* An environment that always has something to run, or never, or now and then. */
struct member {
	struct turn turn;
	struct turns *turns;
	int64_t taken;
	unsigned woken;
};

static void on_wake(void *arg)
{
	struct member *member = arg;

	member->woken++;
}

static void member_init(struct member *member, struct turns *turns, int64_t weight,
			const void *group)
{
	*member = (struct member){.turns = turns};
	member->turn =
		(struct turn){.weight = weight, .group = group, .wake = on_wake, .arg = member};
	turns_add(turns, &member->turn);
}

static void two_equals(struct member members[2], struct turns *turns)
{
	for (int i = 0; i < 2; i++)
		member_init(&members[i], turns, 1, NULL);
}

/* Wants a place, and keeps it if it may have one. */
static bool try(struct member *member, int64_t places)
{
	if (!turns_may_go(member->turns, &member->turn, places, INT64_MAX))
		return false;
	turns_charge(&member->turn);
	member->taken++;
	return true;
}

/* One place is free; those that are woken try in an order of their own, the last first. */
static void free_one(struct turns *turns, struct member *members, size_t count)
{
	int64_t places = 1;

	for (size_t i = 0; i < count; i++)
		members[i].woken = 0;
	turns_wake(turns, places);
	for (size_t i = count; i-- > 0;)
		if (members[i].woken > 0 && places > 0 && try(&members[i], places))
			places--;
	for (size_t i = 0; i < count; i++)
		if (!members[i].turn.is_waiting)
			(void)turns_may_go(turns, &members[i].turn, 0, INT64_MAX);
}

static void places_are_shared_by_weight(void **state)
{
	struct turns turns = {0};
	struct member members[MEMBERS];
	(void)state;

	for (int i = 0; i < MEMBERS; i++) {
		member_init(&members[i], &turns, i + 1, NULL);
		assert_false(try(&members[i], 0));
	}
	for (int i = 0; i < 5500; i++)
		free_one(&turns, members, MEMBERS);
	for (int i = 0; i < MEMBERS; i++)
		assert_in_range(members[i].taken, 100 * (i + 1) - 1, 100 * (i + 1) + 1);
}

static void who_comes_late_takes_turns_from_there_on(void **state)
{
	struct turns turns = {0};
	struct member members[2];
	(void)state;

	two_equals(members, &turns);
	assert_false(try(&members[0], 0));
	for (int i = 0; i < 1000; i++)
		free_one(&turns, members, 1);
	assert_int_equal(members[0].taken, 1000);
	assert_false(try(&members[1], 0));
	for (int i = 0; i < 10; i++)
		free_one(&turns, members, 2);
	/* Neither does it have all of the next 1000, nor none. */
	assert_in_range(members[1].taken, 4, 6);
}

static void who_wants_none_for_a_while_keeps_nobody_waiting(void **state)
{
	struct turns turns = {0};
	struct member members[2];
	(void)state;

	two_equals(members, &turns);
	assert_false(try(&members[0], 0));
	assert_false(try(&members[1], 0));
	turns_leave(&turns, &members[0].turn);
	assert_true(try(&members[1], 1));
	assert_true(try(&members[1], 1));
}

static void who_leaves_for_a_moment_gains_nothing(void **state)
{
	struct turns turns = {0};
	struct member members[2];
	(void)state;

	member_init(&members[0], &turns, 10, NULL);
	member_init(&members[1], &turns, 1, NULL);
	assert_false(try(&members[0], 0));
	assert_false(try(&members[1], 0));
	for (int i = 0; i < 1100; i++) {
		free_one(&turns, members, 2);
		if (!members[1].turn.is_waiting || i % 3 == 0)
			turns_leave(&turns, &members[1].turn);
		(void)turns_may_go(&turns, &members[1].turn, 0, INT64_MAX);
	}
	assert_in_range(members[1].taken, 95, 105);
}

static void when_nobody_has_anything_to_run_what_was_is_forgotten(void **state)
{
	struct turns turns = {0};
	struct member members[2];
	(void)state;

	two_equals(members, &turns);
	for (int i = 0; i < 100; i++)
		assert_true(try(&members[0], 1));
	turns_leave(&turns, &members[0].turn);
	/* The other one begins; the first does not have a hundred turns to make up for. */
	assert_true(try(&members[1], 1));
	assert_false(try(&members[1], 0));
	assert_true(try(&members[0], 2));
	assert_true(try(&members[1], 1));
	assert_true(try(&members[0], 1));
}

static void a_place_that_is_free_goes_to_who_waits_not_to_who_comes(void **state)
{
	struct turns turns = {0};
	struct member members[2];
	(void)state;

	two_equals(members, &turns);
	/* Both have something to run; the first is ahead. */
	assert_false(try(&members[0], 0));
	assert_true(try(&members[1], 2));
	assert_false(try(&members[1], 1));
	assert_true(try(&members[0], 1));
	/* With two places there is one for each. */
	assert_false(try(&members[0], 0));
	assert_true(try(&members[1], 2));
}

static void who_waits_for_its_engine_keeps_nobody_from_a_place_of_the_host(void **state)
{
	static const char slow, quick;
	struct turns turns = {0};
	struct member members[3];
	(void)state;

	member_init(&members[0], &turns, 1, &slow);
	member_init(&members[1], &turns, 1, &slow);
	member_init(&members[2], &turns, 1, &quick);
	assert_false(turns_may_go(&turns, &members[0].turn, 1, 0));
	turns_charge(&members[2].turn);
	assert_true(try(&members[2], 1));
	/* Who is behind on the same engine does not overtake. */
	assert_false(turns_may_go(&turns, &members[1].turn, 1, 1));
	assert_true(turns_may_go(&turns, &members[0].turn, 1, 1));
	assert_true(turns_may_go(&turns, &members[1].turn, 1, 1));
}

static void as_many_are_woken_as_there_are_places_the_foremost_first(void **state)
{
	struct turns turns = {0};
	struct member members[4];
	(void)state;

	for (int i = 0; i < 4; i++) {
		member_init(&members[i], &turns, 1, NULL);
		assert_false(try(&members[i], 0));
		for (int j = 0; j < (i * 3) % 4; j++)
			turns_charge(&members[i].turn);
	}
	turns_wake(&turns, 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(members[i].woken, 0);
	turns_wake(&turns, 2); /* charged 0, 3, 2, 1 times */
	assert_int_equal(members[0].woken, 1);
	assert_int_equal(members[1].woken, 0);
	assert_int_equal(members[2].woken, 0);
	assert_int_equal(members[3].woken, 1);
}

static void who_only_looks_keeps_nobody_from_its_turn(void **state)
{
	struct turns turns = {0};
	struct member members[MEMBERS];
	(void)state;

	for (int i = 0; i < MEMBERS; i++) {
		member_init(&members[i], &turns, 1, NULL);
		assert_false(try(&members[i], 0));
	}
	/* The first always has something to run; the others look as often as they may. */
	for (int place = 0; place < 100 * MEMBERS; place++) {
		turns_wake(&turns, 1);
		for (int i = 0; i < MEMBERS; i++) {
			struct member *member = &members[i];
			if (member->woken == 0)
				continue;
			member->woken = 0;
			if (i == 0)
				assert_true(try(member, 1));
			else if (turns_may_go(&turns, &member->turn, 1, INT64_MAX))
				turns_waste(&turns, &member->turn);
			assert_false(turns_may_go(&turns, &member->turn, 0, INT64_MAX));
		}
	}
	assert_in_range(members[0].taken, 99, 101);
}

static void who_has_looked_in_vain_is_not_behind_for_long(void **state)
{
	struct turns turns = {0};
	struct member members[2];
	(void)state;

	member_init(&members[0], &turns, 1, NULL);
	member_init(&members[1], &turns, 1, NULL);
	assert_true(try(&members[0], 1));
	assert_false(try(&members[0], 0));
	for (int i = 0; i < 1000; i++) {
		(void)turns_may_go(&turns, &members[1].turn, 2, INT64_MAX);
		turns_waste(&turns, &members[1].turn);
	}
	assert_false(try(&members[1], 0));
	for (int i = 0; i < 10; i++)
		free_one(&turns, members, 2);
	assert_in_range(members[1].taken, 4, 6);
}

static void who_is_removed_is_not_woken(void **state)
{
	struct turns turns = {0};
	struct member members[2];
	(void)state;

	for (int i = 0; i < 2; i++) {
		member_init(&members[i], &turns, 1, NULL);
		assert_false(try(&members[i], 0));
	}
	turns_remove(&turns, &members[0].turn);
	turns_wake(&turns, 2);
	assert_int_equal(members[0].woken, 0);
	assert_int_equal(members[1].woken, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_shared_by_weight),
		cmocka_unit_test(who_comes_late_takes_turns_from_there_on),
		cmocka_unit_test(who_wants_none_for_a_while_keeps_nobody_waiting),
		cmocka_unit_test(who_leaves_for_a_moment_gains_nothing),
		cmocka_unit_test(when_nobody_has_anything_to_run_what_was_is_forgotten),
		cmocka_unit_test(a_place_that_is_free_goes_to_who_waits_not_to_who_comes),
		cmocka_unit_test(who_waits_for_its_engine_keeps_nobody_from_a_place_of_the_host),
		cmocka_unit_test(as_many_are_woken_as_there_are_places_the_foremost_first),
		cmocka_unit_test(who_only_looks_keeps_nobody_from_its_turn),
		cmocka_unit_test(who_has_looked_in_vain_is_not_behind_for_long),
		cmocka_unit_test(who_is_removed_is_not_woken),
	};

	return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
