/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy file. What is wrong with it has a place; what is right with it can be planned, and put
 * in the words of each engine.
 */
#include "policy/policy.h"

#include "base/cleanup.h"
#include "engine/docker.h"
#include "engine/podman.h"
#include "fuzz/fuzz.h"
#include "unit/plan_fixture.h"

static void check_line(const char *line, void *arg)
{
	static const char file[] = "fuzzed.yaml:";

	(void)arg;
	must(strncmp(line, file, strlen(file)) == 0 && line[strlen(file)] >= '1' &&
	     line[strlen(file)] <= '9');
	must(fuzz_is_message(line));
}

/* What is printed shows no secret but one that the policy's own text has; what is sent is JSON. */
static void check_request(struct json_object *(*render)(const struct plan *plan, bool masked),
			  const struct plan *plan, const char *text)
{
	struct json_object *masked = render(plan, true), *sent = render(plan, false), *read = NULL;

	must(plan_secret_appears_in(plan, text) ||
	     !plan_secret_appears_in(plan, json_line(masked)));
	must(json_parse(json_line(sent), strlen(json_line(sent)), &read) == 0);
	must(json_object_equal(sent, read));
	json_object_put(masked);
	json_object_put(sent);
	json_object_put(read);
}

static void check_plan(const struct policy *policy, const char *text)
{
	struct fixture fixture;
	struct plan *plan = NULL;
	struct err err = {0};

	fixture_init(&fixture, NULL);
	fixture.input.policy = policy;
	if (plan_build(&fixture.input, &plan, &err) == 0) {
		check_request(docker_render, plan, text);
		check_request(podman_render, plan, text);
	} else {
		must(err.kind == ERR_REFUSED && err.code == -EPERM && fuzz_is_message(err.text));
	}
	(void)plan_free(plan);
	fixture_done(&fixture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *policy = NULL;
	struct problems problems;

	char *text = xstrndup((const char *)data, size);
	problems_init(&problems);
	if (policy_parse("fuzzed", "fuzzed.yaml", (const char *)data, size, &problems, &policy) ==
	    0) {
		must(policy && problems.count == 0);
		must(strlen(policy->digest) == 64);
		check_plan(policy, text);
	} else {
		must(!policy && problems.count > 0);
		problems_each(&problems, check_line, NULL);
	}
	(void)policy_free(policy);
	problems_done(&problems);
	free(text);
	return 0;
}
