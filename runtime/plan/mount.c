/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/mount.h"

#include "base/cleanup.h"
#include "policy/host_path.h"
#include "policy/path.h"

#include <errno.h>
#include <string.h>

int mount_check_source(const char *source, const struct policy *policy, struct err *err)
{
	if (!path_is_normal(source))
		return err_set(err, ERR_REFUSED, -EPERM,
			       "source '%s' must be an absolute path without '.', '..' or a "
			       "trailing '/'",
			       source);
	int r = host_path_check("source", source, err);
	if (r < 0)
		return r;
	for (char **root = policy->mount_roots; root && *root; root++)
		if (path_is_within(source, *root))
			return 0;
	return err_set(err, ERR_REFUSED, -EPERM,
		       "source '%s' is in no directory that policy '%s' opens; list one under "
		       "`mounts: {roots: [...]}` of a policy of your own",
		       source, policy->name);
}

int mount_check_target(const char *target, const struct policy *policy, struct err *err)
{
	if (!path_is_mountable(target) || path_is_within(PATH_OWN_DIRECTORY, target)) {
		return err_set(err, ERR_REFUSED, -EPERM,
			       "target '%s' must be an absolute path without '.', '..' or a "
			       "trailing '/', and neither / nor /run nor in /proc, /sys, /dev "
			       "or " PATH_OWN_DIRECTORY,
			       target);
	}
	for (size_t i = 0; i < policy->tmpfs_count; i++) {
		if (path_is_within(policy->tmpfs[i].path, target))
			return err_set(err, ERR_REFUSED, -EPERM,
				       "target '%s' covers the tmpfs '%s' of policy '%s'; choose a "
				       "directory below it, or another one",
				       target, policy->tmpfs[i].path, policy->name);
	}
	return 0;
}
