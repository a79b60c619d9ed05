#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text: nothing here looks at a file system. */
#include <stdbool.h>

/* True for an absolute path in its shortest form: no "." or "..", no double or trailing slash, no
 * control character. */
bool path_is_normal(const char *path);

/* True if `path` is `directory` or lies below it. Both are normal. */
bool path_is_within(const char *path, const char *directory);
