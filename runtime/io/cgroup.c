/* SPDX-License-Identifier: Apache-2.0 */
#include "io/cgroup.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>

/* True if `word` is one of the comma-separated words of the first `len` characters. */
static bool has_word(const char *words, size_t len, const char *word)
{
	size_t size = strlen(word);

	for (const char *end = words + len; words < end;) {
		size_t next = strcspn(words, ",");
		if (words + next > end)
			next = (size_t)(end - words);
		if (next == size && strncmp(words, word, size) == 0)
			return true;
		words += next + 1;
	}
	return false;
}

/* From lines like "4:memory:/path" and "0::/path". */
char *cgroup_path(const struct cgroup_view *view, const char *controller)
{
	const char *line = view->cgroups.data;

	while (*line) {
		size_t len = strcspn(line, "\n");
		const char *words = memchr(line, ':', len);
		const char *path = words ? strchr(words + 1, ':') : NULL;
		if (path && path < line + len) {
			size_t size = (size_t)(path - words) - 1;
			bool matches =
				*controller ? has_word(words + 1, size, controller) : size == 0;
			if (matches)
				return xstrndup(path + 1, len - (size_t)(path + 1 - line));
		}
		line += len + (line[len] == '\n');
	}
	return NULL;
}

struct mount {
	char root[4096], point[4096], type[32], options[4096];
};

/* "36 35 0:32 ROOT POINT rw,... [tags] - TYPE source OPTIONS" (proc(5)). */
static bool parse_mount(const char *line, struct mount *mount)
{
	const char *rest = strstr(line, " - ");

	return rest && sscanf(line, "%*s %*s %*s %4095s %4095s", mount->root, mount->point) == 2 &&
	       sscanf(rest, " - %31s %*s %4095s", mount->type, mount->options) == 2;
}

/* Where the hierarchy is mounted. With `*ret_skip`, how much of a cgroup's path stands for what is
 * mounted there: in a container that is not the whole hierarchy. */
static char *find_mount(const struct cgroup_view *view, const char *controller, const char *cgroup,
			size_t *ret_skip)
{
	_cleanup_free_ struct mount *mount = xcalloc(1, sizeof(*mount));
	_cleanup_free_ char *lines = xstrdup(view->mounts.data);
	char *state = NULL;

	for (char *line = strtok_r(lines, "\n", &state); line;
	     line = strtok_r(NULL, "\n", &state)) {
		if (!parse_mount(line, mount))
			continue;
		bool matches = *controller ? strcmp(mount->type, "cgroup") == 0 &&
						     has_word(mount->options,
							      strlen(mount->options), controller)
					   : strcmp(mount->type, "cgroup2") == 0;
		size_t skip = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
		if (matches && strncmp(cgroup, mount->root, skip) == 0 &&
		    (skip == 0 || cgroup[skip] == '/' || cgroup[skip] == '\0')) {
			*ret_skip = skip;
			return xstrdup(mount->point);
		}
	}
	return NULL;
}

bool cgroup_find(const struct cgroup_view *view, const char *controller, const char *owner,
		 struct cgroup_place *ret)
{
	bool is_v2 = false;
	size_t skip = 0;
	char *cgroup = cgroup_path(view, controller);

	if (!cgroup) {
		is_v2 = true;
		controller = "";
		cgroup = cgroup_path(view, controller);
	}
	_cleanup_free_ char *path = cgroup;
	const char *own = path ? strstr(path, owner) : NULL;
	_cleanup_free_ char *point = own ? find_mount(view, controller, path, &skip) : NULL;
	if (!point)
		return false;
	ret->is_v2 = is_v2;
	ret->folder = xasprintf("%s%s", point, path + skip);
	own = strstr(ret->folder, owner);
	if (!own) { /* only what lies below the container's cgroup is mounted here */
		free(TAKE(ret->folder));
		return false;
	}
	ret->topmost = (size_t)(own - ret->folder) + strcspn(own, "/");
	return true;
}
