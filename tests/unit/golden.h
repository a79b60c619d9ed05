#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing JSON with a file of tests/golden/. With GOLDEN_UPDATE=1 in the environment the file is
 * written instead, and its difference is there to be reviewed. Tests run in the root folder.
 */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static inline void golden_path(char into[128], const char *name)
{
	(void)snprintf(into, 128, "tests/golden/%s.json", name);
}

static inline void golden_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(close(fd), 0);
}

/* The text of a golden file; the caller's. */
static inline char *golden_read(const char *name)
{
	struct buf content;
	char path[128];

	golden_path(path, name);
	buf_init(&content, BUF_MAX_ENGINE_REPLY);
	assert_int_equal(file_read(path, &content, NULL), 0);
	return buf_take(&content);
}

/* Takes `object`. */
static inline void assert_golden(struct json_object *object, const char *name)
{
	_cleanup_free_ char *text = xasprintf(
		"%s\n", json_object_to_json_string_ext(
				object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
						JSON_C_TO_STRING_NOSLASHESCAPE));
	char path[128];

	json_object_put(object);
	golden_path(path, name);
	if (getenv("GOLDEN_UPDATE"))
		golden_write(path, text);
	_cleanup_free_ char *expected = golden_read(name);
	assert_string_equal(text, expected);
}
