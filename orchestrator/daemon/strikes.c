/* SPDX-License-Identifier: Apache-2.0 */
/* A short list: almost always empty, and walked only when something has gone wrong. */
#include "daemon/strikes.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>

#define STRIKES_MAX	1024
#define STRIKES_KEPT_MS 3600000u

struct strike {
	char session_id[129];
	unsigned count;
	uint64_t last_ms;
};

struct strikes {
	struct strike *list;
	size_t count;
};

struct strikes *strikes_new(void)
{
	return xcalloc(1, sizeof(struct strikes));
}

struct strikes *strikes_free(struct strikes *strikes)
{
	if (strikes)
		free(strikes->list);
	free(strikes);
	return NULL;
}

static struct strike *find(const struct strikes *strikes, const char *session_id)
{
	for (size_t i = 0; i < strikes->count; i++)
		if (strcmp(strikes->list[i].session_id, session_id) == 0)
			return &strikes->list[i];
	return NULL;
}

/* A place for one more: a new one, or that of the session whose last strike is longest ago. */
static struct strike *make_place(struct strikes *strikes)
{
	if (strikes->count < STRIKES_MAX) {
		strikes->list =
			xreallocarray(strikes->list, strikes->count + 1, sizeof(*strikes->list));
		return &strikes->list[strikes->count++];
	}
	struct strike *oldest = &strikes->list[0];
	for (size_t i = 1; i < strikes->count; i++)
		if (strikes->list[i].last_ms < oldest->last_ms)
			oldest = &strikes->list[i];
	return oldest;
}

unsigned strikes_add(struct strikes *strikes, const char *session_id, uint64_t now_ms)
{
	struct strike *strike = find(strikes, session_id);

	if (!strike) {
		strike = make_place(strikes);
		*strike = (struct strike){0};
		(void)snprintf(strike->session_id, sizeof(strike->session_id), "%s", session_id);
	} else if (now_ms - strike->last_ms > STRIKES_KEPT_MS) {
		strike->count = 0;
	}
	strike->last_ms = now_ms;
	return ++strike->count;
}

bool strikes_are_out(const struct strikes *strikes, const char *session_id, uint64_t now_ms)
{
	const struct strike *strike = find(strikes, session_id);

	return strike && strike->count >= STRIKES_OUT &&
	       now_ms - strike->last_ms <= STRIKES_KEPT_MS;
}
