/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "engine/event.h"
#include "engine/lines.h"
#include "unit/unit.h"

#include <errno.h>
#include <string.h>

/* --- lines ------------------------------------------------------------------------------------ */

static void join(const char *line, size_t len, void *arg)
{
	struct buf *all = arg;

	assert_int_equal(strlen(line), len);
	assert_int_equal(buf_addf(all, "[%s]", line), 0);
}

/* What comes out of `stream` when it arrives in pieces of `piece` bytes. */
static unsigned cut(const char *stream, size_t piece, size_t max_line, struct buf *all)
{
	struct lines lines;
	unsigned dropped = 0;

	buf_init(all, 4096);
	lines_init(&lines, max_line);
	for (size_t at = 0, len = strlen(stream); at < len; at += piece)
		dropped += lines_feed(&lines, stream + at, at + piece < len ? piece : len - at,
				      join, all);
	lines_done(&lines);
	return dropped;
}

static void assert_lines(const char *stream, size_t max_line, const char *lines, unsigned dropped)
{
	for (size_t piece = 1; piece <= strlen(stream); piece++) {
		_cleanup_(buf_done) struct buf all = {0};
		assert_int_equal(cut(stream, piece, max_line, &all), dropped);
		assert_string_equal(all.data, lines);
	}
}

static void lines_are_the_same_however_they_are_cut(void **state)
{
	(void)state;
	assert_lines("one\ntwo\nthree\n", 100, "[one][two][three]", 0);
}

static void a_line_without_its_end_is_not_told(void **state)
{
	(void)state;
	assert_lines("one\ntw", 100, "[one]", 0);
}

static void empty_lines_and_carriage_returns_are_left_out(void **state)
{
	(void)state;
	assert_lines("\n\r\none\r\n\n\ntwo\n", 100, "[one][two]", 0);
}

static void a_line_that_is_too_long_is_dropped_as_a_whole(void **state)
{
	(void)state;
	assert_lines("one\nmuch too long\ntwo\n", 5, "[one][two]", 1);
	assert_lines("12345\n123456\n12345\n", 5, "[12345][12345]", 1);
	assert_lines("much too long\nmuch too long\n", 5, "", 2);
}

static void a_line_that_never_ends_takes_no_memory(void **state)
{
	char chunk[1024];
	struct buf all;
	struct lines lines;
	unsigned dropped = 0;
	(void)state;

	memset(chunk, 'x', sizeof(chunk));
	buf_init(&all, 64);
	lines_init(&lines, 2000);
	for (int i = 0; i < 1000; i++) {
		dropped += lines_feed(&lines, chunk, sizeof(chunk), join, &all);
		assert_true(lines.partial.len <= 2000);
	}
	dropped += lines_feed(&lines, "\nend\n", 5, join, &all);
	assert_int_equal(dropped, 1);
	assert_string_equal(all.data, "[end]");
	lines_done(&lines);
	buf_done(&all);
}

/* --- events ----------------------------------------------------------------------------------- */

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int parse(const char *line, struct engine_event *event)
{
	*event = (struct engine_event){0};
	return event_parse(&dialect_docker, line, strlen(line), event);
}

#define EVENT(type, action)                                                                        \
	"{\"status\":\"x\",\"id\":\"" ID "\",\"from\":\"localhost/x:1\",\"Type\":\"" type          \
	"\",\"Action\":\"" action "\",\"Actor\":{\"ID\":\"" ID                                     \
	"\",\"Attributes\":{\"exitCode\":\"0\"}},\"scope\":\"local\",\"timeNano\":1}"

static void what_happens_to_a_container_is_told(void **state)
{
	static const struct {
		const char *line;
		const char *action;
	} events[] = {{EVENT("container", "die"), "die"},
		      {EVENT("container", "oom"), "oom"},
		      {EVENT("container", "destroy"), "destroy"},
		      {EVENT("container", "start"), "start"},
		      {EVENT("container", "kill"), "kill"}};
	struct engine_event event;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		assert_int_equal(parse(events[i].line, &event), 1);
		assert_string_equal(event.action, events[i].action);
		assert_string_equal(event.container_id, ID);
	}
}

static void other_events_do_not_matter(void **state)
{
	struct engine_event event;
	(void)state;

	assert_int_equal(parse(EVENT("container", "exec_start: sh"), &event), 0);
	assert_int_equal(parse(EVENT("container", "create"), &event), 0);
	assert_int_equal(parse(EVENT("network", "destroy"), &event), 0);
	assert_int_equal(parse(EVENT("image", "pull"), &event), 0);
}

static void what_is_no_event_is_told_apart(void **state)
{
	static const char *const junk[] = {
		"junk",
		"null",
		"[]",
		"17",
		"{}",
		"{\"Type\":\"container\",\"Action\":\"die\"}",
		"{\"Type\":\"container\",\"Action\":7,\"Actor\":{\"ID\":\"" ID "\"}}",
		"{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"../x\"}}",
		"{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"" ID "0\"}}",
		"{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":\"" ID "\"}",
		"{\"message\":\"the engine is sorry\"}",
	};
	struct engine_event event;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(junk); i++)
		assert_int_equal(parse(junk[i], &event), -EBADMSG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_the_same_however_they_are_cut),
		cmocka_unit_test(a_line_without_its_end_is_not_told),
		cmocka_unit_test(empty_lines_and_carriage_returns_are_left_out),
		cmocka_unit_test(a_line_that_is_too_long_is_dropped_as_a_whole),
		cmocka_unit_test(a_line_that_never_ends_takes_no_memory),
		cmocka_unit_test(what_happens_to_a_container_is_told),
		cmocka_unit_test(other_events_do_not_matter),
		cmocka_unit_test(what_is_no_event_is_told_apart),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
