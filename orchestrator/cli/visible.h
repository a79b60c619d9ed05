#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session wrote, for a terminal, which obeys what it is sent: escape sequences change its
 * title, answer as if somebody typed, or hide what was printed. Control characters but line feed,
 * carriage return and tab are shown instead: as ^[ or ^G, and those from 0x80 on (C1 of ISO 6429),
 * alone or in UTF-8, in their 7-bit form, ^[ and a letter. The bytes may be cut anywhere. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

/* One stream. Zero-initialised: at the beginning. */
struct visible {
	unsigned char left; /* bytes that the UTF-8 character still has */
	bool is_second_set; /* it began as those of the second set do */
};

typedef void (*visible_fn)(const char *data, size_t len, void *arg);

/* Calls fn(data, len, arg) for what may be sent to the terminal; `data` is valid for the call. */
void visible_feed(struct visible *visible, const char *data, size_t len, visible_fn fn, void *arg);
