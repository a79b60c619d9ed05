/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/docker_value.h"

#include "base/cleanup.h"

#include <inttypes.h>

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
