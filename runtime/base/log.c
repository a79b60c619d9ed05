/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line is put together in one buffer and written with one write(), so that lines of several
 * processes on one stderr do not mix. A text value is quoted only when it must be.
 */
#include "base/log.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static enum log_format log_format = LOG_TEXT;
static enum log_level log_level = LOG_INFO;

static const struct {
	const char *name;
	int priority; /* of syslog(3), as journald reads it */
} levels[] = {
	[LOG_ERROR] = {"error", 3},
	[LOG_WARNING] = {"warning", 4},
	[LOG_INFO] = {"info", 6},
	[LOG_DEBUG] = {"debug", 7},
};

void log_set_format(enum log_format format)
{
	log_format = format;
}

void log_set_level(enum log_level level)
{
	log_level = level;
}

bool log_is_enabled(enum log_level level)
{
	return level <= log_level;
}

static bool is_plain(const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || *p == '"' || *p == '\\' || *p == '=')
			return false;
	return *value != '\0';
}

static int add_quoted(struct buf *line, const char *value)
{
	int r = buf_adds(line, "\"");
	bool shows;

	while (r == 0 && *value != '\0') {
		size_t length = text_character(value, &shows);
		if (*value == '"' || *value == '\\')
			r = buf_addf(line, "\\%c", *value);
		else if (shows)
			r = buf_add(line, value, length);
		for (size_t i = 0; !shows && r == 0 && i < length; i++)
			r = buf_addf(line, "\\x%02x", (unsigned char)value[i]);
		value += length;
	}
	return r < 0 ? r : buf_adds(line, "\"");
}

static int add_field(struct buf *line, const char *name, const char *value)
{
	if (!value)
		return 0;
	int r = buf_addf(line, " %s=", name);
	if (r < 0)
		return r;
	return is_plain(value) ? buf_adds(line, value) : add_quoted(line, value);
}

/* What does not fit is left out: the line stays a line. */
static void build_text(struct buf *line, enum log_level level, const struct log_field *fields)
{
	if (getenv("JOURNAL_STREAM"))
		(void)!buf_addf(line, "<%d>", levels[level].priority);
	(void)!buf_adds(line, fields[0].value);
	for (const struct log_field *field = fields + 1; field->name; field++)
		(void)!add_field(line, field->name, field->value);
}

static int add_json(struct buf *line, const struct log_field *fields, size_t count)
{
	_cleanup_(json_putp) struct json_object *object = json_new_object();

	for (size_t i = 0; i < count; i++)
		json_add_string(object, fields[i].name, fields[i].value);
	return buf_adds(line, json_line(object));
}

/* A cut object would be none: fields are left out from the end until the rest fits. */
static void build_json(struct buf *line, const struct log_field *fields)
{
	size_t count = 0;

	while (fields[count].name)
		count++;
	while (add_json(line, fields, count) < 0 && count > 0)
		count--;
}

static int64_t wall_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_line(enum log_level level, const char *event, const struct log_ids *ids,
		       const struct log_field *extra, const char *message)
{
	static const struct log_ids nobody;
	struct log_field fields[24] = {{NULL, NULL}};
	char time[32];
	size_t count = 0;
	struct buf line;

	ids = ids ? ids : &nobody;
	text_format_time(time, wall_clock_ms());
	fields[count++] = (struct log_field){"time", time};
	fields[count++] = (struct log_field){"level", levels[level].name};
	fields[count++] = (struct log_field){"event", event};
	fields[count++] = (struct log_field){"environment", ids->environment};
	fields[count++] = (struct log_field){"session", ids->session};
	fields[count++] = (struct log_field){"work", ids->work};
	fields[count++] = (struct log_field){"container", ids->container};
	for (; extra && extra->name && count < ARRAY_SIZE(fields) - 2; extra++)
		fields[count++] = *extra;
	fields[count] = (struct log_field){message ? "msg" : NULL, message};

	buf_init(&line, BUF_MAX_LOG_LINE);
	if (log_format == LOG_JSON)
		build_json(&line, fields);
	else
		build_text(&line, level, fields);
	line.len = text_mask_keys(line.data);
	line.max++;
	(void)!buf_adds(&line, "\n");
	(void)file_write_all(STDERR_FILENO, line.data, line.len);
	buf_done(&line);
}

void log_event(enum log_level level, const char *event, const struct log_ids *ids,
	       const struct log_field *fields, const char *format, ...)
{
	_cleanup_free_ char *message = NULL;
	int saved_errno = errno;
	va_list arguments;

	if (!log_is_enabled(level))
		return;
	if (format) {
		va_start(arguments, format);
		if (vasprintf(&message, format, arguments) < 0)
			message = NULL;
		va_end(arguments);
	}
	write_line(level, event, ids, fields, message);
	errno = saved_errno;
}

int log_err(enum log_level level, const char *event, const struct log_ids *ids,
	    const struct err *err)
{
	log_event(level, event, ids, NULL, "%s", err->text);
	return err->code;
}
