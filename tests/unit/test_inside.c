/* SPDX-License-Identifier: Apache-2.0 */
/* What a container says of itself: the script in a bash of this machine, and output of all kinds.
 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "doctor/inside.h"
#include "io/process.h"
#include "unit/unit.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the command prints, as a text of the caller's. */
static char *run(char *const *command)
{
	struct buf output;
	char piece[512];
	int ends[2], status;
	ssize_t len;

	buf_init(&output, BUF_MAX_LOG_LINE);
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)execv(command[0], command);
		_exit(127);
	}
	(void)close(ends[1]);
	while ((len = read(ends[0], piece, sizeof(piece))) > 0)
		assert_int_equal(buf_add(&output, piece, (size_t)len), 0);
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return buf_take(&output);
}

static void the_script_tells_what_its_process_is(void **state)
{
	static const char *const places[] = {"/proc/there is none", "/proc/nor one"};
	char **command = inside_command(places, ARRAY_SIZE(places));
	_cleanup_free_ char *output = run(command);
	struct inside inside;
	(void)state;

	inside_free_command(command);
	inside_parse(output, &inside);
	assert_true(inside.is_complete);
	assert_int_equal(inside.uid, getuid());
	assert_int_equal(inside.gid, getgid());
	assert_true(inside.has_capabilities);
	assert_true(inside.no_new_privileges == 0 || inside.no_new_privileges == 1);
	assert_in_range(inside.seccomp, 0, 2);
	assert_true(inside.nofile > 0 || inside.nofile == PROCESS_UNLIMITED);
	assert_string_equal(inside.closed, "/proc/there is none /proc/nor one");
}

static void what_is_not_said_is_nothing(void **state)
{
	struct inside inside;
	(void)state;

	inside_parse("", &inside);
	assert_false(inside.is_complete);
	assert_int_equal(inside.uid, -1);
	assert_int_equal(inside.seccomp, -1);
	assert_false(inside.has_capabilities);
	assert_false(inside.has_read_only_root);
	assert_int_equal(inside.nofile, PROCESS_UNLIMITED);
	assert_string_equal(inside.ca, "");
}

static void the_hard_limit_counts(void **state)
{
	struct inside inside;
	(void)state;

	inside_parse(
		"Max open files            1024                 4096                 files\r\n"
		"Max processes             unlimited            unlimited            processes\n"
		"Max core file size        0                    0                    bytes\n",
		&inside);
	assert_int_equal(inside.nofile, 4096);
	assert_int_equal(inside.nproc, PROCESS_UNLIMITED);
	assert_int_equal(inside.core_bytes, 0);
}

static void output_that_is_too_long_is_cut(void **state)
{
	_cleanup_free_ char *place = xcalloc(1, 1001);
	struct inside inside;
	struct buf output;
	(void)state;

	memset(place, 'x', 1000);
	buf_init(&output, BUF_MAX_LOG_LINE);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(buf_addf(&output, "closed: /%s\nca: /%s\n", place, place), 0);
	inside_parse(output.data, &inside);
	buf_done(&output);
	assert_in_range(strlen(inside.closed), 100, sizeof(inside.closed) - 1);
	assert_in_range(strlen(inside.ca), 100, sizeof(inside.ca) - 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_script_tells_what_its_process_is),
		cmocka_unit_test(what_is_not_said_is_nothing),
		cmocka_unit_test(the_hard_limit_counts),
		cmocka_unit_test(output_that_is_too_long_is_cut),
	};

	return cmocka_run_group_tests_name("inside", tests, NULL, NULL);
}
