#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key or token. Opaque on purpose: there is no way to print one by accident, its memory is
 * overwritten before it is freed, and secret_appears_in() finds it in texts that come from outside
 * (an engine or a proxy may echo a request in its error message).
 */
#include <stdbool.h>
#include <stddef.h>

struct secret;

/* A secret holding a copy of `len` bytes. The caller wipes its own copy. */
struct secret *secret_new(const char *text, size_t len);
struct secret *secret_copy(const struct secret *secret);

/* Overwrites and frees; NULL is fine. Always returns NULL. */
struct secret *secret_free(struct secret *secret);
void secret_freep(struct secret **secret);

/* The text itself, for the few places that must send it. Valid while the secret lives. */
const char *secret_reveal(const struct secret *secret);

bool secret_equal(const struct secret *a, const struct secret *b);

/* True if `text` contains the secret raw, with any of its bytes escaped as in URLs or JSON, in hex,
 * or in base64 (also as part of a longer base64 text, whatever its alignment). */
bool secret_appears_in(const struct secret *secret, const char *text);
