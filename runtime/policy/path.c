/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/path.h"

#include <string.h>

static bool is_dots(const char *component, size_t len)
{
	return (len == 1 && component[0] == '.') ||
	       (len == 2 && component[0] == '.' && component[1] == '.');
}

bool path_is_normal(const char *path)
{
	if (path[0] != '/')
		return false;
	for (const char *p = path; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
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
