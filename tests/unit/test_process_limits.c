/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of process 7, of container 0123abcd, on machines made of files: cgroup v1 as Podman's
 * cgroup manager `cgroupfs` leaves it, v2 as systemd with crun and with runc does, and both.
 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "fleet_files.h"
#include "io/process.h"
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ID "0123abcd"

#define LIMITS                                                                                     \
	"Limit                     Soft Limit           Hard Limit           Units     \n"         \
	"Max cpu time              unlimited            unlimited            seconds   \n"         \
	"Max core file size        0                    65536                bytes     \n"         \
	"Max processes             1000                 16384                processes \n"         \
	"Max open files            256                  4096                 files     \n"         \
	"Max pending signals       96365                96365                signals   \n"

/* --- machines --------------------------------------------------------------------------------- */

/* A file below the root, with the folders it is in. */
static void put(const char *path, const char *text)
{
	_cleanup_free_ char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	assert_int_equal(file_make_directories(folder, 0755, NULL), 0);
	write_file(path, 0644, text);
}

static void boot(const char *cgroups, const char *mounts)
{
	put("proc/7/limits", LIMITS);
	put("proc/7/cgroup", cgroups);
	put("proc/self/mountinfo", mounts);
}

#define TREE	     "sys/fs/cgroup/"
#define V1_CONTAINER "libpod_parent/libpod-" ID
#define V1(controller, root)                                                                       \
	"33 31 0:30 " root " /sys/fs/cgroup/" controller                                           \
	" rw,nosuid shared:9 - cgroup cgroup rw," controller "\n"
#define V1_MOUNTS                                                                                  \
	"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n" V1("cpuset", "/")             \
		V1("cpu,cpuacct", "/") V1("memory", "/") V1("pids", "/")
#define V2_MOUNT(root, point) "30 23 0:26 " root " " point " rw,nosuid - cgroup2 cgroup2 rw\n"

static void boot_v1(void)
{
	boot("9:name=systemd:/user.slice\n"
	     "8:pids:/" V1_CONTAINER "\n"
	     "4:memory:/" V1_CONTAINER "\n"
	     "3:cpuset:/elsewhere\n"
	     "2:cpu,cpuacct:/" V1_CONTAINER "\n"
	     "0::/user.slice\n",
	     V1_MOUNTS);
	put(TREE "memory/" V1_CONTAINER "/memory.limit_in_bytes", "134217728\n");
	put(TREE "memory/" V1_CONTAINER "/memory.memsw.limit_in_bytes", "135266304\n");
	put(TREE "pids/" V1_CONTAINER "/pids.max", "64\n");
	put(TREE "cpu,cpuacct/" V1_CONTAINER "/cpu.cfs_quota_us", "12500\n");
	put(TREE "cpu,cpuacct/" V1_CONTAINER "/cpu.cfs_period_us", "100000\n");
}

#define SLICE "user.slice/user-4242.slice/user@4242.service/user.slice"
#define SCOPE SLICE "/libpod-" ID ".scope"

static void put_v2(const char *folder, const char *memory, const char *swap, const char *pids,
		   const char *cpu)
{
	const char *const files[][2] = {{"memory.max", memory},
					{"memory.swap.max", swap},
					{"pids.max", pids},
					{"cpu.max", cpu}};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *path = xasprintf(TREE "%s/%s", folder, files[i][0]);
		if (files[i][1])
			put(path, files[i][1]);
	}
}

/* As crun leaves it: the process is in a cgroup below the one of the container. */
static void boot_v2(void)
{
	boot("0::/" SCOPE "/container\n", V2_MOUNT("/", "/sys/fs/cgroup"));
	put_v2(SCOPE "/container", "134217728\n", "1048576\n", "64\n", "12500 100000\n");
	put_v2(SCOPE, "max\n", "max\n", "max\n", "max 100000\n");
	put_v2(SLICE, "max\n", "max\n", "max\n", "max 100000\n");
}

/* --- what is read ----------------------------------------------------------------------------- */

static struct process_limits limits(void)
{
	struct process_limits limits = {0};
	struct err err = {.text = ""};

