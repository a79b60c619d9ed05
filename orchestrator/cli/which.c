/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/which.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define SHORTEST_PREFIX 6

static bool is_same(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

static bool is_named(const char *text, const struct candidate *candidate)
{
	return is_same(candidate->session, text) || is_same(candidate->work, text) ||
	       is_same(candidate->container, text) || is_same(candidate->name, text);
}

bool which_may_be(const char *text, const struct candidate *candidate)
{
	return strlen(text) >= SHORTEST_PREFIX && candidate->container &&
	       text_starts_with(candidate->container, text);
}

enum which which_one(const char *text, const struct candidate *candidates, size_t count,
		     size_t *ret)
{
	enum which found = WHICH_NONE;

	for (size_t i = 0; i < count; i++) {
		if (is_named(text, &candidates[i]) &&
		    (found == WHICH_NONE || candidates[i].at_ms > candidates[*ret].at_ms)) {
			found = WHICH_ONE;
			*ret = i;
		}
	}
	for (size_t i = 0, begin = found; i < count && begin == WHICH_NONE; i++) {
		if (which_may_be(text, &candidates[i])) {
			found = found == WHICH_NONE ? WHICH_ONE : WHICH_SEVERAL;
			*ret = i;
		}
	}
	return found;
}
