#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ordinary plan input for tests to change one thing of: a policy with two tmpfs and one mount
 * root, an image with a command, a work item with a secret. Everything lives until fixture_done().
 */
#include "plan/plan.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

#define FIXTURE_WORK_SECRET "d29yay1zZWNyZXQ"
#define FIXTURE_TOKEN	    "session-token/with+signs"
#define FIXTURE_KEY	    "environment-key"

struct fixture {
	struct policy *policy;
	struct secret *work_secret, *token, *key;
	struct image_facts facts;
	struct plan_input input;
};

static inline struct policy *fixture_policy(const char *text)
{
	struct policy *policy = NULL;
	struct problems problems;

	problems_init(&problems);
	(void)policy_parse("tight", "tight.yaml", text, strlen(text), &problems, &policy);
	assert_string_equal(problems_text(&problems), "");
	problems_done(&problems);
	return policy;
}

/* One of the policies that come with berth. */
static inline struct policy *fixture_shipped_policy(const char *name)
{
	static const char *const directories[] = {"policies", NULL};
	struct policy *policy = NULL;
	struct problems problems;

	problems_init(&problems);
	assert_int_equal(policy_load(name, directories, &problems, &policy), 0);
	problems_done(&problems);
	return policy;
}

/* `policy` is the text of a policy, NULL: an ordinary one. */
static inline void fixture_init(struct fixture *fixture, const char *policy)
{
	static char worker[] = "/usr/bin/worker", id[] = "sha256:0123";
	static char *entrypoint[] = {worker, NULL};

	*fixture = (struct fixture){
		.policy = fixture_policy(
			policy ? policy
			       : "tmpfs: [{path: /workspace, size: 1GiB, exec: true},"
				 " {path: /tmp, size: 16MiB, mode: '1777'}]\n"
				 "mounts: {roots: [/srv/berth]}\n"),
		.work_secret = secret_new(FIXTURE_WORK_SECRET, strlen(FIXTURE_WORK_SECRET)),
		.token = secret_new(FIXTURE_TOKEN, strlen(FIXTURE_TOKEN)),
		.key = secret_new(FIXTURE_KEY, strlen(FIXTURE_KEY)),
		.facts = {.id = id, .entrypoint = entrypoint},
	};
	fixture->input = (struct plan_input){
		.instance = "default",
		.environment_id = "env_01",
		.session_id = "sesn_01",
		.work_id = "work_01",
		.work_secret = fixture->work_secret,
		.sessions_token = fixture->token,
		.environment_key = fixture->key,
		.credential = CREDENTIAL_AUTO,
		.image = "localhost/session:1",
		.image_facts = &fixture->facts,
		.policy = fixture->policy,
		.bridge = "berth",
		.stop_grace_ms = 30000,
	};
}

static inline void fixture_done(struct fixture *fixture)
{
	policy_free(fixture->policy);
	secret_free(fixture->work_secret);
	secret_free(fixture->token);
	secret_free(fixture->key);
}

/* The plan of an input that must be admitted. */
static inline struct plan *fixture_plan(const struct fixture *fixture)
{
	struct err err = {.text = ""};
	struct plan *plan = NULL;

	int r = plan_build(&fixture->input, &plan, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(r, 0);
	return plan;
}

/* The value of a variable of the plan, NULL if it has none of this name. */
static inline const char *fixture_variable(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->variable_count; i++)
		if (strcmp(plan->variables[i].name, name) == 0)
			return secret_reveal(plan->variables[i].value);
	return NULL;
}

/* The plan of an input that uses everything a policy and a configuration can say. Initialises the
 * fixture. */
static inline struct plan *fixture_full_plan(struct fixture *f)
{
	static char run[] = "/usr/bin/run", once[] = "--once", lang[] = "LANG", utf[] = "C.UTF-8";
	static char team[] = "team", build[] = "build {work_id}", data[] = "/data";
	static char source[] = "/srv/berth/cache", target[] = "/cache", rw[] = "/out";
	static char *command[] = {run, once, NULL}, *volumes[] = {data, NULL};
	static const struct name_value env = {lang, utf}, labels = {team, build};
	static const struct plan_mount mounts[] = {{source, target, true}, {source, rw, false}};

	fixture_init(f, "user: 4000:4001\n"
			"read_only_root: false\n"
			"capabilities: [chown, net_bind_service]\n"
			"no_new_privileges: false\n"
			"swap: 1GiB\n"
			"cpus: 0.125\n"
			"core: 1MiB\n"
			"tmpfs: [{path: /tmp, size: 4KiB, mode: '1777'}]\n"
			"volumes: {size: 1MiB}\n"
			"mounts: {roots: [/srv/berth]}\n"
			"network: none\n"
			"runtime: runc\n"
			"log: {size: 1MiB}\n");
	f->facts.volumes = volumes;
	f->input.command = command;
	f->input.env = &env;
	f->input.env_count = 1;
	f->input.labels = &labels;
	f->input.label_count = 1;
	f->input.mounts = mounts;
	f->input.mount_count = 2;
	f->input.base_url = "https://api.example";
	f->input.stop_grace_ms = 1001;
	return fixture_plan(f);
}

static inline void assert_refused(const struct plan_input *input, int code, const char *reason)
{
	struct plan *plan = NULL;
	struct err err;

	assert_int_equal(plan_build(input, &plan, &err), code);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.text, reason);
	assert_null(plan);
	assert_int_equal(plan_build(input, &plan, NULL), code);
}

/* Refused for what the operator or the image says, not for what the item is. */
static inline void assert_forbidden(const struct plan_input *input, const char *reason)
{
	assert_refused(input, -EPERM, reason);
}
