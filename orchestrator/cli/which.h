#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which session an operator means: by the id of the session or of its work item, or by the id (six
 * digits or more of its beginning) or name of the container. Of several containers of one session
 * the newest is meant; digits with which several begin are no answer. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct candidate {
	const char *session, *work, *container, *name; /* NULL where there is none */
	int64_t at_ms;				       /* its age, for comparing */
};

enum which { WHICH_NONE, WHICH_ONE, WHICH_SEVERAL };

/* With WHICH_ONE, *ret is its index. */
enum which which_one(const char *text, const struct candidate *candidates, size_t count,
		     size_t *ret);

/* True if which_one() would count this one among several. */
bool which_may_be(const char *text, const struct candidate *candidate);
