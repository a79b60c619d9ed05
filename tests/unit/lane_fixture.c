/* SPDX-License-Identifier: Apache-2.0 */
#include "lane_fixture.h"

#include "base/cleanup.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define PATIENCE_MS 30000

void fixture_init(struct lane_fixture *fixture)
{
	struct err err;

	*fixture = (struct lane_fixture){.directory = "/tmp/berth-lane-XXXXXX"};
	assert_non_null(mkdtemp(fixture->directory));
	(void)snprintf(fixture->socket, sizeof(fixture->socket), "%s/socket", fixture->directory);
	assert_int_equal(loop_new(&fixture->loop, &err), 0);
	assert_int_equal(lane_global_init(&err), 0);
}

void fixture_done(struct lane_fixture *fixture)
{
	timer_cancel(&fixture->guard);
	lane_free(fixture->lane);
	peer_free(fixture->peer);
	loop_free(fixture->loop);
	(void)unlink(fixture->socket);
	assert_int_equal(rmdir(fixture->directory), 0);
}

void fixture_connect_tcp(struct lane_fixture *fixture, const struct lane_options *options)
{
	static const struct lane_options usual = {.name = "queue"};
	struct err err;

	fixture->peer = peer_new_tcp();
	assert_int_equal(lane_new(fixture->loop, options ? options : &usual, &fixture->lane, &err),
			 0);
}

void fixture_connect_unix(struct lane_fixture *fixture, unsigned max_in_flight, int backlog,
			  unsigned accept_pause_ms)
{
	const struct lane_options options = {
		.name = "engine",
		.unix_socket = fixture->socket,
		.max_in_flight = max_in_flight,
	};
	struct err err;

	fixture->is_unix = true;
	fixture->peer = peer_new_unix(fixture->socket, backlog, accept_pause_ms);
	assert_int_equal(lane_new(fixture->loop, &options, &fixture->lane, &err), 0);
}

static void lose_patience(void *arg)
{
	struct lane_fixture *fixture = arg;

	fixture->is_overdue = true;
	loop_stop(fixture->loop);
}

void fixture_run(struct lane_fixture *fixture)
{
	if (fixture->under_way == 0)
		return;
	timer_arm(&fixture->guard, fixture->loop, PATIENCE_MS, lose_patience, fixture);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	timer_cancel(&fixture->guard);
	if (fixture->is_overdue)
		fixture->lane = lane_free(fixture->lane); /* lets go of the test's variables */
	assert_false(fixture->is_overdue);
	assert_int_equal(fixture->under_way, 0);
}

static void end_run(void *arg)
{
	loop_stop(arg);
}

void fixture_run_for(struct lane_fixture *fixture, uint64_t ms)
{
	struct timer end = {0};

	timer_arm(&end, fixture->loop, ms, end_run, fixture->loop);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	timer_cancel(&end);
}

static void leave(struct lane_fixture *fixture)
{
	if (--fixture->under_way == 0)
		loop_stop(fixture->loop);
}

static void on_done(struct http_request *request, void *arg)
{
	struct call *call = arg;
	struct lane_fixture *fixture = call->fixture;

	assert_ptr_equal(request, &call->request);
	call->times_done++;
	if (call->then)
		call->then(call); /* may free the call */
	leave(fixture);
}

void call_init(struct call *call, struct lane_fixture *fixture, const char *method,
	       const char *path)
{
	char *url;

	*call = (struct call){.fixture = fixture};
	if (path[0] != '/')
		url = xstrdup(path);
	else if (fixture->is_unix)
		url = xasprintf("http://engine%s", path);
	else
		url = xasprintf("http://127.0.0.1:%d%s", peer_port(fixture->peer), path);
	http_request_init(&call->request, method, url);
	call->request.done = on_done;
	call->request.arg = call;
	call->request.timeout_ms = 20000;
}

void call_done(struct call *call)
{
	call_cancel(call);
	http_request_done(&call->request);
}

void call_submit(struct call *call)
{
	call->fixture->under_way++;
	lane_submit(call->fixture->lane, &call->request);
	assert_int_equal(call->times_done, 0);
}

void call_cancel(struct call *call)
{
	if (!call->request.lane)
		return;
	lane_cancel(&call->request);
	leave(call->fixture);
}

void call_make(struct call *call, struct lane_fixture *fixture, const char *method,
	       const char *path)
{
	call_init(call, fixture, method, path);
	call_submit(call);
	fixture_run(fixture);
	assert_int_equal(call->times_done, 1);
}

void call_expect_failure(struct lane_fixture *fixture, const char *method, const char *path,
			 enum http_outcome outcome)
{
	struct call call;

	call_make(&call, fixture, method, path);
	assert_int_equal(call.request.outcome, outcome);
	assert_int_equal(call.request.status, 0);
	assert_true(call.request.problem[0] != '\0');
	assert_null(strpbrk(call.request.problem, "\r\n"));
	call_done(&call);
}

int fixture_set_up(void **state)
{
	struct lane_fixture *fixture = xcalloc(1, sizeof(*fixture));

	fixture_init(fixture);
	*state = fixture;
	return 0;
}

int fixture_set_up_tcp(void **state)
{
	(void)fixture_set_up(state);
	fixture_connect_tcp(*state, NULL);
	return 0;
}

int fixture_tear_down(void **state)
{
	fixture_done(*state);
	free(*state);
	return 0;
}
