/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include "containers.h"
#include "engine.h"
#include "request.h"
#include "route.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct rule {
	int64_t id;
	int64_t seen;
	int64_t hits;
	struct json_object *spec;
	struct rule *prev;
	struct rule *next;
};

int64_t rules_add(struct engine *engine, struct json_object *spec)
{
	struct rule *rule = xcalloc(1, sizeof(*rule));

	rule->id = ++engine->last_rule_id;
	rule->spec = json_object_get(spec);
	DL_APPEND(engine->rules, rule);
	return rule->id;
}

bool rules_remove(struct engine *engine, int64_t id)
{
	struct rule *rule, *next;
	bool found = id == 0;

	DL_FOREACH_SAFE(engine->rules, rule, next)
	{
		if (id != 0 && rule->id != id)
			continue;
		found = true;
		DL_DELETE(engine->rules, rule);
		json_object_put(rule->spec);
		free(rule);
	}
	return found;
}

struct json_object *rules_list(const struct engine *engine)
{
	struct json_object *list = json_object_new_array();
	const struct rule *rule;

	DL_FOREACH(engine->rules, rule)
	{
		struct json_object *row = json_object_new_object();

		json_object_object_add(row, "id", json_object_new_int64(rule->id));
		json_object_object_add(row, "seen", json_object_new_int64(rule->seen));
		json_object_object_add(row, "hits", json_object_new_int64(rule->hits));
		json_object_object_add(row, "rule", json_object_get(rule->spec));
		json_object_array_add(list, row);
	}
	return list;
}

/* True when the member is absent, equals `value`, or is an array that holds it. */
static bool names(struct json_object *spec, const char *key, const char *value)
{
	struct json_object *wanted = json_member(spec, key);

	if (!wanted)
		return true;
	if (!json_object_is_type(wanted, json_type_array))
		return strcmp(json_object_get_string(wanted), value) == 0;
	for (size_t i = 0; i < json_object_array_length(wanted); i++) {
		struct json_object *one = json_object_array_get_idx(wanted, i);

		if (one && strcmp(json_object_get_string(one), value) == 0)
			return true;
	}
	return false;
}

static bool matches_glob(struct json_object *spec, const char *key, const char *value)
{
	const char *glob = json_text(spec, key, NULL);

	return !glob || fnmatch(glob, value, 0) == 0;
}

/* Counts a match and merges the rule into `*effect` when its turn has come. */
static bool apply(struct rule *rule, struct json_object **effect)
{
	int64_t after = json_number(rule->spec, "after", 0);
	int64_t times = json_number(rule->spec, "times", 1);

	rule->seen++;
	if (rule->seen <= after || (times > 0 && rule->seen > after + times))
		return false;
	rule->hits++;
	if (!*effect)
		*effect = json_object_new_object();
	json_object_object_foreach (rule->spec, key, value) {
		if (!json_has(*effect, key))
			json_object_object_add(*effect, key, json_object_get(value));
	}
	return true;
}

struct json_object *rules_for_request(struct request *request)
{
	const char *op = request->route ? request->route->op : "unknown";
	struct json_object *hits = json_member(request->entry, "rules");
	struct json_object *effect = NULL;
	struct rule *rule;

	DL_FOREACH(request->engine->rules, rule)
	{
		if (json_has(rule->spec, "event") || json_has(rule->spec, "worker") ||
		    !names(rule->spec, "op", op) || !names(rule->spec, "method", request->method) ||
		    !matches_glob(rule->spec, "path", request->path) ||
		    !matches_glob(rule->spec, "request_body",
				  request->body.data ? request->body.data : ""))
			continue;
		if (apply(rule, &effect))
			json_object_array_add(hits, json_object_new_int64(rule->id));
	}
	return effect;
}

struct json_object *rules_for_event(struct engine *engine, const struct container *container,
				    const char *action)
{
	struct json_object *effect = NULL;
	struct rule *rule;

	DL_FOREACH(engine->rules, rule)
	{
		if (json_has(rule->spec, "event") && names(rule->spec, "event", action) &&
		    matches_glob(rule->spec, "name", container->name))
			(void)apply(rule, &effect);
	}
	return effect;
}

struct json_object *rules_for_worker(struct engine *engine, const char *session)
{
	struct json_object *effect = NULL;
	struct rule *rule;

	DL_FOREACH(engine->rules, rule)
	{
		if (json_has(rule->spec, "worker") && matches_glob(rule->spec, "worker", session))
			(void)apply(rule, &effect);
	}
	return effect;
}
