/* SPDX-License-Identifier: Apache-2.0 */
#include "config/discover.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* Where engines put their sockets (Docker 20 to 29, Podman 3 to 5). %u is the uid. */
static const struct usual {
	const char *path;
	bool only_root, only_others;
} usual[] = {
	{"/run/docker.sock", false, false},
	{"/var/run/docker.sock", true, false},
	{"/run/podman/podman.sock", false, false},
	{"/run/user/%u/docker.sock", false, true},
	{"/run/user/%u/podman/podman.sock", false, true},
};

static char *usual_path(const char *root, const struct usual *place, uid_t uid)
{
	static const char mark[] = "%u";
	const char *at = strstr(place->path, mark);

	if (!at)
		return xasprintf("%s%s", root, place->path);
	return xasprintf("%s%.*s%u%s", root, (int)(at - place->path), place->path, (unsigned)uid,
			 at + strlen(mark));
}

/* 0 if `path` is a socket that this process may connect to, else -errno. */
static int try_socket(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return -errno;
	if (!S_ISSOCK(status.st_mode))
		return -ENOTSOCK;
	return faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) < 0 ? -errno : 0;
}

char *discover_socket(const char *root, uid_t uid, char **ret_reason)
{
	_cleanup_(buf_done) struct buf looked;

	buf_init(&looked, BUF_MAX_LOG_LINE);
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		if (uid == 0 ? usual[i].only_others : usual[i].only_root)
			continue;
		_cleanup_free_ char *path = usual_path(root, &usual[i], uid);
		int r = try_socket(path);
		if (r == 0) {
			*ret_reason = xstrdup("usual socket");
			return TAKE(path);
		}
		(void)!buf_addf(&looked, "%s%s (%s)", looked.len > 0 ? ", " : "", path,
				strerror(-r));
	}
	*ret_reason = xasprintf("no engine socket found: %s", looked.data);
	return NULL;
}
