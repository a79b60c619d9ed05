#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan that uses everything, and what an engine answered about the container it made of it (a
 * recorded answer of tests/golden/), for tests to change one thing of.
 */
#include "golden.h"
#include "plan_fixture.h"

#include <errno.h>

struct case_state {
	struct fixture fixture;
	struct plan *plan;
	struct json_object *inspect;
	int (*verify)(const struct plan *plan, struct json_object *inspect, struct err *err);
};

static inline void case_begin(struct case_state *c, const char *golden)
{
	_cleanup_free_ char *text = golden_read(golden);

	c->plan = fixture_full_plan(&c->fixture);
	assert_int_equal(json_parse(text, strlen(text), &c->inspect), 0);
}

/* What the image of the recorded container set, instead of the fixture's. */
static inline void set_image_environment(struct case_state *c, const char *entry)
{
	c->plan->image_environment = xcalloc(2, sizeof(char *));
	c->plan->image_environment[0] = xstrdup(entry);
}

static inline void case_end(struct case_state *c)
{
	json_object_put(c->inspect);
	plan_free(c->plan);
	fixture_done(&c->fixture);
}

/* Puts a JSON text at "A.B"; NULL removes what is there. Dots separate; keys here have none. */
static inline void change(struct json_object *object, const char *path, const char *json)
{
	struct json_object *value = NULL;
	char key[64];

	for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
		(void)snprintf(key, sizeof(key), "%.*s", (int)(dot - path), path);
		object = json_get_object(object, key);
		assert_non_null(object);
	}
	assert_non_null(json_get(object, path) || json ? object : NULL);
	if (!json) {
		json_object_object_del(object, path);
		return;
	}
	assert_int_equal(json_parse(json, strlen(json), &value), 0);
	json_add(object, path, value);
}

/* Puts `entry` into the environment in place of the one that starts with `name`; NULL removes it.
 */
static inline void change_variable(struct case_state *c, const char *name, const char *entry)
{
	struct json_object *config = json_get_object(c->inspect, "Config");
	struct json_object *old = json_get_array(config, "Env"), *changed = json_new_array();
	bool found = false;

	for (size_t i = 0; i < json_object_array_length(old); i++) {
		const char *text = json_string(json_object_array_get_idx(old, i));
		bool matches = strncmp(text, name, strlen(name)) == 0;
		found = found || matches;
		if (!matches)
			json_append_string(changed, text);
		else if (entry)
			json_append_string(changed, entry);
	}
	if (!found)
		json_append_string(changed, entry);
	json_add(config, "Env", changed);
}

/* `key` of the entry at `index` of what is mounted. */
static inline void change_mount(struct case_state *c, size_t index, const char *key,
				const char *json)
{
	struct json_object *mounts = json_get_array(c->inspect, "Mounts");

	change(json_object_array_get_idx(mounts, index), key, json);
}

static inline void assert_verified(struct case_state *c)
{
	struct err err = {.text = ""};

	int r = c->verify(c->plan, c->inspect, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(r, 0);
}

/* The refusal must start like this, name a remedy, and repeat no secret. */
static inline void assert_broken(struct case_state *c, const char *start)
{
	char head[512];
	struct err err;

	assert_int_equal(c->verify(c->plan, c->inspect, &err), -EPERM);
	assert_int_equal(err.kind, ERR_REFUSED);
	(void)snprintf(head, sizeof(head), "%.*s", (int)strcspn(err.text, ";"), err.text);
	assert_string_equal(head, start);
	assert_non_null(strchr(err.text, ';'));
	assert_false(plan_secret_appears_in(c->plan, err.text));
	assert_int_equal(c->verify(c->plan, c->inspect, NULL), -EPERM);
}
