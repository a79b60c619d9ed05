/* SPDX-License-Identifier: Apache-2.0 */
/* What confines process 7, on machines made of files. */
#include "base/cleanup.h"
#include "base/file.h"
#include "fleet_files.h"
#include "io/process.h"
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define STATUS                                                                                     \
	"Name:\tdocker-init\nUid:\t10001\t10001\t10001\t10001\nGid:\t10001\t10001\t10001\t10001\n" \
	"Groups:\t10001 \nNSpid:\t4711\t1\nCapInh:\t0000000000000001\nCapPrm:\t0000000000000002\n" \
	"CapEff:\t0000000000000004\nCapBnd:\t0000000000000008\nCapAmb:\t0000000000000010\n"        \
	"NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n"

#define MOUNTS                                                                                     \
	"90 80 0:45 / / ro,relatime - overlay overlay rw,lowerdir=/a\n"                            \
	"91 90 0:46 / /tmp rw,nosuid,nodev shared:4 master:1 - tmpfs tmpfs rw,size=65536k\n"       \
	"nonsense\n"                                                                               \
	"92 90 0:47 / /tmp rw,noexec - tmpfs tmpfs rw,size=4k\n"                                   \
	"93 90 0:48 / /mnt/a\\040b\\134c rw - tmpfs tmpfs rw,size=4k\n"

static void put(const char *path, const char *text)
{
	_cleanup_free_ char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	assert_int_equal(file_make_directories(folder, 0755, NULL), 0);
	write_file(path, 0644, text);
}

static void link_to(const char *path, const char *target)
{
	_cleanup_free_ char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	assert_int_equal(file_make_directories(folder, 0755, NULL), 0);
	(void)unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

static void boot(const char *status, const char *map)
{
	put("proc/7/status", status);
	put("proc/7/uid_map", map);
	put("proc/7/gid_map", map);
	put("proc/7/mountinfo", MOUNTS);
	put("proc/7/oom_score_adj", "500\n");
	put("proc/7/attr/current", "docker-default (enforce)\n");
	link_to("proc/7/ns/net", "net:[7]");
	link_to("proc/7/ns/uts", "uts:[1]");
	link_to("proc/7/ns/ipc", "ipc:[9]");
	link_to("proc/1/ns/net", "net:[1]");
	link_to("proc/1/ns/uts", "uts:[1]");
	link_to("proc/self/ns/ipc", "ipc:[9]");
}

static struct process_state read_it(void)
{
	struct process_state state;

	assert_int_equal(process_read_state_at(".", 7, &state), 0);
	return state;
}

static void is_read_field_by_field(void **state)
{
	(void)state;
	boot(STATUS, "         0          0 4294967295\n");
	struct process_state found = read_it();

	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(found.uids[i], 10001);
		assert_int_equal(found.gids[i], 10001);
	}
	assert_int_equal(found.group_count, 1);
	assert_int_equal(found.groups[0], 10001);
	assert_int_equal(found.inheritable, 1);
	assert_int_equal(found.permitted, 2);
	assert_int_equal(found.effective, 4);
	assert_int_equal(found.bounding, 8);
	assert_int_equal(found.ambient, 16);
	assert_true(found.no_new_privileges);
	assert_int_equal(found.seccomp, 2);
	assert_int_equal(found.oom_score_adj, 500);
	assert_string_equal(found.label, "docker-default (enforce)");
	process_state_done(&found);
}

static void of_mounts_at_one_place_the_last_one_is_what_is_seen(void **state)
{
	(void)state;
	boot(STATUS, "0 0 4294967295\n");
	struct process_state found = read_it();

	assert_int_equal(found.mount_count, 3);
	assert_string_equal(found.mounts[0].options, "ro,relatime");
	assert_string_equal(found.mounts[1].point, "/tmp");
	assert_string_equal(found.mounts[1].options, "rw,noexec");
	assert_string_equal(found.mounts[1].of_type, "rw,size=4k");
	process_state_done(&found);
}

static void a_place_is_called_what_it_is_called_inside(void **state)
{
	(void)state;
	boot(STATUS, "0 0 4294967295\n");
	struct process_state found = read_it();

	assert_string_equal(found.mounts[2].point, "/mnt/a b\\c");
	process_state_done(&found);
}

static void users_are_counted_as_the_container_does(void **state)
{
	(void)state;
	boot("Uid:\t110000\t110000\t5\t110000\nGid:\t100000\t0\t0\t0\nGroups:\t4242 110000\n"
	     "CapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\t0\nCapAmb:\t0\nNoNewPrivs:\t0\n",
	     "0 4242 1\n1 100000 65536\n");
	struct process_state found = read_it();

	assert_int_equal(found.uids[0], 10001);
	assert_int_equal(found.uids[2], -1);
	assert_int_equal(found.gids[0], 1);
	assert_int_equal(found.groups[0], 0);
	assert_int_equal(found.groups[1], 10001);
	/* A kernel without seccomp has no such line. */
	assert_int_equal(found.seccomp, 0);
	assert_false(found.no_new_privileges);
	process_state_done(&found);
}

static void name_spaces_that_this_machine_has_are_shared(void **state)
{
	(void)state;
	boot(STATUS, "0 0 1\n");
	struct process_state found = read_it();
	assert_int_equal(found.shared, NAMESPACE_UTS | NAMESPACE_IPC);
	process_state_done(&found);

	/* In one of its own it would be the first process. */
	boot("NSpid:\t4711\n" STATUS, "0 0 1\n");
	found = read_it();
	assert_int_equal(found.shared, NAMESPACE_UTS | NAMESPACE_IPC | NAMESPACE_PID);
	process_state_done(&found);
}

static void what_is_not_shown_is_an_error(void **state)
{
	static const char *const files[] = {"proc/7/status", "proc/7/uid_map", "proc/7/gid_map",
					    "proc/7/mountinfo", "proc/7/oom_score_adj"};
	struct process_state found;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		boot(STATUS, "0 0 1\n");
		assert_int_equal(unlink(files[i]), 0);
		assert_int_equal(process_read_state_at(".", 7, &found), -ESRCH);
		process_state_done(&found);
	}
	boot("Name:\tx\n", "0 0 1\n");
	assert_int_equal(process_read_state_at(".", 7, &found), -EBADMSG);
	process_state_done(&found);
	boot("Uid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\nGroups:\t\n", "0 0 1\n");
	assert_int_equal(process_read_state_at(".", 7, &found), -EBADMSG);
	process_state_done(&found);
	assert_int_equal(process_read_state(0, &found), -ESRCH);
}

static void this_process_shares_everything_with_this_machine(void **state)
{
	struct process_state found;
	(void)state;

	assert_int_equal(process_read_state(getpid(), &found), 0);
	assert_int_equal(found.uids[0], getuid());
	assert_true(found.shared & NAMESPACE_NETWORK);
	assert_true(found.shared & NAMESPACE_MOUNT);
	process_state_done(&found);
	assert_true(process_kernel_has("/proc/self"));
	assert_false(process_kernel_has("/proc/nonexistent"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_files_setup, fleet_files_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(is_read_field_by_field),
		TEST(of_mounts_at_one_place_the_last_one_is_what_is_seen),
		TEST(a_place_is_called_what_it_is_called_inside),
		TEST(users_are_counted_as_the_container_does),
		TEST(name_spaces_that_this_machine_has_are_shared),
		TEST(what_is_not_shown_is_an_error),
		TEST(this_process_shares_everything_with_this_machine),
	};

	return cmocka_run_group_tests_name("process_state", tests, NULL, NULL);
}
