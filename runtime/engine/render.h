#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a create request that every engine takes alike. */
#include "base/json.h"
#include "plan/plan.h"

#define RENDER_ULIMITS 3

struct render_ulimit {
	const char *name;
	int64_t value; /* soft and hard */
};

/* Every object and text is the caller's. `texts` ends with NULL, or is NULL. */
struct json_object *render_strings(char *const *texts);
struct json_object *render_one_string(const char *text);

/* {"NAME": "VALUE", ...} */
struct json_object *render_labels(const struct plan *plan);

/* ["CAP_CHOWN", ...]: those that the policy keeps. */
struct json_object *render_capabilities(const struct policy *policy);

/* "UID:GID" */
char *render_user(const struct policy *policy);

/* Whole seconds, rounded up. */
int64_t render_stop_timeout(const struct plan *plan);

void render_ulimits(struct render_ulimit limits[RENDER_ULIMITS], const struct policy *policy);
