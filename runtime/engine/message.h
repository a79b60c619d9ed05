#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine's words made safe to show: one line, bounded, without control characters, and withheld
 * when they repeat a secret. An engine may echo the request that it refuses. Pure.
 */
#include "plan/plan.h"

#include <stddef.h>

#define MESSAGE_MAX 300

/* `text` cleaned. `plan` (or NULL) is what the request carried; texts that look like one of the
 * credentials berth injects are withheld without one, too. */
void message_clean(char into[MESSAGE_MAX], const char *text, size_t len, const struct plan *plan);

/* The same for a short text, cut to `size`; NULL leaves `into` as it is. */
void message_copy(char *into, size_t size, const char *text);

/* message_clean() for the body of a reply that is not 2xx: its {"message"}, or the body itself when
 * it is no JSON (Docker answers some bad requests in plain text). "" when there is nothing to say.
 */
void message_of_reply(char into[MESSAGE_MAX], const char *body, size_t len,
		      const struct plan *plan);

/* True if an engine's message has these words, in any case of letters. */
bool message_says(const char *message, const char *words);
