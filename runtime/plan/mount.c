/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/mount.h"

#include "base/cleanup.h"
#include "policy/path.h"

#include <errno.h>
#include <string.h>

/* Directories of the host that no root of a policy opens: they describe or control the machine, or
 * hold every other session. Nor what lies in them, nor what contains them. */
static const char *const never[] = {
	"/etc",
	"/proc",
	"/sys",
	"/dev",
	"/run",
	"/var/run",
	"/boot",
	"/var/lib/docker",
	"/var/lib/containers",
	"/var/lib/containerd",
};

/* Sockets that give whoever can reach them the whole host, wherever they are. */
static const char *const engine_sockets[] = {
	"docker.sock",
	"podman.sock",
	"containerd.sock",
	"crio.sock",
};

static bool names_engine_socket(const char *path)
{
	for (const char *component = path; component; component = strchr(component, '/')) {
		component += strspn(component, "/");
		size_t len = strcspn(component, "/");
		for (size_t i = 0; i < ARRAY_SIZE(engine_sockets); i++)
			if (len == strlen(engine_sockets[i]) &&
			    memcmp(component, engine_sockets[i], len) == 0)
				return true;
	}
	return false;
}

int mount_check_source(const char *source, const struct policy *policy, struct err *err)
{
	if (!path_is_normal(source))
		return err_set(err, ERR_REFUSED, -EPERM,
			       "source '%s' must be an absolute path without '.', '..' or a "
			       "trailing '/'",
			       source);
	if (names_engine_socket(source))
		return err_set(err, ERR_REFUSED, -EPERM,
			       "source '%s' is an engine's socket: whoever reaches it owns the "
			       "host, read-only or not; remove the mount",
			       source);
	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		if (path_is_within(source, never[i]) || path_is_within(never[i], source))
			return err_set(err, ERR_REFUSED, -EPERM,
				       "source '%s' would give the session %s of the host; mount a "
				       "directory made for sessions",
				       source, never[i]);
	}
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
