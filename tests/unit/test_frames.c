/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "engine/frames.h"
#include "unit.h"

#include <string.h>

/* "out" and "put" on stdout with an "err" between them, and an empty frame. */
static const char framed[] = "\1\0\0\0\0\0\0\3out"
			     "\2\0\0\0\0\0\0\4err\n"
			     "\1\0\0\0\0\0\0\0"
			     "\1\0\0\0\0\0\0\4put\n";

struct output {
	struct buf streams[OUTPUT_STREAMS];
};

static void collect(enum output_stream stream, const char *data, size_t len, void *arg)
{
	struct output *output = arg;

	assert_true(len > 0);
	assert_int_equal(buf_add(&output->streams[stream], data, len), 0);
}

static void init(struct output *output)
{
	buf_init(&output->streams[0], 4096);
	buf_init(&output->streams[1], 4096);
}

static void done(struct output *output)
{
	buf_done(&output->streams[0]);
	buf_done(&output->streams[1]);
}

static void streams_come_apart_wherever_the_pieces_begin(void **state)
{
	(void)state;

	for (size_t piece = 1; piece < sizeof(framed); piece++) {
		struct frames frames = {0};
		struct output output;
		size_t len = sizeof(framed) - 1;

		init(&output);
		for (size_t at = 0; at < len; at += piece)
			assert_true(frames_feed(&frames, framed + at,
						len - at < piece ? len - at : piece, collect,
						&output));
		assert_string_equal(output.streams[OUTPUT_STDOUT].data, "output\n");
		assert_string_equal(output.streams[OUTPUT_STDERR].data, "err\n");
		done(&output);
	}
}

static void a_frame_longer_than_a_piece_is_told_as_it_comes(void **state)
{
	struct frames frames = {0};
	struct output output;
	(void)state;

	init(&output);
	assert_true(frames_feed(&frames, "\1\0\0\0\0\1\0\0first", 13, collect, &output));
	assert_string_equal(output.streams[OUTPUT_STDOUT].data, "first");
	assert_int_equal(frames.left, 65536 - 5);
	done(&output);
}

static void the_engines_own_error_goes_to_stderr(void **state)
{
	struct frames frames = {0};
	struct output output;
	(void)state;

	init(&output);
	assert_true(
		frames_feed(&frames, "\3\0\0\0\0\0\0\2no\0\0\0\0\0\0\0\2in", 20, collect, &output));
	assert_string_equal(output.streams[OUTPUT_STDERR].data, "no");
	assert_string_equal(output.streams[OUTPUT_STDOUT].data, "in");
	done(&output);
}

static void what_is_no_frame_is_refused(void **state)
{
	static const char *const wrong[] = {"plain text", "\4\0\0\0\0\0\0\1x", "\1\0\1\0\0\0\0\1x"};
	struct output output;
	(void)state;

	init(&output);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct frames frames = {0};
		assert_false(frames_feed(&frames, wrong[i], 9, collect, &output));
	}
	assert_int_equal(output.streams[0].len + output.streams[1].len, 0);
	done(&output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_come_apart_wherever_the_pieces_begin),
		cmocka_unit_test(a_frame_longer_than_a_piece_is_told_as_it_comes),
		cmocka_unit_test(the_engines_own_error_goes_to_stderr),
		cmocka_unit_test(what_is_no_frame_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
