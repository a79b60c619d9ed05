/* SPDX-License-Identifier: Apache-2.0 */
#include "config/discover.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "io/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* 0 if an engine, or what starts one, listens at `path`, else -errno. */
static int try_socket(const char *path, struct stat *status)
{
	if (stat(path, status) < 0)
		return -errno;
	if (!S_ISSOCK(status->st_mode))
		return -ENOTSOCK;
	if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) < 0)
		return -errno;
	return unix_socket_try(path);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* `silent`: sockets that come first, and at which nobody listens now. */
static char *explain_choice(const struct buf *silent, const struct buf *others)
{
	if (silent->len == 0 && others->len == 0)
		return xstrdup("usual socket");
	return xasprintf(
		"usual socket; %s%s%s%s, choose with --engine unix:///PATH, BERTH_ENGINE or "
		"engine: in the file",
		silent->data, silent->len > 0 && others->len > 0 ? ", " : "", others->data,
		others->len > 0 ? " too" : "");
}

static char *explain_failure(const char *root, uid_t uid, const struct buf *looked)
{
	_cleanup_free_ char *own = xasprintf("%s/run/user/%u", root, (unsigned)uid);
	_cleanup_free_ char *hint = uid == 0 ? NULL : discover_session_hint(root, own);

	return xasprintf("no engine socket found: %s%s%s", looked->data, hint ? "; " : "",
			 hint ? hint : "");
}

char *discover_socket(const char *root, uid_t uid, char **ret_reason)
{
	_cleanup_(buf_done) struct buf looked, silent, others;
	_cleanup_free_ char *found = NULL;
	struct stat status, found_status = {0};

	buf_init(&looked, BUF_MAX_LOG_LINE);
	buf_init(&silent, BUF_MAX_LOG_LINE);
	buf_init(&others, BUF_MAX_LOG_LINE);
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		if (uid == 0 ? usual[i].only_others : usual[i].only_root)
			continue;
		_cleanup_free_ char *path = usual_path(root, &usual[i], uid);
		int r = try_socket(path, &status);
		if (r < 0) {
			(void)!buf_addf(&looked, "%s%s (%s)", looked.len > 0 ? ", " : "", path,
					strerror(-r));
			if (r == -ECONNREFUSED && !found)
				(void)!buf_addf(&silent, "%snobody listens at %s",
						silent.len > 0 ? ", " : "", path);
		} else if (!found) {
			found = TAKE(path);
			found_status = status;
		} else if (!is_same_file(&status, &found_status)) {
			(void)!buf_addf(&others, "%s%s answers", others.len > 0 ? ", " : "", path);
		}
	}
	*ret_reason =
		found ? explain_choice(&silent, &others) : explain_failure(root, uid, &looked);
	return TAKE(found);
}

char *discover_session_hint(const char *root, const char *socket)
{
	unsigned uid;

	/* NOLINTNEXTLINE(cert-err34-c): a number that is too large names no directory */
	if (sscanf(socket + strlen(root), "/run/user/%u", &uid) != 1)
		return NULL;
	_cleanup_free_ char *folder = xasprintf("%s/run/user/%u", root, uid);
	if (access(folder, F_OK) == 0)
		return NULL;
	return xasprintf(
		"user %u has no session, so nothing of its own runs: loginctl enable-linger "
		"%u keeps one, with podman.socket as a unit of that user",
		uid, uid);
}
