/* SPDX-License-Identifier: Apache-2.0 */
/* Whether Podman's runtime was told the policy's own seccomp profile. */
#include "base/cleanup.h"
#include "base/file.h"
#include "engine/podman.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REMEDY                                                                                     \
	"; run berth where it can read what the engine writes for its runtime, as the engine's "   \
	"user or root on its host, or list 'seccomp' under `unenforced` of the policy"

#define READ "{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"}"
#define BPF  "{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1}"
#define CHROOT                                                                                     \
	"{\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_SYS_" \
	"CHROOT\"]}}"
#define OLD  "{\"name\":\"time\",\"action\":\"SCMP_ACT_ALLOW\"}"
#define TIME "{\"names\":[\"time\"],\"action\":\"SCMP_ACT_ALLOW\"}"

#define FILTER(action, list)                                                                       \
	"{\"defaultAction\":\"" action                                                             \
	"\",\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":" list "}"

static char profile[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" READ "," BPF "," CHROOT "," OLD "]}";
/* What watches it is this very process, or gone. */
static struct container container;
static char path[] = "/tmp/berth-config-XXXXXX";
static const char *engines_own;

/* What podman_prove_profile() says of what the engine has written, with its own profile if the
 * policy has none. */
static int prove_what_is_there(const struct policy *policy, struct json_object *inspect,
			       struct err *err)
{
	_cleanup_(json_putp) struct json_object *config = NULL;
	const char *why;

	if (podman_read_config(&container, inspect, &config, &why) < 0)
		return podman_refuse_profile(policy, why, err);
	return podman_prove_profile(policy, engines_own, config, err);
}

/* What podman_prove_profile() says of a runtime that was told this. */
static int prove(const struct policy *policy, const char *config, struct err *err)
{
	_cleanup_(json_putp) struct json_object *inspect = json_new_object();
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, config, strlen(config)), 0);
	json_add_string(inspect, "OCIConfigPath", path);
	return prove_what_is_there(policy, inspect, err);
}

static void assert_proven(const char *filter, const char *reason)
{
	const struct policy policy = {.seccomp_profile = profile};
	_cleanup_free_ char *config = xasprintf("{\"linux\":{\"seccomp\":%s}}", filter);
	struct err err = {.text = ""};

	int r = prove(&policy, config, &err);
	assert_string_equal(err.text, reason ? reason : "");
	assert_int_equal(r, reason ? -EPERM : 0);
	if (reason)
		assert_int_equal(err.kind, ERR_REFUSED);
}

static void the_policys_own_profile_is_recognized(void **state)
{
	(void)state;
	assert_proven(FILTER("SCMP_ACT_ERRNO", "[" READ "," BPF "," TIME "]"), NULL);
}

static void what_is_for_a_capability_is_there_with_it_only(void **state)
{
	static const char config[] = "{\"linux\":{\"seccomp\":" FILTER(
		"SCMP_ACT_ERRNO", "[" TIME "," BPF "," CHROOT "," READ "]") "}}";
	struct policy policy = {.seccomp_profile = profile};
	struct err err;
	(void)state;

	assert_int_equal(prove(&policy, config, &err), -EPERM);
	policy.capabilities = UINT64_C(1) << 18; /* CAP_SYS_CHROOT */
	assert_int_equal(prove(&policy, config, &err), 0);
}

static void the_file_is_the_one_that_the_monitor_of_the_container_sees(void **state)
{
	(void)state;
	container.monitor_pid = getpid();
	assert_proven(FILTER("SCMP_ACT_ERRNO", "[" READ "," BPF "," TIME "]"), NULL);
	container.monitor_pid = 1 << 30; /* there is no such process */
	assert_proven(FILTER("SCMP_ACT_ERRNO", "[" READ "," BPF "," TIME "]"), NULL);
	container.monitor_pid = 0;
}

static void the_engines_own_profile_must_be_one(void **state)
{
	const struct policy policy = {.pids = 64};
	struct err err;
	(void)state;

	assert_int_equal(prove(&policy,
			       "{\"linux\":{\"seccomp\":" FILTER("SCMP_ACT_ERRNO", "[]") "}}",
			       &err),
			 0);
	assert_int_equal(prove(&policy, "{\"linux\":{}}", &err), -EPERM);
	assert_string_equal(err.text, "seccomp: the runtime is told to filter no system "
				      "calls" REMEDY);
}

