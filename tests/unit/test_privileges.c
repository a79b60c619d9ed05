/* SPDX-License-Identifier: Apache-2.0 */
/* Each in a process of its own: what is given up does not come back. */
#include "cli/privileges.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/* DAC_OVERRIDE is 1, SYS_PTRACE 19 (linux/capability.h). */
#define KEPT "0000000000080002"

/* A line of /proc/self/status, without its name. */
static void read_status(const char *name, char *ret, size_t size)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[128];

	ret[0] = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		size_t length = strlen(name);
		if (strncmp(line, name, length) == 0 && line[length] == ':') {
			line[strcspn(line, "\n")] = '\0';
			(void)snprintf(ret, size, "%s", line + length + 2);
		}
	}
	if (file)
		(void)fclose(file);
}

static bool shows(const char *name, const char *value)
{
	char found[64];

	read_status(name, found, sizeof(found));
	if (strcmp(found, value) != 0)
		(void)fprintf(stderr, "%s: %s, not %s\n", name, found, value);
	return strcmp(found, value) == 0;
}

/* Runs `check` in a process that has given up what it had, as that user. */
static void in_a_process(uid_t uid, bool (*check)(void))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		bool is_ready = (uid == 0 || setresuid(uid, uid, uid) == 0) &&
				privileges_give_up(NULL) == 0;
		_exit(is_ready && check() ? 0 : 1);
	}
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static bool root_has_two(void)
{
	return shows("CapEff", KEPT) && shows("CapPrm", KEPT) && shows("CapBnd", KEPT) &&
	       shows("CapInh", "0000000000000000") && shows("CapAmb", "0000000000000000");
}

static void root_keeps_two_capabilities(void **state)
{
	(void)state;
	in_a_process(0, root_has_two);
}

static bool user_may_nothing(void)
{
	return shows("CapEff", "0000000000000000") && shows("CapPrm", "0000000000000000");
}

static void another_user_has_none(void **state)
{
	(void)state;
	in_a_process(NOBODY, user_may_nothing);
}

static bool gains_nothing_and_leaves_no_core(void)
{
	struct rlimit core;

	return shows("NoNewPrivs", "1") && getrlimit(RLIMIT_CORE, &core) == 0 &&
	       core.rlim_cur == 0 && core.rlim_max == 0;
}

static void no_file_gives_privileges_and_no_core_is_written(void **state)
{
	(void)state;
	in_a_process(0, gains_nothing_and_leaves_no_core);
	in_a_process(NOBODY, gains_nothing_and_leaves_no_core);
}

/* True if a process of the same user can neither read the memory of `pid` nor attach to it. */
static bool is_closed_to_its_user(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	if (open(path, O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return false;
	return ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0 && errno == EPERM;
}

static bool neighbour_sees_nothing(void)
{
	pid_t self = getpid(), pid = fork();

	/* (The child is as closed as its parent, which does not keep it from looking.) */
	if (pid == 0)
		_exit(is_closed_to_its_user(self) ? 0 : 1);
	int status = -1;
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void its_memory_is_closed_to_other_processes_of_its_user(void **state)
{
	(void)state;
	in_a_process(NOBODY, neighbour_sees_nothing);
}

static bool has_no_key_log(void)
{
	return !getenv("SSLKEYLOGFILE");
}

static void nobody_gets_the_secrets_of_its_connections(void **state)
{
	(void)state;
	assert_int_equal(setenv("SSLKEYLOGFILE", "/dev/null", 1), 0);
	in_a_process(NOBODY, has_no_key_log);
	assert_int_equal(unsetenv("SSLKEYLOGFILE"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_keeps_two_capabilities),
		cmocka_unit_test(another_user_has_none),
		cmocka_unit_test(no_file_gives_privileges_and_no_core_is_written),
		cmocka_unit_test(nobody_gets_the_secrets_of_its_connections),
		cmocka_unit_test(its_memory_is_closed_to_other_processes_of_its_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
