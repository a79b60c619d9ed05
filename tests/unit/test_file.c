/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/file.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A folder of its own for every test; its content is removed with it. */
static char folder[] = "/tmp/berth-file-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/berth-file-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"f", "d/e/g", "d/e", "d"};
	char path[128];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)remove(path);
	}
	return rmdir(folder);
}

static const char *in_folder(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* Writes FOLDER/f with exactly `mode`; the path lives until the next call. */
static const char *file_with(const char *text, size_t len, mode_t mode)
{
	const char *path = in_folder("f");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, len), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
	return path;
}

static void a_file_is_read_as_a_whole(void **state)
{
	char text[10000];
	struct buf buf;
	struct err err;
	(void)state;

	memset(text, 'x', sizeof(text));
	text[5000] = '\0';
	const char *path = file_with(text, sizeof(text), 0644);
	buf_init(&buf, sizeof(text));
	assert_int_equal(file_read(path, &buf, &err), 0);
	assert_int_equal(buf.len, sizeof(text));
	assert_memory_equal(buf.data, text, sizeof(text));
	buf_done(&buf);

	buf_init(&buf, sizeof(text) - 1);
	assert_int_equal(file_read(path, &buf, &err), -E2BIG);
	assert_non_null(strstr(err.text, ": it is larger than 9999"));
	buf_done(&buf);
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
	char expected[256];
	struct buf buf;
	struct err err;
	(void)state;

	buf_init(&buf, 10);
	assert_int_equal(file_read(in_folder("missing"), &buf, &err), -ENOENT);
	assert_int_equal(err.kind, ERR_INPUT);
	(void)snprintf(expected, sizeof(expected),
		       "cannot read '%s/missing': No such file or directory", folder);
	assert_string_equal(err.text, expected);
	assert_int_equal(file_read(folder, &buf, &err), -EISDIR);
	buf_done(&buf);
}

static void assert_not_trusted(const char *path, const char *reason)
{
	struct buf buf;
	struct err err;

	buf_init(&buf, 10);
	assert_true(file_read_trusted(path, &buf, &err) < 0);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, reason));
	assert_non_null(strstr(err.text, folder));
	assert_int_equal(buf.len, 0);
	buf_done(&buf);
}

static void a_file_that_others_can_change_decides_nothing(void **state)
{
	struct buf buf;
	struct err err;
	(void)state;

	buf_init(&buf, 10);
	assert_int_equal(file_read_trusted(file_with("text", 4, 0644), &buf, &err), 0);
	assert_string_equal(buf.data, "text");
	assert_int_equal(file_read_trusted(in_folder("missing"), &buf, &err), -ENOENT);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_int_equal(file_read_trusted(file_with("eleven byte", 11, 0644), &buf, &err), -E2BIG);
	assert_non_null(strstr(err.text, ": it is larger than 10"));
	buf_done(&buf);
	assert_not_trusted(file_with("text", 4, 0664), "can be written by others than its owner "
						       "(mode 0664): chmod go-w");
	assert_not_trusted(file_with("text", 4, 0602), "(mode 0602)");
	assert_not_trusted(folder, "is not a regular file");
	const char *path = file_with("text", 4, 0644);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 4000, 0), 0);
		assert_not_trusted(path, "belongs to user 4000, who could change it at any time: "
					 "chown root");
		assert_int_equal(chown(path, 0, 0), 0);
	}
}

static void assert_secret(const char *text, const char *expected)
{
	struct secret *secret = NULL;
	struct err err = {.text = ""};

	(void)file_read_secret(file_with(text, strlen(text), 0600), &secret, &err);
	assert_string_equal(err.text, "");
	assert_string_equal(secret_reveal(secret), expected);
	secret_free(secret);
}

static void a_key_is_the_text_without_white_space_around_it(void **state)
{
	(void)state;
	assert_secret("key-1", "key-1");
	assert_secret("\n \tkey-1\r\n\n", "key-1");
}

