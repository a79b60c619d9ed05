#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Every key of a fleet file, as rows: reading, defaults, limits and reference follow from them. */
#include "policy/option.h"

extern const struct option fleet_rows[];       /* target: struct fleet */
extern const struct option include_rows[];     /* of a file that is included; likewise */
extern const struct option engine_rows[];      /* target: struct engine_settings */
extern const struct option environment_rows[]; /* target: struct environment */
