/* SPDX-License-Identifier: Apache-2.0 */
/* Directories that a mount has in a second place. */
#include "base/cleanup.h"
#include "policy/host_mounts.h"
#include "unit.h"

#include <string.h>

static const char *const kept[] = {"/etc", "/run", "/var/lib/docker", NULL};

#define ROOT "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
#define RUN  "24 22 0:21 / /run rw,nosuid - tmpfs tmpfs rw\n"
#define DATA "25 22 254:16 /lib/docker /var/lib/docker rw - ext4 /dev/vdb rw\n"
#define HOST ROOT RUN DATA

static void what_is_nowhere_else_is_fine(void **state)
{
	(void)state;
	assert_null(host_mounts_find(HOST, "/srv/shared", kept));
	/* Another file system, and another part of the same one. */
	assert_null(host_mounts_find(HOST "30 22 0:60 / /srv/shared rw - tmpfs tmpfs rw\n",
				     "/srv/shared", kept));
	assert_null(host_mounts_find(HOST "30 22 254:16 /other /srv/shared rw - ext4 /dev/vdb rw\n",
				     "/srv/shared", kept));
	assert_null(host_mounts_find(HOST "30 22 254:0 /data /srv/shared rw - ext4 /dev/vda rw\n",
				     "/srv/shared/cache", kept));
	assert_null(host_mounts_find("", "/srv/shared", kept));
	assert_null(host_mounts_find("nonsense\n\n", "/srv/shared", kept));
}

static void what_a_mount_has_elsewhere_is_found(void **state)
{
	static const struct {
		const char *mounts, *path, *is;
	} cases[] = {
		/* the directory itself, one in it, one around it */
		{"30 22 254:0 /etc /srv/shared rw - ext4 /dev/vda rw\n", "/srv/shared", "/etc"},
		{"30 22 254:0 /etc/ssh /srv/shared rw - ext4 /dev/vda rw\n", "/srv/shared", "/etc"},
		{"30 22 254:0 / /srv/shared rw - ext4 /dev/vda rw\n", "/srv/shared", "/etc"},
		/* and below what is mounted */
		{"30 22 254:0 / /srv/shared rw - ext4 /dev/vda rw\n", "/srv/shared/etc/ssh",
		 "/etc"},
		{"30 22 254:16 / /srv/shared rw - ext4 /dev/vdb rw\n", "/srv/shared/lib",
		 "/var/lib/docker"},
		/* an engine's socket under a name of its own, and its folder in what is mounted */
		{"30 22 0:21 /docker.sock /srv/shared/s rw - tmpfs tmpfs rw\n", "/srv/shared/s",
		 "/run"},
		{"30 22 0:21 /docker.sock /srv/shared/s rw - tmpfs tmpfs rw\n", "/srv/shared",
		 "/run"},
		{"30 22 0:21 /podman /srv/shared/a/b rw - tmpfs tmpfs rw\n", "/srv/shared", "/run"},
		/* with a space in its name */
		{"30 22 0:21 / /srv/my\\040share rw - tmpfs tmpfs rw\n", "/srv/my share", "/run"},
		/* the last mount at a place counts */
		{"30 22 0:60 / /srv/shared rw - tmpfs tmpfs rw\n"
		 "31 30 254:0 /etc /srv/shared rw - ext4 /dev/vda rw\n",
		 "/srv/shared", "/etc"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *mountinfo = xasprintf("%s%s", HOST, cases[i].mounts);
		const char *found = host_mounts_find(mountinfo, cases[i].path, kept);
		assert_non_null(found);
		assert_string_equal(found, cases[i].is);
	}
}

static void a_name_that_only_begins_alike_is_another_one(void **state)
{
	(void)state;
	assert_null(host_mounts_find(HOST "30 22 254:0 /etcetera /srv/shared rw - ext4 - rw\n",
				     "/srv/shared", kept));
	assert_null(host_mounts_find(HOST "30 22 0:21 / /srv/shared-2 rw - tmpfs tmpfs rw\n",
				     "/srv/shared", kept));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_nowhere_else_is_fine),
		cmocka_unit_test(what_a_mount_has_elsewhere_is_found),
		cmocka_unit_test(a_name_that_only_begins_alike_is_another_one),
	};

	return cmocka_run_group_tests_name("host mounts", tests, NULL, NULL);
}
