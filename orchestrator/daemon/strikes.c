/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/strikes.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>
#include <uthash.h>

#define STRIKES_MAX	1024
#define STRIKES_KEPT_MS 3600000u

struct strike {
	char session_id[129];
	unsigned count;
	uint64_t last_ms;
	UT_hash_handle hh; /* in the order of the last strike */
};

struct strikes {
	struct strike *sessions;
};

struct strikes *strikes_new(void)
{
	return xcalloc(1, sizeof(struct strikes));
}

static void drop(struct strikes *strikes, struct strike *strike)
{
	HASH_DEL(strikes->sessions, strike);
	free(strike);
}

struct strikes *strikes_free(struct strikes *strikes)
{
	struct strike *strike, *next;

	if (!strikes)
		return NULL;
	HASH_ITER (hh, strikes->sessions, strike, next)
		drop(strikes, strike);
	free(strikes);
	return NULL;
}

static struct strike *find(const struct strikes *strikes, const char *session_id)
{
	struct strike *strike;

	HASH_FIND_STR(strikes->sessions, session_id, strike);
	return strike;
}

unsigned strikes_add(struct strikes *strikes, const char *session_id, uint64_t now_ms)
{
	struct strike *strike = find(strikes, session_id);

	if (strike && now_ms - strike->last_ms > STRIKES_KEPT_MS)
		strike->count = 0;
	if (strike) {
		HASH_DEL(strikes->sessions, strike);
	} else {
		if (HASH_COUNT(strikes->sessions) >= STRIKES_MAX)
			drop(strikes, strikes->sessions);
		strike = xcalloc(1, sizeof(*strike));
		(void)snprintf(strike->session_id, sizeof(strike->session_id), "%s", session_id);
	}
	strike->count++;
	strike->last_ms = now_ms;
	HASH_ADD_STR(strikes->sessions, session_id, strike);
	return strike->count;
}

bool strikes_are_out(const struct strikes *strikes, const char *session_id, uint64_t now_ms)
{
	const struct strike *strike = find(strikes, session_id);

	return strike && strike->count >= STRIKES_OUT &&
	       now_ms - strike->last_ms <= STRIKES_KEPT_MS;
}