	int r = process_read_limits_at("./", 7, ID, &limits, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(r, 0);
	return limits;
}

static void assert_cgroup(int64_t memory, int64_t swap, int64_t pids, int64_t cpu)
{
	struct process_limits found = limits();

	assert_int_equal(found.memory_bytes, memory);
	assert_int_equal(found.swap_bytes, swap);
	assert_int_equal(found.pids, pids);
	assert_int_equal(found.cpu_millis, cpu);
}

#define NONE PROCESS_UNLIMITED

static void limits_of_cgroup_v1_are_found_in_each_controllers_own_hierarchy(void **state)
{
	(void)state;
	boot_v1();
	assert_cgroup(134217728, 1048576, 64, 125);
	assert_string_equal(limits().cgroup, "/" V1_CONTAINER);
}

static void limits_of_cgroup_v2_are_found_where_the_process_is(void **state)
{
	(void)state;
	boot_v2();
	assert_cgroup(134217728, 1048576, 64, 125);
	assert_string_equal(limits().cgroup, "/" SCOPE "/container");
}

static void limits_of_cgroup_v2_are_found_on_the_scope_itself(void **state)
{
	(void)state;
	boot("0::/" SCOPE "\n", V2_MOUNT("/", "/sys/fs/cgroup"));
	put_v2(SCOPE, "134217728\n", "0\n", "64\n", "200000 100000\n");
	assert_cgroup(134217728, 0, 64, 2000);
}

static void a_controller_that_cgroup_v1_has_is_not_looked_for_in_v2(void **state)
{
	(void)state;
	boot_v1();
	put("proc/self/mountinfo", V1_MOUNTS V2_MOUNT("/", "/sys/fs/cgroup/unified"));
	put("proc/7/cgroup", "4:memory:/" V1_CONTAINER "\n"
			     "0::/" SCOPE "\n");
	put_v2("unified/" SCOPE, "1\n", "2\n", "77\n", "50000 100000\n");
	assert_cgroup(134217728, 1048576, 77, 500);
	assert_string_equal(limits().cgroup, "/" V1_CONTAINER);
}

static void a_stricter_limit_above_the_process_holds_for_it_too(void **state)
{
	(void)state;
	boot_v2();
	put_v2(SCOPE, "1048576\n", "0\n", "10\n", "1000 100000\n");
	assert_cgroup(1048576, 0, 10, 10);
	put_v2(SCOPE "/container", "max\n", "max\n", "max\n", "max 100000\n");
	assert_cgroup(1048576, 0, 10, 10);
	put_v2(SCOPE, "268435456\n", "2097152\n", "100\n", "100000 100000\n");
	put_v2(SCOPE "/container", "134217728\n", "1048576\n", "64\n", "12500 100000\n");
	assert_cgroup(134217728, 1048576, 64, 125);
}

static void a_limit_of_what_the_container_lies_in_is_none_of_its_own(void **state)
{
	(void)state;
	boot_v2();
	put_v2(SCOPE "/container", "max\n", "max\n", "max\n", "max 100000\n");
	put_v2(SLICE, "1048576\n", "0\n", "10\n", "1000 100000\n");
	assert_cgroup(NONE, NONE, NONE, NONE);
}

/* What Podman does for a user without a session of the user's own: the process stays where its
 * service is, and the limits there are for all of them together. */
static void a_process_that_was_left_in_its_services_cgroup_has_no_limit(void **state)
{
	(void)state;
	boot("0::/system.slice/cron.service\n", V2_MOUNT("/", "/sys/fs/cgroup"));
	put_v2("system.slice/cron.service", "134217728\n", "0\n", "64\n", "12500 100000\n");
	assert_cgroup(NONE, NONE, NONE, NONE);
	assert_string_equal(limits().cgroup, "/system.slice/cron.service");
}

static void a_process_in_another_containers_cgroup_has_no_limit(void **state)
{
	(void)state;
	boot("0::/libpod-0123abce.scope/container\n", V2_MOUNT("/", "/sys/fs/cgroup"));
	put_v2("libpod-0123abce.scope/container", "134217728\n", "0\n", "64\n", "12500 100000\n");
	assert_cgroup(NONE, NONE, NONE, NONE);
}

static void a_process_without_cgroups_has_no_limit(void **state)
{
	(void)state;
	boot("", V2_MOUNT("/", "/sys/fs/cgroup"));
	assert_cgroup(NONE, NONE, NONE, NONE);
	assert_string_equal(limits().cgroup, "none");
}

/* --- what a file says ------------------------------------------------------------------------- */

static void the_largest_number_of_cgroup_v1_means_no_limit(void **state)
{
	(void)state;
	boot_v1();
	put(TREE "memory/" V1_CONTAINER "/memory.memsw.limit_in_bytes", "9223372036854771712\n");
	assert_cgroup(134217728, NONE, 64, 125);
	put(TREE "memory/" V1_CONTAINER "/memory.limit_in_bytes", "9223372036854771712\n");
	put(TREE "memory/" V1_CONTAINER "/memory.memsw.limit_in_bytes", "135266304\n");
	assert_cgroup(NONE, NONE, 64, 125);
	put(TREE "memory/" V1_CONTAINER "/memory.memsw.limit_in_bytes", "9223372036854771712\n");
	put(TREE "pids/" V1_CONTAINER "/pids.max", "max\n");
	put(TREE "cpu,cpuacct/" V1_CONTAINER "/cpu.cfs_quota_us", "-1\n");
	assert_cgroup(NONE, NONE, NONE, NONE);
}

static void a_kernel_that_does_not_account_for_swap_limits_none(void **state)
{
	(void)state;
	boot_v1();
	assert_int_equal(unlink(TREE "memory/" V1_CONTAINER "/memory.memsw.limit_in_bytes"), 0);
	assert_cgroup(134217728, NONE, 64, 125);
}

static void a_limit_whose_file_is_not_there_is_none(void **state)
{
	static const char *const files[] = {"memory.max", "memory.swap.max", "pids.max", "cpu.max"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *leaf = xasprintf(TREE SCOPE "/container/%s", files[i]);
		boot_v2();
		assert_int_equal(unlink(leaf), 0);
		assert_cgroup(i == 0 ? NONE : 134217728, i == 1 ? NONE : 1048576,
			      i == 2 ? NONE : 64, i == 3 ? NONE : 125);
	}
}

static void a_cpu_quota_is_rounded_up_and_needs_its_period(void **state)
{
	static const struct {
		const char *text;
		int64_t millis;
	} cases[] = {
		{"100001 100000\n", 1001}, {"150000 100000\n", 1500}, {"5000 50000\n", 100},
		{"1 1000000\n", 1},	   {"max 100000\n", NONE},    {"100000\n", NONE},
		{"100000 0\n", NONE},
	};
	(void)state;

	boot_v2();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put(TREE SCOPE "/container/cpu.max", cases[i].text);
		assert_int_equal(limits().cpu_millis, cases[i].millis);
	}
	boot_v1();
	assert_int_equal(unlink(TREE "cpu,cpuacct/" V1_CONTAINER "/cpu.cfs_period_us"), 0);
	assert_int_equal(limits().cpu_millis, NONE);
}

