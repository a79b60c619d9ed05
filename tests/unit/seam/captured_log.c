/* SPDX-License-Identifier: Apache-2.0 */
#include "captured_log.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "unit/unit.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void captured_log_begin(struct captured_log *log)
{
	log->fd = memfd_create("log", MFD_CLOEXEC);
	log->stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_true(dup2(log->fd, STDERR_FILENO) >= 0);
	log_set_format(LOG_JSON);
	log_set_level(LOG_DEBUG);
}

/* All of it, for the caller to free. */
static char *read_all(const struct captured_log *log)
{
	off_t size = lseek(log->fd, 0, SEEK_END);
	char *text = xcalloc((size_t)size + 1, 1);

	if (pread(log->fd, text, (size_t)size, 0) != size)
		abort();
	return text;
}

/* What is no line of the log is cmocka's, about a test that failed. */
void captured_log_end(struct captured_log *log)
{
	_cleanup_free_ char *text = read_all(log);
	char *place;

	(void)dup2(log->stderr_fd, STDERR_FILENO);
	(void)close(log->stderr_fd);
	(void)close(log->fd);
	for (char *line = strtok_r(text, "\n", &place); line; line = strtok_r(NULL, "\n", &place))
		if (line[0] != '{')
			(void)fprintf(stderr, "%s\n", line);
}

static bool has(struct json_object *line, const char *key, const char *wanted)
{
	const char *value = json_get_string(line, key);

	return !wanted || (value && strcmp(value, wanted) == 0);
}

/* The lines with this event, as one array for the caller to put. */
static struct json_object *lines_of(const struct captured_log *log, const char *event)
{
	struct json_object *lines = json_new_array();
	_cleanup_free_ char *text = read_all(log);
	char *place;

	for (char *line = strtok_r(text, "\n", &place); line; line = strtok_r(NULL, "\n", &place)) {
		struct json_object *json = NULL;
		assert_int_equal(json_parse(line, strlen(line), &json), 0);
		if (has(json, "event", event))
			json_append(lines, json);
		else
			json_object_put(json);
	}
	return lines;
}

unsigned captured_log_count(const struct captured_log *log, const char *event, const char *level,
			    const char *environment)
{
	_cleanup_(json_putp) struct json_object *lines = lines_of(log, event);
	unsigned count = 0;

	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		struct json_object *line = json_object_array_get_idx(lines, i);
		if (has(line, "level", level) && has(line, "environment", environment))
			count++;
	}
	return count;
}

struct json_object *captured_log_last(const struct captured_log *log, const char *event)
{
	_cleanup_(json_putp) struct json_object *lines = lines_of(log, event);
	size_t count = json_object_array_length(lines);

	assert_true(count > 0);
	return json_object_get(json_object_array_get_idx(lines, count - 1));
}
