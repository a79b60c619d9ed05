/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "engine/proof.h"
#include "unit/unit.h"

#include <errno.h>
#include <string.h>

#define CGROUP "/user.slice/libpod-0a.scope/container"

#define REMEDY_CGROUPS                                                                             \
	"give the engine cgroups that it may manage, with this controller (rootless Podman: a "    \
	"user session that lasts, by loginctl enable-linger USER, and podman.socket as its user "  \
	"unit), or list the field under `unenforced` of the policy"
#define REMEDY_ULIMITS                                                                             \
	"something between berth and the engine changed the request, or the engine ignores it; "   \
	"list 'ulimits' under `unenforced` of the policy if that is accepted"

#define WAIVE_CGROUPS (WAIVE_MEMORY | WAIVE_SWAP | WAIVE_PIDS | WAIVE_CPUS)

static const struct policy policy = {
	.memory_bytes = 2147483648,
	.swap_bytes = 1048576,
	.pids = 512,
	.cpu_millis = 1500,
	.nofile = 4096,
	.nproc = 16384,
	.core_bytes = 65536,
};

static const struct process_limits kept = {
	.cgroup = CGROUP,
	.memory_bytes = 2147483648,
	.swap_bytes = 1048576,
	.pids = 512,
	.cpu_millis = 1500,
	.open_files = 4096,
	.processes = 16384,
	.core_bytes = 65536,
};

/* One promise: where it is kept, how it is called, what waives it. */
static const struct row {
	const char *sentence;
	size_t offset; /* of the value in struct process_limits */
	const char *field;
	int64_t asked;
	unsigned waivers;
	const char *remedy;
} rows[] = {
	{"memory is proven", offsetof(struct process_limits, memory_bytes), "memory", 2147483648,
	 WAIVE_MEMORY, REMEDY_CGROUPS},
	{"swap is proven", offsetof(struct process_limits, swap_bytes), "swap", 1048576,
	 WAIVE_MEMORY | WAIVE_SWAP, REMEDY_CGROUPS},
	{"processes of the session are proven", offsetof(struct process_limits, pids), "pids", 512,
	 WAIVE_PIDS, REMEDY_CGROUPS},
	{"CPU time is proven", offsetof(struct process_limits, cpu_millis), "cpus (thousandths)",
	 1500, WAIVE_CPUS, REMEDY_CGROUPS},
	{"open files are proven", offsetof(struct process_limits, open_files), "nofile", 4096,
	 WAIVE_ULIMITS, REMEDY_ULIMITS},
	{"processes of the user are proven", offsetof(struct process_limits, processes), "nproc",
	 16384, WAIVE_ULIMITS, REMEDY_ULIMITS},
	{"core dumps are proven", offsetof(struct process_limits, core_bytes), "core", 65536,
	 WAIVE_ULIMITS, REMEDY_ULIMITS},
};

static struct process_limits with(const struct row *row, int64_t value)
{
	struct process_limits limits = kept;

	*(int64_t *)(void *)((char *)&limits + row->offset) = value;
	return limits;
}

static void assert_broken(const struct row *row, int64_t value, const char *holds)
{
	_cleanup_free_ char *text =
		xasprintf("%s: asked for %lld, but %s in cgroup " CGROUP "; %s", row->field,
			  (long long)row->asked, holds, row->remedy);
	struct process_limits limits = with(row, value);
	struct err err;

	assert_int_equal(proof_check(&policy, &limits, &err), -EPERM);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.text, text);
	assert_int_equal(proof_check(&policy, &limits, NULL), -EPERM);
}

/* Each single waiver, and whether it lets this value pass. */
static void assert_waived_by_its_own_only(const struct row *row, int64_t value)
{
	struct process_limits limits = with(row, value);

	for (unsigned bit = WAIVE_MEMORY; bit <= WAIVE_SECCOMP; bit <<= 1) {
		struct policy waiving = policy;
		waiving.unenforced = bit;
		assert_int_equal(proof_check(&waiving, &limits, NULL),
				 bit & row->waivers ? 0 : -EPERM);
	}
}

static void a_promise_is_proven(void **state)
{
	const struct row *row = *state;
	_cleanup_free_ char *wider = xasprintf("the limit is %lld", (long long)row->asked + 1);
	struct process_limits stricter = with(row, row->asked - 1), nothing = with(row, 0);

	assert_int_equal(proof_check(&policy, &stricter, NULL), 0);
	assert_int_equal(proof_check(&policy, &nothing, NULL), 0);
	assert_broken(row, row->asked + 1, wider);
	assert_broken(row, PROCESS_UNLIMITED, "there is no limit");
	assert_waived_by_its_own_only(row, row->asked + 1);
	assert_waived_by_its_own_only(row, PROCESS_UNLIMITED);
}

/* The kernel keeps 999997440 bytes of memory and 1999998976 of both. */
static void swap_is_counted_in_whole_pages(void **state)
{
	struct policy odd = policy;
	struct process_limits limits = kept;
	(void)state;

	odd.memory_bytes = odd.swap_bytes = 1000000000;
	limits.memory_bytes = 999997440;
	limits.swap_bytes = 1000001536;
	assert_int_equal(proof_check(&odd, &limits, NULL), 0);
	limits.swap_bytes++;
	assert_int_equal(proof_check(&odd, &limits, NULL), -EPERM);
	odd.swap_bytes = 0;
	limits.swap_bytes = 4096;
	assert_int_equal(proof_check(&odd, &limits, NULL), -EPERM);
}