static void the_engines_own_profile_is_not_replaced_by_another(void **state)
{
	const struct policy policy = {.pids = 64};
	struct err err;
	(void)state;

	engines_own = profile;
	assert_int_equal(prove(&policy,
			       "{\"linux\":{\"seccomp\":" FILTER(
				       "SCMP_ACT_ERRNO", "[" READ "," BPF "," TIME "]") "}}",
			       &err),
			 0);
	assert_int_equal(prove(&policy,
			       "{\"linux\":{\"seccomp\":" FILTER("SCMP_ACT_ALLOW", "[]") "}}",
			       &err),
			 -EPERM);
	assert_string_equal(err.text, "seccomp: the runtime is told another profile than the "
				      "engine's own" REMEDY);
	engines_own = NULL;
}

#define ARGS(value)                                                                                \
	"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"       \
	"\"value\":" value ",\"op\":\"SCMP_CMP_EQ\"}]}"

static void an_entry_without_its_conditions_is_another_one(void **state)
{
	static char own[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" ARGS("8") "]}";
	static const char *const others[] = {
		FILTER("SCMP_ACT_ERRNO", "[" ARGS("9") "]"),
		FILTER("SCMP_ACT_ERRNO",
		       "[{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\"}]"),
	};
	const struct policy policy = {.seccomp_profile = own};
	struct err err;
	(void)state;

	assert_int_equal(
		prove(&policy,
		      "{\"linux\":{\"seccomp\":" FILTER("SCMP_ACT_ERRNO", "[" ARGS("8") "]") "}}",
		      &err),
		0);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		_cleanup_free_ char *config = xasprintf("{\"linux\":{\"seccomp\":%s}}", others[i]);
		assert_int_equal(prove(&policy, config, &err), -EPERM);
	}
}

static void any_other_profile_is_refused(void **state)
{
	static const char other[] =
		"seccomp: the runtime is told another profile than the policy's" REMEDY;
	(void)state;

	assert_proven(FILTER("SCMP_ACT_ALLOW", "[" READ "," BPF "," TIME "]"), other);
	assert_proven(FILTER("SCMP_ACT_ERRNO", "[" READ "," TIME "]"), other);
	assert_proven(FILTER("SCMP_ACT_ERRNO", "[" READ "," BPF "," TIME ",{\"names\":[\"mount\"],"
					       "\"action\":\"SCMP_ACT_ALLOW\"}]"),
		      other);
	assert_proven(FILTER("SCMP_ACT_ERRNO", "[" READ "," TIME ",{\"names\":[\"bpf\"],\"action\":"
					       "\"SCMP_ACT_ALLOW\"}]"),
		      other);
	assert_proven(
		FILTER("SCMP_ACT_ERRNO",
		       "[{\"names\":[5]},{\"names\":[null],\"action\":\"SCMP_ACT_ALLOW\"},7,null]"),
		other);
	assert_proven("{}", "seccomp: the runtime is told to filter no system calls" REMEDY);
	assert_proven("null", "seccomp: the runtime is told to filter no system calls" REMEDY);
}

static void what_cannot_be_read_proves_nothing(void **state)
{
	_cleanup_(json_putp) struct json_object *inspect = json_new_object();
	struct policy policy = {.seccomp_profile = profile};
	struct err err;
	(void)state;

	assert_int_equal(prove(&policy, "{\"linux\":", &err), -EPERM);
	assert_string_equal(err.text, "seccomp: what the engine writes for its runtime makes no "
				      "sense" REMEDY);
	assert_int_equal(prove_what_is_there(&policy, inspect, &err), -EPERM);
	assert_string_equal(err.text, "seccomp: the engine does not say what its runtime is "
				      "told" REMEDY);
	json_add_string(inspect, "OCIConfigPath", "/nonexistent/config.json");
	assert_int_equal(prove_what_is_there(&policy, inspect, &err), -EPERM);
	assert_string_equal(err.text, "seccomp: what the engine writes for its runtime cannot be "
				      "read" REMEDY);
	policy.unenforced = WAIVE_SECCOMP;
	assert_int_equal(prove_what_is_there(&policy, inspect, &err), 0);
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_policys_own_profile_is_recognized),
		cmocka_unit_test(the_file_is_the_one_that_the_monitor_of_the_container_sees),
		cmocka_unit_test(the_engines_own_profile_must_be_one),
		cmocka_unit_test(the_engines_own_profile_is_not_replaced_by_another),
		cmocka_unit_test(an_entry_without_its_conditions_is_another_one),
		cmocka_unit_test(what_is_for_a_capability_is_there_with_it_only),
		cmocka_unit_test(any_other_profile_is_refused),
		cmocka_unit_test(what_cannot_be_read_proves_nothing),
	};

	return cmocka_run_group_tests_name("podman_seccomp", tests, make_file, remove_file);
}
