/* SPDX-License-Identifier: Apache-2.0 */
#include "queue/skipped.h"
#include "unit/unit.h"

#include <stdio.h>

static bool add(struct skipped *skipped, unsigned number, uint64_t now_ms)
{
	char fingerprint[17];
	uint64_t seen_ms;

	(void)snprintf(fingerprint, sizeof(fingerprint), "%016x", number);
	return skipped_add(skipped, fingerprint, now_ms, &seen_ms);
}

static void an_item_is_new_once_in_ten_minutes(void **state)
{
	static struct skipped skipped;
	(void)state;

	assert_true(add(&skipped, 1, 5000));
	assert_false(add(&skipped, 1, 5000));
	assert_false(add(&skipped, 1, 5000 + 599999));
	assert_true(add(&skipped, 1, 5000 + 600000));
	assert_false(add(&skipped, 1, 5000 + 600001));
}

static void a_known_item_comes_with_the_time_it_was_last_seen(void **state)
{
	static struct skipped skipped;
	uint64_t seen_ms = 7;
	(void)state;

	assert_true(skipped_add(&skipped, "0123456789abcdef", 100, &seen_ms));
	assert_int_equal(seen_ms, 7);
	assert_false(skipped_add(&skipped, "0123456789abcdef", 250, &seen_ms));
	assert_int_equal(seen_ms, 100);
	assert_false(skipped_add(&skipped, "0123456789abcdef", 300, &seen_ms));
	assert_int_equal(seen_ms, 250);
}

static void items_are_told_from_each_other(void **state)
{
	static struct skipped skipped;
	(void)state;

	assert_true(add(&skipped, 1, 0));
	assert_true(add(&skipped, 2, 0));
	assert_false(add(&skipped, 1, 1));
	assert_false(add(&skipped, 2, 1));
}

static void the_oldest_of_more_than_1024_is_forgotten(void **state)
{
	static struct skipped skipped;
	(void)state;

	for (unsigned i = 0; i < 1024; i++)
		assert_true(add(&skipped, i, i));
	for (unsigned i = 0; i < 1024; i++)
		assert_false(add(&skipped, i, 2000));
	assert_true(add(&skipped, 1024, 2000));
	assert_false(add(&skipped, 1, 2000));
	assert_true(add(&skipped, 0, 2000));
	assert_true(add(&skipped, 1, 2000));
	assert_false(add(&skipped, 3, 2000));
	assert_int_equal(skipped.count, 1024);
}

static void what_is_expired_makes_room(void **state)
{
	static struct skipped skipped;
	(void)state;

	for (unsigned i = 0; i < 3000; i++)
		assert_true(add(&skipped, i, (uint64_t)i * 1000));
	assert_int_equal(skipped.count, 600);
	assert_false(add(&skipped, 2401, 2999000));
	assert_true(add(&skipped, 2399, 2999000));
}

static void nothing_is_known_after_all_is_forgotten(void **state)
{
	struct skipped skipped = {0};
	(void)state;

	skipped_done(&skipped);
	assert_true(add(&skipped, 1, 0));
	skipped_done(&skipped);
	assert_true(add(&skipped, 1, 1));
	skipped_done(&skipped);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_item_is_new_once_in_ten_minutes),
		cmocka_unit_test(a_known_item_comes_with_the_time_it_was_last_seen),
		cmocka_unit_test(items_are_told_from_each_other),
		cmocka_unit_test(the_oldest_of_more_than_1024_is_forgotten),
		cmocka_unit_test(what_is_expired_makes_room),
		cmocka_unit_test(nothing_is_known_after_all_is_forgotten),
	};

	return cmocka_run_group_tests_name("skipped", tests, NULL, NULL);
}
