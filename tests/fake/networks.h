/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Networks: the three Docker always has, and those that clients create. */

#include "engine.h"

struct network {
	char *name;
	char id[65];
	char *driver;
	bool predefined;
	bool internal;
	struct json_object *labels;
	struct json_object *options;
	struct timespec created;
	struct network *prev;
	struct network *next;
};

void networks_init(struct engine *engine);
void networks_clear(struct engine *engine);

/* By name or id. */
struct network *network_find(struct engine *engine, const char *reference);
