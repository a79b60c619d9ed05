#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* The policies that come with berth, for tests of them. */
#include "policy/policy.h"
#include "unit/unit.h"

/* Loads a policy of the repository, where the tests are run. */
static inline struct policy *loaded(const char *name)
{
	static const char *const directories[] = {"policies", NULL};
	struct policy *policy = NULL;
	struct problems problems;

	problems_init(&problems);
	(void)policy_load(name, directories, &problems, &policy);
	assert_string_equal(problems_text(&problems), "");
	assert_non_null(policy);
	problems_done(&problems);
	return policy;
}
