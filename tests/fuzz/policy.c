/* SPDX-License-Identifier: Apache-2.0 */
/* A policy file. What is wrong with it has a place; what is right with it can be planned. */
#include "policy/policy.h"

#include "fuzz/fuzz.h"

#include <string.h>

static void check_line(const char *line, void *arg)
{
	(void)arg;
	must(strncmp(line, "fuzzed.yaml:", 12) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *policy = NULL;
	struct problems problems;

	problems_init(&problems);
	if (policy_parse("fuzzed", "fuzzed.yaml", (const char *)data, size, &problems, &policy) ==
	    0) {
		must(policy && problems.count == 0);
		must(strlen(policy->digest) > 0);
	} else {
		must(!policy && problems.count > 0);
		problems_each(&problems, check_line, NULL);
	}
	(void)policy_free(policy);
	problems_done(&problems);
	return 0;
}
