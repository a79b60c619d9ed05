/* SPDX-License-Identifier: Apache-2.0 */
/* A process that has what `hardened` promises, and one thing more at a time. */
#include "base/cleanup.h"
#include "engine/proof_state.h"
#include "shipped_policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REMEDY                                                                                     \
	"; the engine did not do what it said, or something between berth and the engine changed " \
	"the request: remove it, or use another engine"

/* Texts of mounts are literals that nobody writes to. */
static char *text(const char *literal)
{
	return (char *)(uintptr_t)literal;
}

struct kept {
	struct policy *policy;
	struct process_state state;
	struct process_mount mounts[32];
};

static void add(struct kept *kept, const char *point, const char *type, const char *options,
		const char *of_type)
{
	kept->mounts[kept->state.mount_count++] =
		(struct process_mount){text(point), text(type), text(options), text(of_type)};
}

static void begin(struct kept *kept)
{
	*kept = (struct kept){.policy = loaded("hardened")};
	kept->state = (struct process_state){
		.no_new_privileges = true, .seccomp = 2, .oom_score_adj = 500, .group_count = 1};
	for (size_t i = 0; i < 4; i++)
		kept->state.uids[i] = kept->state.gids[i] = 10001;
	kept->state.groups[0] = 10001;
	add(kept, "/", "overlay", "ro,relatime", "rw");
	add(kept, "/dev/shm", "tmpfs", "rw,nosuid,nodev,noexec", "rw,size=65536k");
	for (size_t i = 0; i < kept->policy->tmpfs_count; i++)
		add(kept, kept->policy->tmpfs[i].path, "tmpfs", "rw,nosuid,nodev,noexec",
		    "rw,size=16384k,mode=700");
	add(kept, "/proc/kcore", "tmpfs", "rw,nosuid", "rw,size=65536k");
	add(kept, "/proc/sys", "proc", "ro,nosuid", "rw");
	kept->state.mounts = kept->mounts;
}

static bool kernel_has(const char *path)
{
	return strcmp(path, "/proc/kcore") == 0 || strcmp(path, "/proc/sys") == 0;
}

static struct process_mount *mount_at(struct kept *kept, const char *point)
{
	for (size_t i = 0; i < kept->state.mount_count; i++)
		if (strcmp(kept->mounts[i].point, point) == 0)
			return &kept->mounts[i];
	fail_msg("no mount at %s", point);
	abort();
}

static void end_refused(struct kept *kept, const char *start)
{
	_cleanup_free_ char *whole = start ? xasprintf("%s" REMEDY, start) : xstrdup("");
	struct err err = {.text = ""};

	int r = proof_check_state(kept->policy, &kept->state, kernel_has, &err);
	assert_string_equal(err.text, whole);
	assert_int_equal(r, start ? -EPERM : 0);
	if (start)
		assert_int_equal(err.kind, ERR_REFUSED);
	policy_free(kept->policy);
}

static void what_is_promised_is_enough(void **state)
{
	struct kept kept;
	(void)state;

	begin(&kept);
	end_refused(&kept, NULL);
	begin(&kept);
	kept.state.oom_score_adj = 1000;
	kept.state.group_count = 0;
	end_refused(&kept, NULL);
}

static void another_user_or_group_is_found(void **state)
{
	struct kept kept;
	(void)state;

	for (size_t i = 0; i < 4; i++) {
		begin(&kept);
		kept.state.uids[i] = 0;
		end_refused(&kept, "user: asked for 10001, but its process has 0");
		begin(&kept);
		kept.state.gids[i] = -1;
		end_refused(&kept, "user (group): asked for 10001, but its process has -1");
	}
	begin(&kept);
	kept.state.groups[kept.state.group_count++] = 0;
	end_refused(&kept, "user (further group): asked for 10001, but its process has 0");
}