static void a_cpu_quota_too_large_to_count_with_is_no_limit(void **state)
{
	(void)state;
	boot_v2();
	put(TREE SCOPE "/container/cpu.max", "4000000000000000000 1000\n");
	assert_int_equal(limits().cpu_millis, NONE);
}

static void no_memory_at_all_is_a_limit(void **state)
{
	(void)state;
	boot_v2();
	put_v2(SCOPE "/container", "0\n", "0\n", "0\n", "12500 100000\n");
	assert_cgroup(0, 0, 0, 125);
}

/* --- what is mounted -------------------------------------------------------------------------- */

static void a_part_of_the_hierarchy_that_is_mounted_is_enough(void **state)
{
	(void)state;
	boot("4:memory:/docker/b1/libpod-" ID "\n"
	     "0::/box/libpod-" ID ".scope/container\n",
	     V1("memory", "/docker/b1") V2_MOUNT("/box", "/sys/fs/cgroup/unified"));
	put(TREE "memory/libpod-" ID "/memory.limit_in_bytes", "134217728\n");
	put(TREE "memory/libpod-" ID "/memory.memsw.limit_in_bytes", "134217728\n");
	put_v2("unified/libpod-" ID ".scope", NULL, NULL, "64\n", "12500 100000\n");
	assert_cgroup(134217728, 0, 64, 125);
}

