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
	"{\"names\":[\"chroot\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"X\"]}}"
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

/* What podman_prove_profile() says of a runtime that was told this. */
static int prove(const struct policy *policy, const char *config, struct err *err)
{
	_cleanup_(json_putp) struct json_object *inspect = json_new_object();
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, config, strlen(config)), 0);
	json_add_string(inspect, "OCIConfigPath", path);
	return podman_prove_profile(policy, &container, inspect, err);
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
	/* What depends on a machine or a capability may be there or not. */
	assert_proven(FILTER("SCMP_ACT_ERRNO", "[" TIME "," BPF "," CHROOT "," READ "]"), NULL);
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
	assert_int_equal(podman_prove_profile(&policy, &container, inspect, &err), -EPERM);
	assert_string_equal(err.text, "seccomp: the engine does not say what its runtime is "
				      "told" REMEDY);
	json_add_string(inspect, "OCIConfigPath", "/nonexistent/config.json");
	assert_int_equal(podman_prove_profile(&policy, &container, inspect, &err), -EPERM);
	assert_string_equal(err.text, "seccomp: what the engine writes for its runtime cannot be "
				      "read" REMEDY);
	policy.unenforced = WAIVE_SECCOMP;
	assert_int_equal(podman_prove_profile(&policy, &container, inspect, &err), 0);
	policy = (struct policy){.seccomp_profile = NULL};
	assert_int_equal(podman_prove_profile(&policy, &container, inspect, &err), 0);
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
		cmocka_unit_test(any_other_profile_is_refused),
		cmocka_unit_test(what_cannot_be_read_proves_nothing),
	};

	return cmocka_run_group_tests_name("podman_seccomp", tests, make_file, remove_file);
}
