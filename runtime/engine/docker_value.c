/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/docker_value.h"

#include "base/cleanup.h"

#include <inttypes.h>

char *docker_user(const struct policy *policy)
{
	return xasprintf("%" PRIu32 ":%" PRIu32, policy->uid, policy->gid);
}

char *docker_tmpfs_options(const struct policy_tmpfs *tmpfs, const struct policy *policy)
{
	return xasprintf("rw,nosuid,nodev,%s,size=%" PRId64 ",mode=%04o,uid=%" PRIu32
			 ",gid=%" PRIu32,
			 tmpfs->exec ? "exec" : "noexec", tmpfs->size_bytes, tmpfs->mode,
			 policy->uid, policy->gid);
}

char *docker_log_file_size(const struct policy *policy)
{
	return xasprintf("%" PRId64, policy->log_bytes / 2);
}

int64_t docker_nano_cpus(const struct policy *policy)
{
	return policy->cpu_millis * 1000000;
}

int64_t docker_stop_timeout(const struct plan *plan)
{
	return (plan->stop_grace_ms + 999) / 1000;
}

void docker_ulimits(struct docker_ulimit limits[DOCKER_ULIMITS], const struct policy *policy)
{
	limits[0] = (struct docker_ulimit){"nofile", policy->nofile};
	limits[1] = (struct docker_ulimit){"nproc", policy->nproc};
	limits[2] = (struct docker_ulimit){"core", policy->core_bytes};
}
