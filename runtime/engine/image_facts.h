#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What inspecting an image says that matters to a plan. Pure. */
#include "base/json.h"
#include "plan/plan.h"

/* GET /images/{name}/json. -EBADMSG with *ret untouched. Release with image_facts_done(). */
int image_facts_parse(struct json_object *reply, struct image_facts *ret);
