/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same requests as curl-loop.c makes, through berth's own lane and event loop.
 *
 *   bench-lane-loop URL COUNT
 *
 * prints the requests per second; exits 1 if one fails.
 */
#include "base/cleanup.h"
#include "io/lane.h"
#include "io/loop_event.h"

#include <stdio.h>
#include <stdlib.h>

struct run {
	struct loop *loop;
	struct lane *lane;
	const char *url;
	long left;
	struct http_request request;
	bool has_failed;
};

static void next(struct run *run);

static void on_reply(struct http_request *request, void *arg)
{
	struct run *run = arg;

	run->has_failed |= request->outcome != HTTP_REPLIED;
	http_request_done(request);
	if (--run->left > 0 && !run->has_failed)
		next(run);
	else
		loop_stop(run->loop);
}

static void next(struct run *run)
{
	http_request_init(&run->request, "GET", xstrdup(run->url));
	run->request.timeout_ms = 10000;
	run->request.done = on_reply;
	run->request.arg = run;
	lane_submit(run->lane, &run->request);
}

int main(int argc, char **argv)
{
	struct run run = {.url = argv[1], .left = argc == 3 ? atol(argv[2]) : 0};
	const struct lane_options options = {.name = "bench"};
	long count = run.left;
	struct err err;

	if (count <= 0)
		return 64;
	if (loop_new(&run.loop, &err) < 0 || lane_global_init(&err) < 0 ||
	    lane_new(run.loop, &options, &run.lane, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 70;
	}
	uint64_t began = loop_now_usec();
	next(&run);
	if (loop_run(run.loop, &err) < 0)
		return 70;
	printf("%.1f\n", (double)count * 1e6 / (double)(loop_now_usec() - began));
	lane_free(run.lane);
	loop_free(run.loop);
	return run.has_failed ? 1 : 0;
}