static void a_capability_in_any_set_is_found(void **state)
{
	struct kept kept;
	uint64_t *const sets[] = {&kept.state.inheritable, &kept.state.permitted,
				  &kept.state.effective, &kept.state.bounding, &kept.state.ambient};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		begin(&kept);
		*sets[i] = UINT64_C(1) << 21;
		end_refused(&kept, "capabilities: asked for none but those of the policy, but its "
				   "process has CAP_SYS_ADMIN");
		begin(&kept);
		*sets[i] = kept.policy->capabilities = UINT64_C(1) << 21;
		end_refused(&kept, NULL);
	}
}

static void privileges_that_can_be_gained_are_found(void **state)
{
	struct kept kept;
	(void)state;

	begin(&kept);
	kept.state.no_new_privileges = false;
	end_refused(&kept, "no_new_privileges: asked for true, but its process has no such mark");
	begin(&kept);
	kept.state.no_new_privileges = kept.policy->no_new_privileges = false;
	end_refused(&kept, NULL);
	begin(&kept);
	kept.state.oom_score_adj = 0;
	end_refused(&kept, "oom_score_adj: asked for 500, but its process has 0");
}

static void a_missing_filter_is_found_unless_that_is_waived(void **state)
{
	struct kept kept;
	(void)state;

	begin(&kept);
	kept.state.seccomp = 0;
	end_refused(&kept, "seccomp: asked for a filter of system calls, but its process has none");
	begin(&kept);
	kept.state.seccomp = 0;
	kept.policy->unenforced = WAIVE_SECCOMP;
	end_refused(&kept, NULL);
}

static void a_label_must_be_the_policys_and_be_enforced(void **state)
{
	static char profile[] = "own", type[] = "container_t";
	static const struct {
		const char *label, *apparmor, *selinux;
	} cases[] = {
		{"own (enforce)", NULL, NULL},
		{"own (complain)", "own (enforce)", NULL},
		{"unconfined", "own (enforce)", "container_t"},
		{"system_u:system_r:container_t:s0:c1,c2", NULL, NULL},
		{"system_u:system_r:spc_t:s0", NULL, "container_t"},
		{"", NULL, NULL}, /* not told */
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool has_colon = strchr(cases[i].label, ':');
		struct kept kept;

		begin(&kept);
		(void)snprintf(kept.state.label, sizeof(kept.state.label), "%s", cases[i].label);
		kept.policy->apparmor = has_colon ? NULL : profile;
		kept.policy->selinux = has_colon ? type : NULL;
		const char *field = has_colon ? "selinux" : "apparmor";
		const char *asked = has_colon ? cases[i].selinux : cases[i].apparmor;
		_cleanup_free_ char *start =
			asked ? xasprintf("%s: asked for %s, but its process has %s", field, asked,
					  cases[i].label)
			      : NULL;
		struct err err = {.text = ""};
		int r = proof_check_state(kept.policy, &kept.state, kernel_has, &err);
		assert_int_equal(r, asked ? -EPERM : 0);
		if (asked)
			assert_memory_equal(err.text, start, strlen(start));
		kept.policy->apparmor = kept.policy->selinux = NULL;
		policy_free(kept.policy);
	}
}

