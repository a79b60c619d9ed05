#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event per line on stderr, as text or JSON, with stable `event=` names that scripts can rely
 * on. Only actors log; functions that compute return errors. Values are escaped, so that nothing a
 * peer says can start a line of its own; keys in them are masked (text_mask_keys()). Under systemd
 * (JOURNAL_STREAM) text lines carry journald's priority prefix. errno is preserved.
 */
#include "base/err.h"

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

/* Whom a line is about. NULL members are left out; the strings are only read during the call. */
struct log_ids {
	const char *environment;
	const char *session;
	const char *work;
	const char *container;
};

/* A further field, printed as name=value. Lists end with a NULL name. */
struct log_field {
	const char *name;
	const char *value;
};

/* Both may be called at any time; the defaults are LOG_TEXT and LOG_INFO. */
void log_set_format(enum log_format format);
void log_set_level(enum log_level level);
bool log_is_enabled(enum log_level level);

/* Writes one line. `ids`, `fields` and `format` may be NULL. */
void log_event(enum log_level level, const char *event, const struct log_ids *ids,
	       const struct log_field *fields, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Writes one line whose message is err's text. Returns err's code. */
int log_err(enum log_level level, const char *event, const struct log_ids *ids,
	    const struct err *err);
