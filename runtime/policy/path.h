#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text: nothing here looks at a file system. */
#include <stdbool.h>

/* Where berth itself mounts things into a session: nobody else does. */
#define PATH_OWN_DIRECTORY "/run/berth"

/* True for an absolute path in its shortest form: no "." or "..", no double or trailing slash, and
 * nothing that does not show (text_character()). */
bool path_is_normal(const char *path);

/* True if `path` is `directory` or lies below it. Both are normal. */
bool path_is_within(const char *path, const char *directory);

/* The shortest form of an absolute path, "." and ".." resolved as text, the way engines read an
 * image's VOLUMEs. The caller's; NULL for a relative path, or one with what does not show. */
char *path_clean(const char *path);

/* True for a path in a container where something may be mounted: normal, not the whole image, not
 * what the engine or berth mounts itself. */
bool path_is_mountable(const char *path);
