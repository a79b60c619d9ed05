/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/json.h"
#include "base/log.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int saved_stderr = -1, captured = -1;

/* Sends stderr to an anonymous file, with the defaults set. */
static int begin_capture(void **state)
{
	char path[] = "/tmp/berth-log-XXXXXX";
	(void)state;

	(void)unsetenv("JOURNAL_STREAM");
	log_set_format(LOG_TEXT);
	log_set_level(LOG_INFO);
	captured = mkstemp(path);
	saved_stderr = dup(STDERR_FILENO);
	if (captured < 0 || saved_stderr < 0 || dup2(captured, STDERR_FILENO) < 0)
		return -1;
	return unlink(path);
}

static int end_capture(void **state)
{
	(void)state;
	if (dup2(saved_stderr, STDERR_FILENO) < 0)
		return -1;
	(void)close(saved_stderr);
	return close(captured);
}

/* What was logged since the last call; valid until the next. */
static const char *logged(void)
{
	static char text[65536];
	ssize_t len = pread(captured, text, sizeof(text) - 1, 0);

	assert_true(len >= 0);
	text[len] = '\0';
	assert_int_equal(ftruncate(captured, 0), 0);
	assert_int_equal(lseek(captured, 0, SEEK_SET), 0);
	return text;
}

/* The line behind its time, which must be one. */
static const char *after_time(const char *line)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ ";

	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		assert_true(shape[i] == 'd' ? line[i] >= '0' && line[i] <= '9'
					    : line[i] == shape[i]);
	return line + sizeof(shape) - 1;
}

static void a_line_names_level_event_and_whom_it_is_about(void **state)
{
	const struct log_ids ids = {
		.environment = "env_1", .session = "s1", .work = "w1", .container = "c1"};
	const struct log_field fields[] = {{"image", "a/b:1"}, {"none", NULL}, {NULL, NULL}};
	(void)state;

	log_event(LOG_INFO, "created", &ids, fields, "took %d ms", 5);
	assert_string_equal(after_time(logged()),
			    "level=info event=created environment=env_1 session=s1 work=w1 "
			    "container=c1 image=a/b:1 msg=\"took 5 ms\"\n");
	log_event(LOG_WARNING, "idle", NULL, NULL, NULL);
	assert_string_equal(after_time(logged()), "level=warning event=idle\n");
}

static void nothing_a_peer_says_starts_a_line_or_a_field_of_its_own(void **state)
{
	(void)state;
	log_event(LOG_ERROR, "e", NULL, NULL, "%s", "a\nlevel=info \"q\" \\ \x7f\t");
	assert_string_equal(after_time(logged()),
			    "level=error event=e msg=\"a\\x0alevel=info \\\"q\\\" \\\\ "
			    "\\x7f\\x09\"\n");
	log_event(LOG_ERROR, "e", NULL, NULL, "%s", "a=b");
	assert_string_equal(after_time(logged()), "level=error event=e msg=\"a=b\"\n");
	log_event(LOG_ERROR, "e", NULL, NULL, "%s", "");
	assert_string_equal(after_time(logged()), "level=error event=e msg=\"\"\n");
}

static void levels_below_the_chosen_one_are_silent(void **state)
{
	(void)state;
	assert_false(log_is_enabled(LOG_DEBUG));
	log_event(LOG_DEBUG, "e", NULL, NULL, NULL);
	assert_string_equal(logged(), "");
	log_set_level(LOG_DEBUG);
	log_event(LOG_DEBUG, "e", NULL, NULL, NULL);
	assert_string_equal(after_time(logged()), "level=debug event=e\n");
	log_set_level(LOG_ERROR);
	log_event(LOG_WARNING, "e", NULL, NULL, NULL);
	assert_string_equal(logged(), "");
}

static void under_the_journal_a_line_starts_with_its_priority(void **state)
{
	(void)state;
	assert_int_equal(setenv("JOURNAL_STREAM", "8:1", 1), 0);
	log_event(LOG_ERROR, "e", NULL, NULL, NULL);
	const char *line = logged();
	assert_memory_equal(line, "<3>", 3);
	assert_string_equal(after_time(line + 3), "level=error event=e\n");
	log_set_format(LOG_JSON);
	log_event(LOG_ERROR, "e", NULL, NULL, NULL);
	assert_int_equal(logged()[0], '{');
	(void)unsetenv("JOURNAL_STREAM");
}

static struct json_object *logged_json(void)
{
	const char *line = logged();
	struct json_object *object = NULL;

	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_int_equal(json_parse(line, strlen(line), &object), 0);
	return object;
}

