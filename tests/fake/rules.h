/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules: scripted misbehaviour. A rule is a JSON object; which requests, events or workers it is
 * for and what it asks are described in fakeengine.py. Every rule counts what it matches; it
 * applies to the matches after the first `after`, `times` of them (default 1; 0: all).
 */

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct container;
struct engine;
struct request;
struct rule;

/* Adds a rule (keeps a reference) and returns its id. */
int64_t rules_add(struct engine *engine, struct json_object *spec);

/* Removes one rule, or all for id 0; false when there is none of that id. */
bool rules_remove(struct engine *engine, int64_t id);

/* A new array of {"id", "seen", "hits", "rule"}. */
struct json_object *rules_list(const struct engine *engine);

/*
 * Each asks all rules of its kind and returns a new object with the members of those that apply,
 * an older rule's first; NULL when none does.
 */
struct json_object *rules_for_request(struct request *request);
struct json_object *rules_for_event(struct engine *engine, const struct container *container,
				    const char *action);
struct json_object *rules_for_worker(struct engine *engine, const char *session);
