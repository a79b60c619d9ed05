#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership vocabulary used by every file: variables that release themselves at the end of their
 * scope, handing a pointer on, and allocation that cannot fail. Running out of memory ends the
 * process: whatever it was doing is found again in the engine by the next start.
 */
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(destroy) __attribute__((cleanup(destroy)))
#define _cleanup_free_	   _cleanup_(cleanup_free)
#define _cleanup_close_	   _cleanup_(cleanup_close)

/* Evaluates to `pointer` and leaves NULL behind: the value now belongs to whoever receives it. */
#define TAKE(pointer)                                                                              \
	({                                                                                         \
		__auto_type take_from_ = &(pointer);                                               \
		__auto_type taken_ = *take_from_;                                                  \
		*take_from_ = NULL;                                                                \
		taken_;                                                                            \
	})

/* The same for a file descriptor. */
#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int taken_fd_ = (fd);                                                              \
		(fd) = -1;                                                                         \
		taken_fd_;                                                                         \
	})

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The object that embeds `member` at `pointer`. */
#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

static inline void cleanup_free(void *address)
{
	free(*(void **)address);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* Like malloc, calloc, realloc, strdup and asprintf; the result is never NULL. */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));
void *xcalloc(size_t count, size_t size)
	__attribute__((malloc, returns_nonnull, warn_unused_result));
void *xreallocarray(void *old, size_t count, size_t size)
	__attribute__((returns_nonnull, warn_unused_result));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull, warn_unused_result));
char *xstrndup(const char *text, size_t length)
	__attribute__((malloc, returns_nonnull, warn_unused_result));
char *xasprintf(const char *format, ...)
	__attribute__((format(printf, 1, 2), malloc, returns_nonnull, warn_unused_result));

/* xstrdup that passes NULL through. */
char *xstrdup_or_null(const char *text);