static void assert_no_secret(const char *path, int code, enum err_kind kind, const char *reason)
{
	struct secret *secret = NULL;
	struct err err;

	assert_int_equal(file_read_secret(path, &secret, &err), code);
	assert_int_equal(err.kind, kind);
	assert_non_null(strstr(err.text, reason));
	assert_non_null(strstr(err.text, folder));
	assert_null(strstr(err.text, "key-1"));
	assert_null(secret);
}

static void a_key_that_others_can_reach_is_refused_with_the_remedy(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0777};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		const char *path = file_with("key-1\n", 6, modes[i]);
		assert_no_secret(path, -EPERM, ERR_REFUSED, ": chmod 600 '");
	}
	assert_secret("key-1", "key-1");
}

static void what_is_no_key_is_refused(void **state)
{
	(void)state;
	assert_no_secret(file_with("", 0, 0600), -ENODATA, ERR_INPUT, "is empty");
	assert_no_secret(file_with(" \n", 2, 0600), -ENODATA, ERR_INPUT, "is empty");
	assert_no_secret(file_with("key-1 x", 7, 0600), -EINVAL, ERR_INPUT, "more than one key");
	assert_no_secret(file_with("key-1\nx", 7, 0600), -EINVAL, ERR_INPUT, "more than one key");
	assert_no_secret(file_with("key-1\0x", 7, 0600), -EINVAL, ERR_INPUT, "more than one key");
	assert_no_secret(in_folder("missing"), -ENOENT, ERR_INPUT, "No such file");
	assert_int_equal(chmod(folder, 0700), 0);
	assert_no_secret(folder, -EINVAL, ERR_REFUSED, "is not a regular file");
}

static void a_key_file_that_is_too_large_is_refused(void **state)
{
	_cleanup_free_ char *text = xmalloc(BUF_MAX_KEY_FILE + 1);
	(void)state;

	memset(text, 'k', BUF_MAX_KEY_FILE + 1);
	assert_no_secret(file_with(text, BUF_MAX_KEY_FILE + 1, 0600), -E2BIG, ERR_INPUT,
			 "it is larger than 16KiB");
}

static void missing_folders_are_made_with_their_parents(void **state)
{
	struct stat status;
	struct err err;
	(void)state;

	assert_int_equal(file_make_directories(in_folder("d/e/g"), 0700, &err), 0);
	assert_int_equal(stat(in_folder("d/e/g"), &status), 0);
	assert_true(S_ISDIR(status.st_mode));
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(file_make_directories(in_folder("d/e/g"), 0700, &err), 0);
	assert_int_equal(file_make_directories("/", 0700, &err), 0);
	assert_int_equal(file_make_directories("", 0700, &err), -ENOENT);
	(void)file_with("x", 1, 0600);
	assert_int_equal(file_make_directories(in_folder("f/g"), 0700, &err), -ENOTDIR);
	assert_int_equal(err.kind, ERR_INPUT);
}

static void writing_to_nowhere_says_why(void **state)
{
	(void)state;
	assert_int_equal(file_write_all(-1, "x", 1), -EBADF);
	assert_int_equal(file_write_all(-1, "", 0), 0);
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
	static const struct CMUnitTest tests[] = {
		WITH_FOLDER(a_file_is_read_as_a_whole),
		WITH_FOLDER(a_file_that_cannot_be_read_is_named),
		WITH_FOLDER(a_file_that_others_can_change_decides_nothing),
		WITH_FOLDER(a_key_is_the_text_without_white_space_around_it),
		WITH_FOLDER(a_key_that_others_can_reach_is_refused_with_the_remedy),
		WITH_FOLDER(what_is_no_key_is_refused),
		WITH_FOLDER(a_key_file_that_is_too_large_is_refused),
		WITH_FOLDER(missing_folders_are_made_with_their_parents),
		WITH_FOLDER(writing_to_nowhere_says_why),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