static void of_several_mounts_the_one_that_shows_the_cgroup_counts(void **state)
{
	(void)state;
	boot_v2();
	put("proc/self/mountinfo",
	    V2_MOUNT("/elsewhere", "/mnt") V2_MOUNT("/us", "/srv") V2_MOUNT("/", "/sys/fs/cgroup"));
	assert_cgroup(134217728, 1048576, 64, 125);
}

/* Each container adds an overlay of many layers: its line is long. */
static void a_machine_may_have_many_mounts(void **state)
{
	_cleanup_(buf_done) struct buf mounts = {0};
	(void)state;

	buf_init(&mounts, (size_t)8 << 20);
	for (int i = 0; i < 4000; i++)
		assert_int_equal(buf_addf(&mounts,
					  "%d 23 0:99 / /merged/%d rw - overlay overlay "
					  "rw,lowerdir=%0600d\n",
					  1000 + i, i, i),
				 0);
	assert_int_equal(buf_adds(&mounts, V2_MOUNT("/", "/sys/fs/cgroup")), 0);
	boot_v2();
	put("proc/self/mountinfo", mounts.data);
	assert_cgroup(134217728, 1048576, 64, 125);
}

static void what_is_mounted_with_a_controllers_name_and_is_no_cgroup_does_not_count(void **state)
{
	(void)state;
	boot_v1();
	put("proc/self/mountinfo", "30 23 0:26 / /mnt rw - 9p box rw,memory,pids,cpu\n" V1_MOUNTS);
	assert_cgroup(134217728, 1048576, 64, 125);
}

static void a_cgroup_that_is_not_mounted_shows_no_limit(void **state)
{
	static const char *const mounts[] = {
		"",
		V2_MOUNT("/elsewhere", "/sys/fs/cgroup"),
		V2_MOUNT("/" SCOPE, "/sys/fs/cgroup"),
		"30 23 0:26 / /sys/fs/cgroup rw - tmpfs cgroup2 rw\n",
		"30 23 0:26 / /sys/fs/cgroup rw\n",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		boot_v2();
		put("proc/self/mountinfo", mounts[i]);
		assert_cgroup(NONE, NONE, NONE, NONE);
	}
}

/* --- limits of the process itself ------------------------------------------------------------- */

static void the_hard_limits_of_the_process_are_read(void **state)
{
	(void)state;
	boot_v2();
	assert_int_equal(limits().open_files, 4096);
	assert_int_equal(limits().processes, 16384);
	assert_int_equal(limits().core_bytes, 65536);
}

static void hard_limits_may_be_no_limits(void **state)
{
	(void)state;
	boot_v2();
	put("proc/7/limits", "Max core file size        0          unlimited  bytes\n"
			     "Max processes             unlimited  unlimited  processes\n"
			     "Max open files            1024       unlimited  files\n");
	assert_int_equal(limits().open_files, NONE);
	assert_int_equal(limits().processes, NONE);
	assert_int_equal(limits().core_bytes, NONE);
}

static void assert_unreadable(int code, const char *text)
{
	struct process_limits untouched = {.pids = 5};
	struct err err;

	assert_int_equal(process_read_limits_at("./", 7, ID, &untouched, &err), code);
	assert_int_equal(err.kind, ERR_ENGINE);
	assert_string_equal(err.text, text);
	assert_int_equal(untouched.pids, 5);
}

static void a_process_that_is_not_there_is_no_process_without_limits(void **state)
{
	static const char *const files[] = {"proc/7/limits", "proc/7/cgroup",
					    "proc/self/mountinfo"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		boot_v2();
		assert_int_equal(unlink(files[i]), 0);
		assert_unreadable(-ESRCH, "the engine's process 7 cannot be looked at "
					  "(No such file or directory)");
	}
}

