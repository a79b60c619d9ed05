/* SPDX-License-Identifier: Apache-2.0 */
/* base/log.h for who checks what is logged: nothing is written, everything is looked at. */
#include "base/cleanup.h"
#include "base/log.h"
#include "world/seam.h"

#include <stdarg.h>
#include <stdio.h>

static void (*listener)(const struct host_log_line *line, void *arg);
static void *listener_arg;

void host_log_to(void (*fn)(const struct host_log_line *line, void *arg), void *arg)
{
	listener = fn;
	listener_arg = arg;
}

void log_set_format(enum log_format format)
{
	(void)format;
}

void log_set_level(enum log_level level)
{
	(void)level;
}

bool log_is_enabled(enum log_level level)
{
	(void)level;
	return true;
}

void log_event(enum log_level level, const char *event, const struct log_ids *ids,
	       const struct log_field *fields, const char *format, ...)
{
	static const char *const levels[] = {
		[LOG_ERROR] = "error",
		[LOG_WARNING] = "warning",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};
	struct host_log_line line = {
		.host = host_current(), .level = levels[level], .event = event, .fields = fields};
	_cleanup_free_ char *message = NULL;
	va_list arguments;

	if (!listener)
		return;
	if (ids) {
		line.environment = ids->environment;
		line.session = ids->session;
		line.work = ids->work;
		line.container = ids->container;
	}
	if (format) {
		va_start(arguments, format);
		if (vasprintf(&message, format, arguments) < 0)
			message = NULL;
		va_end(arguments);
	}
	line.message = message;
	listener(&line, listener_arg);
}

int log_err(enum log_level level, const char *event, const struct log_ids *ids,
	    const struct err *err)
{
	log_event(level, event, ids, NULL, "%s", err->text);
	return err->code;
}
