/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/podman_value.h"

#include "base/cleanup.h"

#include <inttypes.h>

const char *podman_network_mode(const struct plan *plan)
{
	switch (plan->network_kind) {
	case NETWORK_NONE:
		return "none";
	case NETWORK_UNRESTRICTED:
		return PODMAN_OWN_NETWORK;
	case NETWORK_ENGINE:
		return "bridge";
	}
	abort();
}

char *podman_tmpfs_size(const struct policy_tmpfs *tmpfs)
{
	return xasprintf("size=%" PRId64, tmpfs->size_bytes);
}

char *podman_tmpfs_mode(const struct policy_tmpfs *tmpfs)
{
	return xasprintf("mode=%04o", tmpfs->mode);
}

char *podman_tmpfs_options(const struct policy_tmpfs *tmpfs, const struct policy *policy)
{
	return xasprintf("rw,nosuid,nodev,%s,size=%" PRId64 ",mode=%04o,uid=%" PRIu32
			 ",gid=%" PRIu32 ",rprivate",
			 tmpfs->exec ? "exec" : "noexec", tmpfs->size_bytes, tmpfs->mode,
			 policy->uid, policy->gid);
}

/* Like HumanSize of docker/go-units, which Podman uses. */
char *podman_log_size(const struct policy *policy)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
	double size = (double)policy->log_bytes;
	size_t unit = 0;

	for (; size >= 1000 && unit < ARRAY_SIZE(units) - 1; unit++)
		size /= 1000;
	return xasprintf("%.4g%s", size, units[unit]);
}
