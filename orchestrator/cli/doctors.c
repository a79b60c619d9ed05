/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctors.h"

#include "base/cleanup.h"

#define LEFT_AFTER_MS INT64_C(300000) /* longer than any doctor looks */

char *doctors_instance(const struct fleet *fleet)
{
	return xasprintf("%.120s-doctor", fleet->instance);
}

bool doctors_have_left(const struct visit *visit, const struct container *container)
{
	return loop_wall_ms(visit->loop) - container->created_at_ms > LEFT_AFTER_MS;
}
