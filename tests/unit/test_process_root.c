/* SPDX-License-Identifier: Apache-2.0 */
/* Who the root of a container is on this machine, from a /proc that is written here. */
#include "base/cleanup.h"
#include "base/file.h"
#include "io/process.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/berth-root-XXXXXX";

static void put(const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/%s", folder, name);
	_cleanup_free_ char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	assert_int_equal(file_make_directories(parent, 0700, NULL), 0);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
}

static int make_process(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	put("7/limits", "Max open files            1024      4096      files\n"
			"Max processes             64        64        processes\n"
			"Max core file size        0         0         bytes\n");
	put("7/cgroup", "0::/elsewhere\n");
	put("self/mountinfo", "");
	return 0;
}

static int remove_process(void **state)
{
	static const char *const names[] = {"7/limits",	      "7/cgroup", "7/uid_map", "7",
					    "self/mountinfo", "self",	  ""};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s/proc/%s", folder, names[i]);
		(void)remove(path);
	}
	return remove(folder);
}

static int64_t root_uid(void)
{
	struct process_limits limits;
	struct err err = {.text = ""};

	(void)process_read_limits_at(folder, 7, "id", &limits, &err);
	assert_string_equal(err.text, "");
	return limits.root_uid;
}

static void the_root_of_a_user_namespace_is_found(void **state)
{
	static const struct {
		const char *map;
		int64_t root;
	} cases[] = {
		{"         0          0 4294967295\n", 0},
		{"         0       1000          1\n         1     100000      65536\n", 1000},
		{"         1     100000      65536\n         0       1000          1\n", 1000},
		{"     10001     100000          1\n", -1},
		/* What is not shown, or makes no sense, proves nothing. */
		{"", 0},
		{"root 1000\n", 0},
	};
	(void)state;

	assert_int_equal(root_uid(), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put("7/uid_map", cases[i].map);
		assert_int_equal(root_uid(), cases[i].root);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_root_of_a_user_namespace_is_found),
	};

	return cmocka_run_group_tests_name("process root", tests, make_process, remove_process);
}