static void as_json_a_line_is_one_object(void **state)
{
	const struct log_ids ids = {.session = "s1"};
	(void)state;

	log_set_format(LOG_JSON);
	log_event(LOG_INFO, "exited", &ids, NULL, "%s", "a\n\"b\"");
	struct json_object *object = logged_json();
	assert_string_equal(json_get_string(object, "level"), "info");
	assert_string_equal(json_get_string(object, "event"), "exited");
	assert_string_equal(json_get_string(object, "session"), "s1");
	assert_string_equal(json_get_string(object, "msg"), "a\n\"b\"");
	assert_null(json_get(object, "work"));
	char *time = xasprintf("%s ", json_get_string(object, "time"));
	assert_string_equal(after_time(time), "");
	free(time);
	json_object_put(object);
}

static void a_message_that_does_not_fit_leaves_a_line_all_the_same(void **state)
{
	char *text = xmalloc(BUF_MAX_LOG_LINE + 1);
	(void)state;

	memset(text, 'x', BUF_MAX_LOG_LINE);
	text[BUF_MAX_LOG_LINE] = '\0';
	log_event(LOG_INFO, "e", NULL, NULL, "%s", text);
	const char *line = logged();
	assert_memory_equal(after_time(line), "level=info event=e", 18);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_true(strlen(line) <= BUF_MAX_LOG_LINE + 1);

	log_set_format(LOG_JSON);
	log_event(LOG_INFO, "e", NULL, NULL, "%s", text);
	struct json_object *object = logged_json();
	assert_string_equal(json_get_string(object, "event"), "e");
	assert_null(json_get(object, "msg"));
	json_object_put(object);
	free(text);
}

static void more_fields_than_there_is_room_for_are_left_out(void **state)
{
	struct log_field fields[40] = {{NULL, NULL}};
	(void)state;

	for (size_t i = 0; i + 1 < ARRAY_SIZE(fields); i++)
		fields[i] = (struct log_field){"f", "v"};
	log_event(LOG_INFO, "e", NULL, fields, "last");
	const char *line = logged();
	assert_string_equal(line + strlen(line) - 10, " msg=last\n");
}

static void an_error_is_logged_and_its_code_handed_on(void **state)
{
	struct err err;
	(void)state;

	(void)err_set(&err, ERR_ENGINE, -EIO, "no answer");
	assert_int_equal(log_err(LOG_ERROR, "engine", NULL, &err), -EIO);
	assert_string_equal(after_time(logged()), "level=error event=engine msg=\"no answer\"\n");
}

static void errno_is_kept(void **state)
{
	(void)state;
	errno = E2BIG;
	log_event(LOG_INFO, "e", NULL, NULL, "x");
	assert_int_equal(errno, E2BIG);
	(void)logged();
}

static void what_a_terminal_obeys_or_turns_around_is_written_as_numbers(void **state)
{
	(void)state;
	log_event(LOG_INFO, "e", NULL, NULL, "\2332J \302\2332J \342\200\256gpj \303\251");
	assert_string_equal(after_time(logged()),
			    "level=info event=e msg=\"\\x9b2J \\xc2\\x9b2J \\xe2\\x80\\xaegpj "
			    "\303\251\"\n");
}

static void a_key_that_is_quoted_is_masked(void **state)
{
	const struct log_ids ids = {.environment = "sk-ant-api03-1"};
	const struct log_field fields[] = {{"file", "sk-ant-api03-2"}, {NULL, NULL}};
	(void)state;

	log_event(LOG_INFO, "e", &ids, fields, "no file '%s'", "sk-ant-api03-3");
	assert_string_equal(after_time(logged()),
			    "level=info event=e environment=sk-ant-*** file=sk-ant-*** msg=\"no "
			    "file 'sk-ant-***'\"\n");
	log_set_format(LOG_JSON);
	log_event(LOG_INFO, "e", &ids, fields, "no file '%s'", "sk-ant-api03-3");
	assert_non_null(strstr(logged(), "\"environment\":\"sk-ant-***\",\"file\":\"sk-ant-***\","
					 "\"msg\":\"no file 'sk-ant-***'\"}\n"));
}

int main(void)
{
#define CAPTURED(test) cmocka_unit_test_setup_teardown(test, begin_capture, end_capture)
	static const struct CMUnitTest tests[] = {
		CAPTURED(a_line_names_level_event_and_whom_it_is_about),
		CAPTURED(nothing_a_peer_says_starts_a_line_or_a_field_of_its_own),
		CAPTURED(levels_below_the_chosen_one_are_silent),
		CAPTURED(under_the_journal_a_line_starts_with_its_priority),
		CAPTURED(as_json_a_line_is_one_object),
		CAPTURED(a_message_that_does_not_fit_leaves_a_line_all_the_same),
		CAPTURED(more_fields_than_there_is_room_for_are_left_out),
		CAPTURED(an_error_is_logged_and_its_code_handed_on),
		CAPTURED(errno_is_kept),
		CAPTURED(what_a_terminal_obeys_or_turns_around_is_written_as_numbers),
		CAPTURED(a_key_that_is_quoted_is_masked),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
