/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/url_look.h"

#include "base/cleanup.h"
#include "cli/exit.h"

#include <errno.h>

#define TIMEOUT_MS 10000

struct looking {
	struct loop *loop;
	bool is_done;
};

static void on_done(struct http_request *request, void *arg)
{
	struct looking *looking = arg;

	(void)request;
	looking->is_done = true;
	loop_stop(looking->loop);
}

static int ask(struct visit *visit, struct lane *lane, const char *url, struct err *err)
{
	struct looking looking = {.loop = visit->loop};
	struct http_request request;

	http_request_init(&request, "GET", xasprintf("%s/", url));
	request.timeout_ms = TIMEOUT_MS;
	request.done = on_done;
	request.arg = &looking;
	lane_submit(lane, &request);
	int r = 0;
	while (r == 0 && !looking.is_done && visit->exit_code == EXIT_DONE)
		r = loop_run(visit->loop, err);
	if (r == 0 && !looking.is_done)
		r = err_set(err, ERR_TEMPORARY, -EINTR, "interrupted");
	/* A reply that is too long is one, too. */
	else if (r == 0 && request.outcome != HTTP_REPLIED && request.outcome != HTTP_TOO_LARGE)
		r = err_set(err, ERR_TEMPORARY, -EIO, "%s", request.problem);
	http_request_done(&request);
	return r;
}

int url_look(struct visit *visit, const struct fleet *fleet, const char *url, struct err *err)
{
	const struct lane_options options = {
		.name = "session",
		.ca_file = fleet->ca_file,
		.allow_http = fleet->allow_http,
		.use_proxy_environment = true,
	};
	struct lane *lane = NULL;

	int r = lane_global_init(err);
	if (r == 0)
		r = lane_new(visit->loop, &options, &lane, err);
	if (r == 0)
		r = ask(visit, lane, url, err);
	lane_free(lane);
	return r;
}
