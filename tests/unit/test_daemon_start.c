/* SPDX-License-Identifier: Apache-2.0 */
/* A process that cannot begin, and what it says of it. */
#include "base/cleanup.h"
#include "base/file.h"
#include "daemon/daemon.h"
#include "unit/fleet_files.h"
#include "unit/unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A fleet for whose engine no socket was found. */
static struct fleet *without_socket(void)
{
	struct fleet *fleet = loaded("version: 1\n"
				     "state_dir: state\n"
				     "engine: { socket: unix:///e.sock }\n"
				     "environments: [{ id: env_1, key: { file: key } }]\n",
				     (struct fleet_flags){0});

	free(fleet->engines[0].socket);
	free(fleet->engines[0].socket_reason);
	fleet->engines[0].socket = NULL;
	fleet->engines[0].socket_reason = xstrdup("no engine socket found");
	return fleet;
}

/* Serves it, with what is logged in `log`. */
static unsigned serve(const struct daemon_options *options, struct buf *log)
{
	struct fleet *fleet = without_socket();
	int saved = dup(STDERR_FILENO);
	_cleanup_close_ int file = open("log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(saved >= 0 && file >= 0);
	assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
	unsigned verdict = daemon_serve(fleet, options);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(close(saved), 0);
	assert_int_equal(file_read("log", log, NULL), 0);
	(void)fleet_free(fleet);
	return verdict;
}

static void a_drain_without_an_engine_ends_with_its_last_line_all_the_same(void **state)
{
	_cleanup_(buf_done) struct buf log;
	(void)state;

	buf_init(&log, BUF_MAX_OUTPUT);
	assert_int_equal(serve(&(struct daemon_options){.drain = true}, &log), VERDICT_NO_ENGINE);
	const char *drained = strstr(log.data, "level=warning event=drained claimed=0 ");
	assert_non_null(drained);
	assert_non_null(strstr(drained, " environments=1 duration=0\n"));
	assert_non_null(strstr(log.data, "level=error event=engine msg=\"no engine socket found"));
}

static void a_run_without_an_engine_has_no_such_line(void **state)
{
	_cleanup_(buf_done) struct buf log;
	(void)state;

	buf_init(&log, BUF_MAX_OUTPUT);
	assert_int_equal(serve(&(struct daemon_options){.drain = false}, &log), VERDICT_NO_ENGINE);
	assert_non_null(strstr(log.data, "event=engine"));
	assert_null(strstr(log.data, "event=drained"));
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, fleet_files_setup, fleet_files_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_drain_without_an_engine_ends_with_its_last_line_all_the_same),
		TEST(a_run_without_an_engine_has_no_such_line),
	};

	return cmocka_run_group_tests_name("daemon start", tests, NULL, NULL);
}