static void a_name_space_of_the_hosts_is_found(void **state)
{
	static const struct {
		enum process_namespace bit;
		const char *name;
	} cases[] = {
		{NAMESPACE_PID, "processes (pid)"},
		{NAMESPACE_NETWORK, "network"},
		{NAMESPACE_IPC, "ipc"},
		{NAMESPACE_UTS, "host name (uts)"},
		{NAMESPACE_MOUNT, "mounts"},
		{NAMESPACE_CGROUP, "cgroup"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kept kept;
		_cleanup_free_ char *start = xasprintf("%s: asked for a name space of its own, but "
						       "its process has the host's",
						       cases[i].name);

		begin(&kept);
		kept.state.shared = cases[i].bit;
		end_refused(&kept, start);
	}
}

static void a_root_that_can_be_written_to_is_found(void **state)
{
	struct kept kept;
	(void)state;

	begin(&kept);
	mount_at(&kept, "/")->options = text("rw,ro_not");
	end_refused(&kept,
		    "read_only_root: asked for true, but its process has a root that it may write "
		    "to");
	begin(&kept);
	mount_at(&kept, "/")->options = text("rw");
	kept.policy->read_only_root = false;
	end_refused(&kept, NULL);
}

static void a_tmpfs_with_less_than_its_flags_is_found(void **state)
{
	static const struct {
		const char *options, *asked;
	} cases[] = {{"rw,nodev,noexec", "nosuid"},
		     {"rw,nosuid,noexec", "nodev"},
		     {"rw,nosuid,nodev", "noexec"}};
	struct kept kept;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *start =
			xasprintf("tmpfs[/var/tmp]: asked for %s, but its process has %s",
				  cases[i].asked, cases[i].options);
		begin(&kept);
		mount_at(&kept, "/var/tmp")->options = text(cases[i].options);
		end_refused(&kept, start);
	}
	begin(&kept);
	mount_at(&kept, "/var/tmp")->of_type = text("rw,size=65540k");
	end_refused(&kept, "tmpfs[/var/tmp]: asked for 67108864, but its process has 67112960");
	begin(&kept);
	mount_at(&kept, "/var/tmp")->of_type = text("rw");
	end_refused(&kept, "tmpfs[/var/tmp]: asked for 67108864, but its process has -1");
	begin(&kept);
	mount_at(&kept, "/var/tmp")->type = text("ext4");
	end_refused(&kept, "tmpfs[/var/tmp]: asked for a tmpfs, but its process has ext4");
	begin(&kept);
	mount_at(&kept, "/var/tmp")->point = text("/elsewhere");
	end_refused(&kept, "tmpfs[/var/tmp]: asked for a tmpfs, but its process has nothing there");
	begin(&kept);
	mount_at(&kept, "/dev/shm")->of_type = text("rw,size=1048576k");
	end_refused(&kept, "shm: asked for 67108864, but its process has 1073741824");
}

static void files_of_the_kernel_that_are_open_are_found(void **state)
{
	struct kept kept;
	(void)state;

	begin(&kept);
	mount_at(&kept, "/proc/kcore")->point = text("/elsewhere");
	end_refused(&kept,
		    "/proc/kcore: asked for something over it, but its process has the kernel's");
	begin(&kept);
	mount_at(&kept, "/proc/sys")->options = text("rw");
	end_refused(&kept, "/proc/sys: asked for it read-only, but its process has it writable");
}

static void only_this_kernels_own_processes_are_judged(void **state)
{
	(void)state;
	assert_true(proof_applies_to("runc"));
	assert_true(proof_applies_to("crun"));
	assert_false(proof_applies_to("runsc"));
	assert_false(proof_applies_to("kata"));
	assert_false(proof_applies_to(""));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_promised_is_enough),
		cmocka_unit_test(another_user_or_group_is_found),
		cmocka_unit_test(a_capability_in_any_set_is_found),
		cmocka_unit_test(privileges_that_can_be_gained_are_found),
		cmocka_unit_test(a_missing_filter_is_found_unless_that_is_waived),
		cmocka_unit_test(a_label_must_be_the_policys_and_be_enforced),
		cmocka_unit_test(a_name_space_of_the_hosts_is_found),
		cmocka_unit_test(a_root_that_can_be_written_to_is_found),
		cmocka_unit_test(a_tmpfs_with_less_than_its_flags_is_found),
		cmocka_unit_test(files_of_the_kernel_that_are_open_are_found),
		cmocka_unit_test(only_this_kernels_own_processes_are_judged),
	};

	return cmocka_run_group_tests_name("proof_state", tests, NULL, NULL);
}
