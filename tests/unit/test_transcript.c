/* SPDX-License-Identifier: Apache-2.0 */
#include "session/transcript.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

struct replayed {
	struct buf streams[OUTPUT_STREAMS];
};

static void collect(enum output_stream stream, const char *data, size_t len, void *arg)
{
	struct replayed *replayed = arg;

	assert_int_equal(buf_add(&replayed->streams[stream], data, len), 0);
}

static void assert_replayed(const char *text, size_t len, int64_t tail, const char *out,
			    const char *err)
{
	struct replayed replayed;

	buf_init(&replayed.streams[0], 1 << 20);
	buf_init(&replayed.streams[1], 1 << 20);
	transcript_replay(text, len, tail, collect, &replayed);
	assert_string_equal(replayed.streams[OUTPUT_STDOUT].data, out);
	assert_string_equal(replayed.streams[OUTPUT_STDERR].data, err);
	buf_done(&replayed.streams[0]);
	buf_done(&replayed.streams[1]);
}

static void add(struct transcript *transcript, enum output_stream stream, const char *text)
{
	transcript_add(transcript, stream, text, strlen(text));
}

static void output_comes_back_as_it_was(void **state)
{
	struct transcript transcript;
	(void)state;

	transcript_init(&transcript, 1000);
	add(&transcript, OUTPUT_STDOUT, "one\n\ntwo");
	add(&transcript, OUTPUT_STDERR, "wrong\n");
	add(&transcript, OUTPUT_STDOUT, " and a half\nno end");
	transcript_finish(&transcript);
	assert_false(transcript.is_cut);
	assert_string_equal(transcript.text.data, "stdout F one\nstdout F \nstdout P two\n"
						  "stderr F wrong\nstdout F  and a half\n"
						  "stdout P no end\n");
	assert_replayed(transcript.text.data, transcript.text.len, -1,
			"one\n\ntwo and a half\nno end", "wrong\n");
	transcript_done(&transcript);
}

static void the_end_is_kept_from_the_beginning_of_a_line_on(void **state)
{
	struct transcript transcript;
	char line[32];
	(void)state;

	transcript_init(&transcript, 100);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(line, sizeof(line), "line %d\n", i);
		add(&transcript, OUTPUT_STDOUT, line);
	}
	transcript_finish(&transcript);
	assert_true(transcript.is_cut);
	assert_true(transcript.text.len <= 100 && transcript.text.len > 80);
	assert_memory_equal(transcript.text.data, "stdout F line 99", 16);
	assert_replayed(transcript.text.data, transcript.text.len, 1, "line 999\n", "");
	transcript_done(&transcript);
}

static void a_line_longer_than_is_kept_loses_its_beginning(void **state)
{
	struct transcript transcript;
	char line[20001];
	(void)state;

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	transcript_init(&transcript, 5000);
	add(&transcript, OUTPUT_STDOUT, line);
	add(&transcript, OUTPUT_STDOUT, "END\n");
	transcript_finish(&transcript);
	assert_true(transcript.is_cut);
	assert_true(transcript.text.len > 3000 && transcript.text.len <= 5000);
	assert_non_null(strstr(transcript.text.data, "xEND\n")
				? ""
				: strstr(transcript.text.data, "F END\n"));
	transcript_done(&transcript);
}

static void a_size_smaller_than_any_line_keeps_nothing(void **state)
{
	struct transcript transcript;
	(void)state;

	transcript_init(&transcript, 5);
	add(&transcript, OUTPUT_STDOUT, "a line\nand more\n");
	transcript_finish(&transcript);
	assert_int_equal(transcript.text.len, 0);
	assert_true(transcript.is_cut);
	transcript_done(&transcript);
}

static void the_last_lines_are_those_of_both_streams(void **state)
{
	static const char text[] = "stdout F one\nstderr F two\nstdout P thr\nstdout F ee\n"
				   "stderr P rest\n";
	(void)state;

	assert_replayed(text, strlen(text), 0, "", "rest");
	assert_replayed(text, strlen(text), 1, "three\n", "rest");
	assert_replayed(text, strlen(text), 2, "three\n", "two\nrest");
	assert_replayed(text, strlen(text), 9, "one\nthree\n", "two\nrest");
}

static void what_is_no_transcript_is_left_out(void **state)
{
	static const char text[] = "stdout F fine\nstdin F no\nstdout X no\nstdout F\n\n"
				   "stderr F fine\nstdout F unfinished";
	(void)state;

	assert_replayed(text, strlen(text), -1, "fine\n", "fine\n");
	assert_replayed("", 0, -1, "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_comes_back_as_it_was),
		cmocka_unit_test(the_end_is_kept_from_the_beginning_of_a_line_on),
		cmocka_unit_test(a_line_longer_than_is_kept_loses_its_beginning),
		cmocka_unit_test(a_size_smaller_than_any_line_keeps_nothing),
		cmocka_unit_test(the_last_lines_are_those_of_both_streams),
		cmocka_unit_test(what_is_no_transcript_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
