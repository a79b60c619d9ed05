/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/render.h"

#include "base/cleanup.h"
#include "policy/caps.h"

#include <inttypes.h>

struct json_object *render_strings(char *const *texts)
{
	struct json_object *array = json_new_array();

	for (; texts && *texts; texts++)
		json_append_string(array, *texts);
	return array;
}

struct json_object *render_one_string(const char *text)
{
	struct json_object *array = json_new_array();

	json_append_string(array, text);
	return array;
}

struct json_object *render_labels(const struct plan *plan)
{
	struct json_object *object = json_new_object();

	for (size_t i = 0; i < plan->label_count; i++)
		json_add_string(object, plan->labels[i].name, plan->labels[i].value);
	return object;
}

struct json_object *render_capabilities(const struct policy *policy)
{
	struct json_object *array = json_new_array();
	char name[64];

	for (int number = caps_next(policy->capabilities, 0); number >= 0;
	     number = caps_next(policy->capabilities, number + 1)) {
		caps_format(name, number);
		json_append_string(array, name);
	}
	return array;
}

char *render_user(const struct policy *policy)
{
	return xasprintf("%" PRIu32 ":%" PRIu32, policy->uid, policy->gid);
}

int64_t render_stop_timeout(const struct plan *plan)
{
	return (plan->stop_grace_ms + 999) / 1000;
}

void render_ulimits(struct render_ulimit limits[RENDER_ULIMITS], const struct policy *policy)
{
	limits[0] = (struct render_ulimit){"nofile", policy->nofile};
	limits[1] = (struct render_ulimit){"nproc", policy->nproc};
	limits[2] = (struct render_ulimit){"core", policy->core_bytes};
}
