/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/path.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

static bool is_dots(const char *component, size_t len)
{
	return (len == 1 && component[0] == '.') ||
	       (len == 2 && component[0] == '.' && component[1] == '.');
}

static bool is_absolute_text(const char *path)
{
	bool shows = path[0] == '/';

	/* One that cannot be shown as it is would look like another one. */
	while (shows && *path != '\0')
		path += text_character(path, &shows);
	return shows;
}

bool path_is_normal(const char *path)
{
	if (!is_absolute_text(path))
		return false;
	if (path[1] == '\0')
		return true;
	for (const char *component = path + 1;;) {
		size_t len = strcspn(component, "/");
		if (len == 0 || is_dots(component, len))
			return false;
		if (component[len] == '\0')
			return true;
		component += len + 1;
	}
}

bool path_is_within(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	if (strcmp(directory, "/") == 0)
		return true;
	return strncmp(path, directory, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

char *path_clean(const char *path)
{
	size_t used = 0;

	if (!is_absolute_text(path))
		return NULL;
	char *clean = xmalloc(strlen(path) + 1);
	for (const char *component = path; *component != '\0';) {
		component += strspn(component, "/");
		size_t len = strcspn(component, "/");
		if (len == 2 && is_dots(component, len)) {
			while (used > 0 && clean[--used] != '/')
				;
		} else if (len > 0 && !is_dots(component, len)) {
			clean[used++] = '/';
			memcpy(clean + used, component, len);
			used += len;
		}
		component += len;
	}
	if (used == 0)
		clean[used++] = '/';
	clean[used] = '\0';
	return clean;
}

bool path_is_mountable(const char *path)
{
	static const char *const taken[] = {"/proc", "/sys", "/dev", PATH_OWN_DIRECTORY};

	if (!path_is_normal(path) || strcmp(path, "/") == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (path_is_within(path, taken[i]))
			return false;
	return true;
}
