/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "cli/visible.h"
#include "unit.h"

#include <string.h>

static void collect(const char *data, size_t len, void *arg)
{
	assert_int_equal(buf_add(arg, data, len), 0);
}

/* In pieces of `size` bytes. */
static void assert_shown_in(const char *text, const char *expected, size_t size)
{
	struct visible visible = {0};
	size_t len = strlen(text);
	struct buf shown;

	buf_init(&shown, 1024);
	for (size_t at = 0; at < len; at += size)
		visible_feed(&visible, text + at, len - at < size ? len - at : size, collect,
			     &shown);
	assert_string_equal(shown.data, expected);
	buf_done(&shown);
}

static void assert_shown(const char *text, const char *expected)
{
	for (size_t size = 1; size <= strlen(text); size++)
		assert_shown_in(text, expected, size);
}

static void text_stays_as_it_is(void **state)
{
	(void)state;
	assert_shown("a\tb\r\nc ~", "a\tb\r\nc ~");
	assert_shown("\303\251 \342\202\254 \360\237\220\263 \302\240", /* e acute, euro, a whale */
		     "\303\251 \342\202\254 \360\237\220\263 \302\240");
	/* The last byte of these would be a control character if it stood alone. */
	assert_shown("\303\233 \342\200\233 \360\237\220\233",
		     "\303\233 \342\200\233 \360\237\220\233");
}

static void controls_are_shown(void **state)
{
	(void)state;
	assert_shown("\033[2J\033]0;title\a", "^[[2J^[]0;title^G");
	assert_shown("\b\177\001", "^H^?^A");
}

static void controls_of_the_second_set_are_shown_in_their_7_bit_form(void **state)
{
	(void)state;
	assert_shown("\2332J \220", "^[[2J ^[P");
	assert_shown("\302\2332J", "\302^[[2J");
}

static void broken_utf_8_hides_no_control(void **state)
{
	(void)state;
	assert_shown("\342\033[2J", "\342^[[2J");
	assert_shown("\303a\233", "\303a^[[");
	assert_shown("\303\251\233", "\303\251^[[");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stays_as_it_is),
		cmocka_unit_test(controls_are_shown),
		cmocka_unit_test(controls_of_the_second_set_are_shown_in_their_7_bit_form),
		cmocka_unit_test(broken_utf_8_hides_no_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
