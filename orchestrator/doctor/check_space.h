#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* How much is left of something, against the floor below which berth claims nothing. */
#include "doctor/report.h"

#include <stdint.h>

/* `free_bytes` as of io/space.h; `floor_key` is the key below `host`. */
void check_space(struct finding *finding, const char *what, int64_t free_bytes, int64_t floor_bytes,
		 const char *floor_key);
