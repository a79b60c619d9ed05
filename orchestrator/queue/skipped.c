/* SPDX-License-Identifier: Apache-2.0 */
#include "queue/skipped.h"

#include "base/cleanup.h"

#include <string.h>

struct skipped_entry {
	char fingerprint[17];
	uint64_t until_ms, seen_ms;
};

static size_t slot(const struct skipped *skipped, size_t i)
{
	return (skipped->first + i) % SKIPPED_MAX;
}

static void forget_first(struct skipped *skipped)
{
	skipped->first = slot(skipped, 1);
	skipped->count--;
}

static size_t find(const struct skipped *skipped, const char fingerprint[17])
{
	size_t i = 0;

	while (i < skipped->count &&
	       strcmp(skipped->entries[slot(skipped, i)].fingerprint, fingerprint) != 0)
		i++;
	return i;
}

bool skipped_add(struct skipped *skipped, const char fingerprint[17], uint64_t now_ms,
		 uint64_t *ret_seen_ms)
{
	while (skipped->count > 0 && skipped->entries[skipped->first].until_ms <= now_ms)
		forget_first(skipped);

	size_t known = find(skipped, fingerprint);
	if (known < skipped->count) {
		known = slot(skipped, known);
		*ret_seen_ms = skipped->entries[known].seen_ms;
		skipped->entries[known].seen_ms = now_ms;
		return false;
	}

	if (!skipped->entries)
		skipped->entries = xcalloc(SKIPPED_MAX, sizeof(*skipped->entries));
	if (skipped->count == SKIPPED_MAX)
		forget_first(skipped);
	size_t last = slot(skipped, skipped->count++);
	memcpy(skipped->entries[last].fingerprint, fingerprint, 17);
	skipped->entries[last].until_ms = now_ms + SKIPPED_REMEMBER_MS;
	skipped->entries[last].seen_ms = now_ms;
	return true;
}

void skipped_done(struct skipped *skipped)
{
	free(skipped->entries);
	*skipped = (struct skipped){0};
}
