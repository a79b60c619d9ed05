/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/host_mounts.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/path.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A place in a file system, however that is called where it is mounted. */
struct place {
	char device[32]; /* "major:minor" */
	char path[8192];
};

struct mount {
	char device[32], root[4096], point[4096];
};

/* The mount on a line "36 35 0:32 ROOT POINT ..."; the next line, NULL behind the last one. */
static const char *read_mount(const char *line, struct mount *mount)
{
	const char *end = strchr(line, '\n');

	if (sscanf(line, "%*d %*d %31s %4095s %4095s", mount->device, mount->root, mount->point) !=
	    3)
		*mount = (struct mount){.point = ""};
	text_unescape_octal(mount->root);
	text_unescape_octal(mount->point);
	return end && end[1] ? end + 1 : NULL;
}

static void join(char *into, size_t size, const char *root, const char *rest)
{
	(void)snprintf(into, size, "%s%s", strcmp(root, "/") == 0 && *rest ? "" : root, rest);
}

/* Where `path` really is: in the last mount that covers it. */
static bool locate(const char *mountinfo, const char *path, struct mount *mount,
		   struct place *place)
{
	size_t longest = 0;

	for (const char *line = mountinfo; line && *line;) {
		line = read_mount(line, mount);
		size_t len = strcmp(mount->point, "/") == 0 ? 0 : strlen(mount->point);
		if (mount->point[0] == '\0' || len < longest || !path_is_within(path, mount->point))
			continue;
		longest = len;
		(void)snprintf(place->device, sizeof(place->device), "%s", mount->device);
		join(place->path, sizeof(place->path), mount->root,
		     len == 0 && strcmp(path, "/") == 0 ? "" : path + len);
	}
	return place->device[0] != '\0';
}

static bool is_shared(const struct place *a, const struct place *b)
{
	return strcmp(a->device, b->device) == 0 &&
	       (path_is_within(a->path, b->path) || path_is_within(b->path, a->path));
}

/* One of `paths` that is at that place. */
static const char *find_at(const char *mountinfo, const struct place *place,
			   const char *const *paths, struct mount *mount)
{
	_cleanup_free_ struct place *other = xcalloc(1, sizeof(*other));

	for (; *paths; paths++) {
		*other = (struct place){.device = ""};
		if (locate(mountinfo, *paths, mount, other) && is_shared(place, other))
			return *paths;
	}
	return NULL;
}

const char *host_mounts_find(const char *mountinfo, const char *path, const char *const *paths)
{
	_cleanup_free_ struct mount *mount = xcalloc(1, sizeof(*mount));
	_cleanup_free_ struct mount *scratch = xcalloc(1, sizeof(*scratch));
	_cleanup_free_ struct place *place = xcalloc(1, sizeof(*place));

	const char *found = locate(mountinfo, path, mount, place)
				    ? find_at(mountinfo, place, paths, scratch)
				    : NULL;
	/* What is mounted in it is mounted into the session with it. */
	for (const char *line = mountinfo; !found && line && *line;) {
		line = read_mount(line, mount);
		if (mount->point[0] == '\0' || !path_is_within(mount->point, path))
			continue;
		(void)snprintf(place->device, sizeof(place->device), "%s", mount->device);
		join(place->path, sizeof(place->path), mount->root, "");
		found = find_at(mountinfo, place, paths, scratch);
	}
	return found;
}
