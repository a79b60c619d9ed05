/* SPDX-License-Identifier: Apache-2.0 */
#include "queue/skipped.h"

#include <string.h>

static size_t slot(const struct skipped *skipped, size_t i)
{
	return (skipped->first + i) % SKIPPED_MAX;
}

static void forget_first(struct skipped *skipped)
{
	skipped->first = slot(skipped, 1);
	skipped->count--;
}

bool skipped_add(struct skipped *skipped, const char fingerprint[17], uint64_t now_ms)
{
	while (skipped->count > 0 && skipped->entries[skipped->first].until_ms <= now_ms)
		forget_first(skipped);
	for (size_t i = 0; i < skipped->count; i++)
		if (strcmp(skipped->entries[slot(skipped, i)].fingerprint, fingerprint) == 0)
			return false;

	if (skipped->count == SKIPPED_MAX)
		forget_first(skipped);
	size_t last = slot(skipped, skipped->count++);
	memcpy(skipped->entries[last].fingerprint, fingerprint, 17);
	skipped->entries[last].until_ms = now_ms + SKIPPED_REMEMBER_MS;
	return true;
}
