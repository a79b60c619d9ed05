#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes known secrets out of a stream of bytes and marks the places: "[redacted: sessions token]".
 * Found are a secret itself, also with bytes percent-encoded or behind a backslash, and its base64
 * in either alphabet, whatever its alignment and wherever lines are broken (RFC 2045 breaks them
 * after 76 characters; JSON writes that as \n). The bytes may come in pieces: what may be the
 * beginning of a secret is held back until the next piece tells. Pure.
 *
 *	struct redactor *redactor = redactor_new();
 *	redactor_add(redactor, token, "sessions token");
 *	struct redaction output;                            one for each stream
 *	redaction_init(&output, redactor, write_out, file);
 *	redaction_feed(&output, data, len);  ...  redaction_finish(&output);
 *	redaction_done(&output);  redactor_free(redactor);
 *
 * What stays visible beside a mark are at most three characters of base64 that a line break, or the
 * neighbours of the secret, set apart.
 */
#include "base/buf.h"
#include "base/secret.h"

#include <stddef.h>

/* Shorter ones turn up in ordinary text, and are not looked for. */
#define REDACT_SHORTEST 8

/* What to look for. */
struct redactor;

struct redactor *redactor_new(void);
/* Wipes what it knows. NULL is fine; returns NULL. */
struct redactor *redactor_free(struct redactor *redactor);
void redactor_freep(struct redactor **redactor);
/* Keeps a copy of `secret`; NULL, a short one, and one that is known already add nothing. `name` is
 * a literal, for the mark. Not while a redaction with this redactor is under way. */
void redactor_add(struct redactor *redactor, const struct secret *secret, const char *name);

typedef void (*redact_fn)(const char *data, size_t len, void *arg);

/* One stream. Zero-initialised is fine for redaction_done(). */
struct redaction {
	const struct redactor *redactor;
	struct buf held;
	redact_fn fn;
	void *arg;
};

/* `redactor` is borrowed. fn(data, len, arg) gets what may be shown, from inside the next two. */
void redaction_init(struct redaction *redaction, const struct redactor *redactor, redact_fn fn,
		    void *arg);
void redaction_feed(struct redaction *redaction, const char *data, size_t len);
/* The stream has ended: what was held back is shown, and marked if it is half a secret or more. */
void redaction_finish(struct redaction *redaction);
void redaction_done(struct redaction *redaction);
