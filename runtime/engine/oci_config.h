#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an OCI runtime is told about a container (config.json of the runtime specification, 1.0),
 * compared with what the plan asks for, and with what Podman (4.3) always adds. Limits are not
 * looked at: the kernel shows which of them hold. Pure.
 */
#include "base/err.h"
#include "base/json.h"
#include "plan/plan.h"

/* ERR_REFUSED (-EPERM) for the first thing that differs. `id` is the container's: it is in the path
 * of every file that the engine mounts into it by itself. */
int oci_config_verify(const struct plan *plan, const char *id, struct json_object *config,
		      struct err *err);