static void limits_as_they_were_asked_for_keep_the_policy(void **state)
{
	struct err err = {.text = ""};
	(void)state;

	assert_int_equal(proof_check(&policy, &kept, &err), 0);
	assert_string_equal(err.text, "");
}

static void no_swap_and_no_core_dumps_are_promises_too(void **state)
{
	struct policy none = policy;
	struct process_limits limits = kept;
	struct err err;
	(void)state;

	none.swap_bytes = none.core_bytes = 0;
	limits.swap_bytes = limits.core_bytes = 0;
	assert_int_equal(proof_check(&none, &limits, NULL), 0);
	limits.swap_bytes = PROCESS_UNLIMITED;
	assert_int_equal(proof_check(&none, &limits, &err), -EPERM);
	assert_string_equal(err.text, "swap: asked for 0, but there is no limit in cgroup " CGROUP
				      "; " REMEDY_CGROUPS);
	limits.swap_bytes = 0;
	limits.core_bytes = 4096;
	assert_int_equal(proof_check(&none, &limits, &err), -EPERM);
}

static void the_first_of_several_is_named_and_a_long_cgroup_is_cut(void **state)
{
	struct process_limits limits = kept;
	struct err err;
	(void)state;

	limits.pids = limits.open_files = PROCESS_UNLIMITED;
	memset(limits.cgroup, 'c', sizeof(limits.cgroup) - 1);
	assert_int_equal(proof_check(&policy, &limits, &err), -EPERM);
	assert_memory_equal(err.text, "pids: ", strlen("pids: "));
	assert_non_null(strstr(err.text, REMEDY_CGROUPS));
}

/* --- when nothing can be read ----------------------------------------------------------------- */

static void limits_that_cannot_be_read_are_refused_with_the_reason(void **state)
{
	static const unsigned not_enough[] = {0, WAIVE_CGROUPS, WAIVE_ULIMITS | WAIVE_SECCOMP,
					      (WAIVE_CGROUPS | WAIVE_ULIMITS) &
						      ~(unsigned)WAIVE_PIDS};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(not_enough); i++) {
		const struct policy promising = {.unenforced = not_enough[i]};
		struct err why, err;

		(void)err_set(&why, ERR_ENGINE, -ESRCH, "the process cannot be looked at");
		assert_int_equal(proof_is_missing(&promising, &why, &err), -EPERM);
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_string_equal(
			err.text,
			"memory, swap, pids, cpus, ulimits: what holds cannot be read: the process "
			"cannot be looked at; run berth where it sees the engine's processes (not "
			"in a container of its own, unless that has the host's process ids), or "
			"list them under `unenforced` of the policy");
	}
}

static void limits_that_nobody_promises_need_not_be_read(void **state)
{
	const struct policy waiving = {.unenforced = WAIVE_CGROUPS | WAIVE_ULIMITS};
	const struct err why = {.text = "no such process"};
	struct err err;
	(void)state;

	assert_int_equal(proof_is_missing(&waiving, &why, &err), 0);
}

static void root_of_a_required_user_namespace_is_not_the_hosts(void **state)
{
	struct policy required = policy;
	struct process_limits limits = kept;
	struct err err;
	(void)state;

	assert_int_equal(proof_check(&required, &limits, &err), 0);
	required.user_namespace = USER_NAMESPACE_REQUIRED;
	assert_int_equal(proof_check(&required, &limits, &err), -EPERM);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.text, "user_namespace: required, but root in the container is the "
				      "host's root; use a rootless engine, or say "
				      "`user_namespace: engine`");
	limits.root_uid = 100000;
	assert_int_equal(proof_check(&required, &limits, &err), 0);
	limits.root_uid = -1;
	assert_int_equal(proof_check(&required, &limits, &err), 0);
}

static void a_required_user_namespace_must_be_read_whatever_is_waived(void **state)
{
	const struct policy waiving = {.unenforced = WAIVE_CGROUPS | WAIVE_ULIMITS,
				       .user_namespace = USER_NAMESPACE_REQUIRED};
	const struct err why = {.text = "no such process"};
	struct err err;
	(void)state;

	assert_int_equal(proof_is_missing(&waiving, &why, &err), -EPERM);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(swap_is_counted_in_whole_pages),
		cmocka_unit_test(limits_as_they_were_asked_for_keep_the_policy),
		cmocka_unit_test(no_swap_and_no_core_dumps_are_promises_too),
		cmocka_unit_test(the_first_of_several_is_named_and_a_long_cgroup_is_cut),
		cmocka_unit_test(limits_that_cannot_be_read_are_refused_with_the_reason),
		cmocka_unit_test(limits_that_nobody_promises_need_not_be_read),
		cmocka_unit_test(root_of_a_required_user_namespace_is_not_the_hosts),
		cmocka_unit_test(a_required_user_namespace_must_be_read_whatever_is_waived),
	};
	struct CMUnitTest tests[ARRAY_SIZE(rows) + ARRAY_SIZE(others)];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		tests[i] = (struct CMUnitTest){.name = rows[i].sentence,
					       .test_func = a_promise_is_proven,
					       .initial_state = (void *)(uintptr_t)&rows[i]};
	memcpy(tests + ARRAY_SIZE(rows), others, sizeof(others));
	return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
