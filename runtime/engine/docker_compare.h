#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* How docker_verify() compares, and how it says what differs. */
#include "base/err.h"
#include "base/json.h"
#include "plan/plan.h"

#include <stdbool.h>

/* True for nothing at all: absent, null, false, 0, "", [] or {}. Docker leaves such fields out, or
 * writes them in one of these ways, by version. */
bool json_is_empty(struct json_object *value);

/* Equal, or both empty. */
bool json_same(struct json_object *asked, struct json_object *got);

/* Two arrays with the same members in any order, or both empty. */
bool json_same_set(struct json_object *asked, struct json_object *got);

/* Every member of the one array is in the other. */
bool json_contains(struct json_object *asked, struct json_object *got);

/* For a message, "nothing" if there is none; valid while `value` lives and is not printed again. */
const char *json_text(struct json_object *value);

/* "FIELD: asked for A, the engine made it B; REMEDY". Returns -EPERM. */
int docker_refuse(struct err *err, const char *field, const char *asked, const char *got,
		  const char *remedy);

/* Variables, labels, and what is mounted. Values of variables are compared and never printed. */
int docker_verify_contents(const struct plan *plan, struct json_object *inspect, struct err *err);
