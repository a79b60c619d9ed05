#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Has the host room for one more session? Looks at most once a second. */
#include "config/fleet.h"

#include <stdbool.h>
#include <stdint.h>

struct admission {
	uint64_t looked_ms;
	bool has_looked;
	char refusal[160]; /* empty: there is room */
};

/* False with the reason in admission->refusal when disk (below `data_root`, NULL: not looked at) or
 * memory are below the floors of `host`. */
bool admission_has_room(struct admission *admission, const struct host_settings *host,
			const char *data_root, uint64_t now_ms);
