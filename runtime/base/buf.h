#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing text or byte buffer with a maximum that is set at the start, so that no peer decides
 * how much memory is used. `data` is never NULL and always followed by a NUL.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Every limit of the program in one list. */
#define BUF_MAX_POLL_REPLY   ((size_t)1 << 20)	/* one work item, or an error */
#define BUF_MAX_LIST_REPLY   ((size_t)16 << 20) /* a page of work items, or of containers */
#define BUF_MAX_ENGINE_REPLY ((size_t)4 << 20)	/* inspect, info */
#define BUF_MAX_EVENT_LINE   ((size_t)256 << 10)
#define BUF_MAX_HEADERS	     ((size_t)16 << 10)
#define BUF_MAX_LOG_LINE     ((size_t)16 << 10)
#define BUF_MAX_CONFIG_FILE  ((size_t)1 << 20)
#define BUF_MAX_KEY_FILE     ((size_t)16 << 10)
#define BUF_MAX_PROBLEMS     ((size_t)1 << 20)
#define BUF_MAX_OUTPUT	     ((size_t)64 << 20) /* what a command prints */

struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max;
};

/* Ready for use, holding nothing; `max` bytes at most. */
void buf_init(struct buf *buf, size_t max);

/* Frees the storage; the buffer must be initialised again before use. Safe on a zeroed struct. */
void buf_done(struct buf *buf);

/* Overwrites the content with zeroes, then frees: for what held a secret. */
void buf_done_wipe(struct buf *buf);

/* Empties the buffer, keeping its storage. */
void buf_reset(struct buf *buf);

/* Appends. -E2BIG, with the buffer unchanged, when the result would pass the maximum. */
int buf_add(struct buf *buf, const void *data, size_t len) __attribute__((warn_unused_result));
int buf_adds(struct buf *buf, const char *text) __attribute__((warn_unused_result));
int buf_addf(struct buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));
int buf_vaddf(struct buf *buf, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0), warn_unused_result));

/* The content as a heap string of the caller's; the buffer is empty afterwards. */
char *buf_take(struct buf *buf);
