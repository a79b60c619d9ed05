#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small values in text form: durations, sizes, times, ids, base64, percent-encoding. Pure.
 */
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "500ms", "30s", "2m", "6h", "1d", or several in a row ("1h30m"); plain "0" is zero. A number
 * without a unit is refused (-EINVAL), too large is -ERANGE. `*ret_ms` untouched on failure. */
int text_parse_duration(const char *text, int64_t *ret_ms);

/* "512MiB", "2GiB", "64KiB", "100B", also KB, MB, GB (powers of ten), or plain bytes. */
int text_parse_size(const char *text, int64_t *ret_bytes);

/* A decimal integer and nothing else, sign allowed. */
int text_parse_int(const char *text, int64_t *ret);

/* The shortest form that text_parse_duration() reads back ("1h30m", "250ms"). `into`: 32 bytes. */
void text_format_duration(char into[32], int64_t ms);

/* The shortest form that text_parse_size() reads back ("2GiB", "1536MiB", "100"). `into`: 32 bytes.
 */
void text_format_size(char into[32], int64_t bytes);

/* RFC 3339 with milliseconds in UTC, "2026-11-22T10:00:00.123Z". `into`: 32 bytes. */
void text_format_time(char into[32], int64_t epoch_ms);

/* RFC 3339 as the control plane and the engines write it (fraction and offset allowed) to
 * milliseconds since the epoch. -EINVAL for anything else, and for Go's zero time (year 1). */
int text_parse_time(const char *text, int64_t *ret_epoch_ms);

/* True for 1 to 128 characters of A-Z a-z 0-9 _ and -: what may become a name, a label, a path. */
bool text_is_id(const char *text);

/* Appends `text` percent-encoded for one component of a URL (RFC 3986 unreserved stay). */
int text_add_url_component(struct buf *buf, const char *text) __attribute__((warn_unused_result));

/* Decodes base64 or base64url, padded or not. Appends to `buf`; -EINVAL if it is neither. */
int text_add_base64_decoded(struct buf *buf, const char *text, size_t len)
	__attribute__((warn_unused_result));

/* Appends the base64 of `data`; `url_safe` picks the alphabet of RFC 4648 section 5. */
int text_add_base64(struct buf *buf, const void *data, size_t len, bool url_safe)
	__attribute__((warn_unused_result));

/* Lower-case hexadecimal SHA-256 of `data`. `into`: 65 bytes. */
void text_sha256(char into[65], const void *data, size_t len);

/* The one of `count` words that `text` was probably meant to be: the nearest, else the first that
 * it begins; NULL when there is none. */
const char *text_nearest(const char *text, const char *const *words, size_t count);

/* True if `text` starts with `prefix`. */
bool text_starts_with(const char *text, const char *prefix);

/* Replaces, in place, what the kernel writes as "\\040" in its lists of mounts: spaces, and the
 * backslash itself. */
void text_unescape_octal(char *text);

/* How the control plane's keys begin. */
#define TEXT_KEY_PREFIX "sk-ant-"

/* Replaces, in place, what follows each "sk-ant-", and whom a URL names with a password before its
 * host ("https://user:password@host"), by "***" (fewer where there was less): for text that may
 * quote a key which somebody wrote where none belongs. Returns the new length. */
size_t text_mask_keys(char *text);

/* The length of the first character of `text`, which is not empty: of one in UTF-8, else 1.
 * `*ret_shows`: it is one, and a terminal shows it where it stands. Terminals obey control
 * characters (C0, DEL, C1) and take U+2028 and U+2029 for line breaks; those that set the direction
 * of writing make a text look like another. */
size_t text_character(const char *text, bool *ret_shows);

/* Replaces, in place, each byte of what does not show by '?'. Never NULL. */
void text_show(char *text);
