/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * From a create request and an image to what Docker would show of the container in an inspect.
 */

#include "containers.h"
#include "images.h"

/*
 * Fills the container's config, host_config, labels, env, command, network and mounts. Members
 * that Docker does not know are dropped, as its decoder does.
 */
void create_merge(struct container *container, struct json_object *body, const struct image *image);
