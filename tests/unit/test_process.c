/* SPDX-License-Identifier: Apache-2.0 */
/* Real processes of this machine: children that run, have ended, and are forgotten. */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "io/process.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define OWNER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A child with this name that does nothing until it is ended. */
static pid_t begin_child(const char *name)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)prctl(PR_SET_NAME, name);
		(void)close(ready[0]);
		(void)close(ready[1]);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	(void)close(ready[0]);
	return pid;
}

/* It has ended, and its number is still taken. */
static void end_child(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void forget_child(pid_t pid)
{
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_process_that_runs_is_found_and_may_run(void **state)
{
	struct process process;
	pid_t pid = begin_child("worker");
	(void)state;

	assert_int_equal(process_find(pid, &process), 0);
	assert_int_equal(process.pid, pid);
	assert_true(process.start_ticks > 0);
	assert_true(process_may_run(&process));
	end_child(pid);
	forget_child(pid);
}

static void a_process_that_has_ended_is_not_found_before_it_is_forgotten(void **state)
{
	struct process process, again = {.pid = -5};
	pid_t pid = begin_child("worker");
	(void)state;

	assert_int_equal(process_find(pid, &process), 0);
	end_child(pid);
	assert_false(process_may_run(&process));
	assert_int_equal(process_find(pid, &again), -ESRCH);
	assert_int_equal(again.pid, -5);
	forget_child(pid);
	assert_false(process_may_run(&process));
	assert_int_equal(process_find(pid, &again), -ESRCH);
}

static void a_process_that_was_given_the_number_of_another_is_not_that_one(void **state)
{
	struct process process;
	pid_t pid = begin_child("worker");
	(void)state;

	assert_int_equal(process_find(pid, &process), 0);
	process.start_ticks--;
	assert_false(process_may_run(&process));
	end_child(pid);
	forget_child(pid);
}

static void processes_started_one_after_the_other_differ_in_their_start(void **state)
{
	struct process self, child;
	pid_t pid;
	(void)state;

	assert_int_equal(process_find(getpid(), &self), 0);
	(void)usleep(50000);
	pid = begin_child("worker");
	assert_int_equal(process_find(pid, &child), 0);
	assert_true(child.start_ticks > self.start_ticks);
	end_child(pid);
	forget_child(pid);
}

static void the_name_of_a_program_deceives_nobody(void **state)
{
	static const char *const names[] = {") Z 1 1 1", "a) X 1", "(((", "1 2 3 4 5 6 7"};
	struct process plain;
	(void)state;

	assert_int_equal(process_find(getpid(), &plain), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct process process;
		pid_t pid = begin_child(names[i]);

		assert_int_equal(process_find(pid, &process), 0);
		assert_in_range(process.start_ticks, plain.start_ticks, plain.start_ticks + 100000);
		assert_true(process_may_run(&process));
		end_child(pid);
		forget_child(pid);
	}
}

/* Whoever cannot look must not take a living one for dead: its container would be removed. */
static void a_process_that_cannot_be_looked_at_may_run(void **state)
{
	struct rlimit limit, none;
	struct process process;
	(void)state;

	assert_int_equal(process_find(getpid(), &process), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	bool may_run = process_may_run(&process);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(may_run);
}

static void of_no_process_nothing_is_known(void **state)
{
	struct process process = {0}, found;
	(void)state;

	assert_true(process_may_run(&process));
	assert_int_equal(process_find(0, &found), -ESRCH);
	assert_int_equal(process_find(-1, &found), -ESRCH);
}

/* --- whose it is ------------------------------------------------------------------------------ */

/* A child that runs a program which is told that its name is `argument`. */
static pid_t begin_program(const char *argument)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)execl("/bin/sleep", argument, "600", (char *)NULL);
		_exit(127);
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	(void)close(ready[0]);
	return pid;
}

static void a_monitor_names_its_container_in_its_command_line(void **state)
{
	pid_t pid = begin_program("conmon");
	(void)state;

	assert_false(process_names(pid, OWNER));
	end_child(pid);
	forget_child(pid);
	pid = begin_program("/run/" OWNER "/pidfile");
	assert_true(process_names(pid, OWNER));
	assert_true(process_runs(pid, "/run/" OWNER "/pidfile"));
	assert_false(process_runs(pid, "/run/" OWNER));
	assert_false(process_runs(pid, "600"));
	end_child(pid);
	forget_child(pid);
	assert_false(process_names(pid, OWNER));
}

static void a_process_names_the_cgroup_that_it_is_in(void **state)
{
	_cleanup_(buf_done) struct buf text = {0};
	(void)state;

	buf_init(&text, 1 << 16);
	assert_int_equal(file_read("/proc/self/cgroup", &text, NULL), 0);
	assert_true(text.len > 0);
	text.data[strcspn(text.data, "\n")] = '\0';
	assert_true(process_names(getpid(), text.data));
	assert_false(process_names(getpid(), OWNER));
}

static void no_process_names_nothing(void **state)
{
	(void)state;
	assert_false(process_names(0, ""));
	assert_false(process_names(-1, ""));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_that_runs_is_found_and_may_run),
		cmocka_unit_test(a_process_that_has_ended_is_not_found_before_it_is_forgotten),
		cmocka_unit_test(a_process_that_was_given_the_number_of_another_is_not_that_one),
		cmocka_unit_test(processes_started_one_after_the_other_differ_in_their_start),
		cmocka_unit_test(the_name_of_a_program_deceives_nobody),
		cmocka_unit_test(a_process_that_cannot_be_looked_at_may_run),
		cmocka_unit_test(of_no_process_nothing_is_known),
		cmocka_unit_test(a_monitor_names_its_container_in_its_command_line),
		cmocka_unit_test(a_process_names_the_cgroup_that_it_is_in),
		cmocka_unit_test(no_process_names_nothing),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
