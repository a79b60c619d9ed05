/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/host_path.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "policy/host_mounts.h"
#include "policy/path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

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
	NULL,
};

/* Sockets that give whoever can reach them the whole host, wherever they are. */
static const char *const engine_sockets[] = {
	"docker.sock",
	"podman.sock",
	"containerd.sock",
	"crio.sock",
};

#define MOUNTS_MAX ((size_t)64 << 20) /* about a kilobyte for each container */

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

int host_path_check(const char *what, const char *path, struct err *err)
{
	if (names_engine_socket(path))
		return err_set(err, ERR_REFUSED, -EPERM,
			       "%s '%s' is an engine's socket: whoever reaches it owns the host, "
			       "read-only or not; remove the mount",
			       what, path);
	for (size_t i = 0; never[i]; i++) {
		if (path_is_within(path, never[i]) || path_is_within(never[i], path))
			return err_set(err, ERR_REFUSED, -EPERM,
				       "%s '%s' would give the session %s of the host; mount a "
				       "directory made for sessions",
				       what, path, never[i]);
	}
	return 0;
}

static int check_owner(const char *root, const char *path, const struct stat *status,
		       struct err *err)
{
	bool is_root = strcmp(root, path) == 0;
	/* In a directory with this bit nobody can put another one in its place. */
	bool is_sticky = !is_root && (status->st_mode & S_ISVTX);

	if (status->st_uid != 0 && status->st_uid != geteuid())
		return err_set(err, ERR_REFUSED, -EPERM,
			       "'%s' belongs to user %u, who could put anything there: chown root "
			       "'%s'",
			       path, status->st_uid, path);
	if ((status->st_mode & (S_IWGRP | S_IWOTH)) && !is_sticky)
		return err_set(err, ERR_REFUSED, -EPERM,
			       "'%s' can be written by others than its owner (mode %04o): chmod "
			       "go-w '%s', and let sessions write in directories below it",
			       path, (unsigned)(status->st_mode & 07777), path);
	return 0;
}

/* The directory itself, and each that it lies in. */
static int check_owners(const char *root, struct err *err)
{
	_cleanup_free_ char *path = xstrdup(root);
	struct stat status;

	for (;;) {
		const char *shown = path[0] ? path : "/";
		if (lstat(shown, &status) < 0 && errno == ENOENT)
			return err_set(err, ERR_REFUSED, -ENOENT,
				       "'%s' is not there: make it (mkdir '%s'), or take it out",
				       shown, shown);
		if (lstat(shown, &status) < 0)
			return err_set(err, ERR_REFUSED, -errno, "cannot examine '%s': %s", shown,
				       strerror(errno));
		if (!S_ISDIR(status.st_mode))
			return err_set(err, ERR_REFUSED, -ENOTDIR, "'%s' is no directory", shown);
		int r = check_owner(root, shown, &status, err);
		if (r < 0 || path[0] == '\0')
			return r;
		*strrchr(path, '/') = '\0';
	}
}

bool host_path_shares(const char *path, const char *other)
{
	const char *const others[] = {other, NULL};
	_cleanup_(buf_done) struct buf mountinfo;

	buf_init(&mountinfo, MOUNTS_MAX);
	if (path_is_within(path, other) || path_is_within(other, path))
		return true;
	return file_read("/proc/self/mountinfo", &mountinfo, NULL) == 0 &&
	       host_mounts_find(mountinfo.data, path, others);
}

static int check_mounts(const char *path, struct err *err)
{
	_cleanup_(buf_done) struct buf mountinfo;

	buf_init(&mountinfo, MOUNTS_MAX);
	int r = file_read("/proc/self/mountinfo", &mountinfo, err);
	const char *is = r == 0 ? host_mounts_find(mountinfo.data, path, never) : NULL;
	if (!is)
		return r;
	return err_set(err, ERR_REFUSED, -EPERM,
		       "'%s' is by a mount (findmnt) what is in %s of the host, or has that in it; "
		       "unmount it, or name a directory made for sessions",
		       path, is);
}

int host_path_check_link(const char *path, struct err *err)
{
	_cleanup_free_ char *resolved = realpath(path, NULL);

	if (!resolved && errno == ENOENT)
		return 0;
	if (!resolved)
		return err_set(err, ERR_REFUSED, -errno, "cannot examine '%s': %s", path,
			       strerror(errno));
	if (strcmp(resolved, path) == 0)
		return check_mounts(path, err);
	return err_set(err, ERR_REFUSED, -EPERM,
		       "'%s' leads to '%s' by a symbolic link: name the one that is meant", path,
		       resolved);
}

int host_path_check_root(const char *root, struct err *err)
{
	for (size_t i = 0; never[i]; i++) {
		if (path_is_within(root, never[i]))
			return err_set(err, ERR_REFUSED, -EPERM,
				       "'%s' would give sessions %s of the host; name a directory "
				       "made for sessions",
				       root, never[i]);
	}
	int r = host_path_check_link(root, err);
	return r == 0 ? check_owners(root, err) : r;
}

int host_path_check_source(const char *root, const char *source, struct err *err)
{
	_cleanup_free_ char *path = xstrdup(source);
	struct stat status;

	while (strlen(path) > strlen(root)) {
		*strrchr(path, '/') = '\0';
		if (lstat(path, &status) < 0 && errno == ENOENT)
			continue;
		if (lstat(path, &status) < 0)
			return err_set(err, ERR_REFUSED, -errno, "cannot examine '%s': %s", path,
				       strerror(errno));
		int r = check_owner(path, path, &status, err);
		if (r < 0)
			return r;
	}
	return 0;
}
