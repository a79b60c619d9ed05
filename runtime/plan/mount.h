#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What of the host may be mounted into a session, and where. Paths are compared as text:
 * where a symbolic link leads is looked at when the configuration is read. */
#include "plan/plan.h"

/* Both: ERR_REFUSED, -EPERM with the remedy. */

/* Unless the source lies in a root of the policy and holds nothing of the machine or an engine. */
int mount_check_source(const char *source, const struct policy *policy, struct err *err);

/* Unless the target covers nothing of the policy or of berth. */
int mount_check_target(const char *target, const struct policy *policy, struct err *err);