static void a_hard_limit_that_is_not_shown_is_no_missing_limit(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{"", "/proc does not show 'Max open files'"},
		{"Max open files 1 1 files\n", "/proc does not show 'Max processes'"},
		{"Max open files 1 1 files\nMax processes 1 1 x\n",
		 "/proc does not show 'Max core file size'"},
		{"Max open files 1", "/proc does not show 'Max open files'"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		boot_v2();
		put("proc/7/limits", cases[i].text);
		assert_unreadable(-EIO, cases[i].reason);
	}
}

static void a_long_cgroup_is_cut_in_messages_only(void **state)
{
	char long_name[200];
	(void)state;

	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	_cleanup_free_ char *scope = xasprintf("%s/%s/libpod-" ID ".scope", long_name, long_name);
	_cleanup_free_ char *cgroups = xasprintf("0::/%s\n", scope);
	boot(cgroups, V2_MOUNT("/", "/sys/fs/cgroup"));
	put_v2(scope, "134217728\n", "0\n", "64\n", "12500 100000\n");
	assert_cgroup(134217728, 0, 64, 125);
	assert_int_equal(strlen(limits().cgroup), sizeof(limits().cgroup) - 1);
}

/* --- this machine ----------------------------------------------------------------------------- */

static int64_t hard_limit(int resource)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(resource, &limit), 0);
	return limit.rlim_max == RLIM_INFINITY ? PROCESS_UNLIMITED : (int64_t)limit.rlim_max;
}

static void this_process_has_the_hard_limits_that_the_kernel_tells_it(void **state)
{
	struct process_limits found;
	struct err err;
	(void)state;

	assert_int_equal(process_read_limits(getpid(), ID, &found, &err), 0);
	/* A checker that keeps descriptors for itself tells us less than the kernel would. */
	assert_true(found.open_files >= hard_limit(RLIMIT_NOFILE));
	assert_int_equal(found.processes, hard_limit(RLIMIT_NPROC));
	assert_int_equal(found.core_bytes, hard_limit(RLIMIT_CORE));
	assert_int_equal(found.memory_bytes, PROCESS_UNLIMITED); /* it is no container of that id */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_files_setup, fleet_files_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(limits_of_cgroup_v1_are_found_in_each_controllers_own_hierarchy),
		TEST(limits_of_cgroup_v2_are_found_where_the_process_is),
		TEST(limits_of_cgroup_v2_are_found_on_the_scope_itself),
		TEST(a_controller_that_cgroup_v1_has_is_not_looked_for_in_v2),
		TEST(a_stricter_limit_above_the_process_holds_for_it_too),
		TEST(a_limit_of_what_the_container_lies_in_is_none_of_its_own),
		TEST(a_process_that_was_left_in_its_services_cgroup_has_no_limit),
		TEST(a_process_in_another_containers_cgroup_has_no_limit),
		TEST(a_process_without_cgroups_has_no_limit),
		TEST(the_largest_number_of_cgroup_v1_means_no_limit),
		TEST(a_kernel_that_does_not_account_for_swap_limits_none),
		TEST(a_limit_whose_file_is_not_there_is_none),
		TEST(a_cpu_quota_is_rounded_up_and_needs_its_period),
		TEST(a_cpu_quota_too_large_to_count_with_is_no_limit),
		TEST(no_memory_at_all_is_a_limit),
		TEST(a_part_of_the_hierarchy_that_is_mounted_is_enough),
		TEST(of_several_mounts_the_one_that_shows_the_cgroup_counts),
		TEST(a_machine_may_have_many_mounts),
		TEST(what_is_mounted_with_a_controllers_name_and_is_no_cgroup_does_not_count),
		TEST(a_cgroup_that_is_not_mounted_shows_no_limit),
		TEST(the_hard_limits_of_the_process_are_read),
		TEST(hard_limits_may_be_no_limits),
		TEST(a_process_that_is_not_there_is_no_process_without_limits),
		TEST(a_hard_limit_that_is_not_shown_is_no_missing_limit),
		TEST(a_long_cgroup_is_cut_in_messages_only),
		TEST(this_process_has_the_hard_limits_that_the_kernel_tells_it),
	};

	return cmocka_run_group_tests_name("process limits", tests, NULL, NULL);
}
