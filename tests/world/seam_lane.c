/* SPDX-License-Identifier: Apache-2.0 */
/* io/lane.h on the world's wire. */
#include "base/cleanup.h"
#include "io/lane.h"
#include "world/seam.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct lane {
	struct host *host;
	const struct wire_peer *peer;
	unsigned max_in_flight, in_flight, waiting_count;
	struct http_request *waiting, *waiting_urgent;
};

int lane_global_init(struct err *err)
{
	(void)err;
	return 0;
}

static const struct wire_peer *find_peer(const struct host *host, const char *socket)
{
	if (!socket)
		return &host->plane_peer;
	for (size_t i = 0; i < host->machine_count; i++)
		if (strcmp(machine_socket(host->machines[i]), socket) == 0)
			return &host->engine_peers[i];
	(void)fprintf(stderr, "lane_new(): no machine has the socket %s\n", socket);
	abort();
}

int lane_new(struct loop *loop, const struct lane_options *options, struct lane **ret,
	     struct err *err)
{
	struct lane *lane = xcalloc(1, sizeof(*lane));

	(void)err;
	lane->host = seam_host_of(loop);
	lane->peer = find_peer(lane->host, options->unix_socket);
	lane->max_in_flight = options->max_in_flight;
	*ret = lane;
	return 0;
}

struct lane *lane_free(struct lane *lane)
{
	if (lane && (lane->in_flight > 0 || lane->waiting_count > 0)) {
		(void)fputs("lane_free() with a request left\n", stderr);
		abort();
	}
	free(lane);
	return NULL;
}

static void start(struct lane *lane, struct http_request *request);

static void start_next(struct lane *lane)
{
	struct http_request **list = lane->waiting_urgent ? &lane->waiting_urgent : &lane->waiting;
	struct http_request *request = *list;

	if (!request || (lane->max_in_flight > 0 && lane->in_flight >= lane->max_in_flight))
		return;
	DL_DELETE(*list, request);
	lane->waiting_count--;
	start(lane, request);
}

static void on_finished(struct trip *trip, void *arg)
{
	struct lane *lane = arg;
	struct host *host = lane->host;
	struct http_request *request = wire_request(trip);

	seam_enter(host);
	request->lane = NULL;
	request->exchange = NULL;
	lane->in_flight--;
	start_next(lane);
	request->done(request, request->arg);
	seam_leave(host);
}

static void start(struct lane *lane, struct http_request *request)
{
	lane->in_flight++;
	request->exchange =
		wire_send(lane->host->wire, lane->peer, lane->host, request, on_finished, lane);
}

void lane_submit(struct lane *lane, struct http_request *request)
{
	request->lane = lane;
	request->exchange = NULL;
	buf_done_wipe(&request->reply);
	buf_done(&request->reply_headers);
	buf_init(&request->reply, 0);
	buf_init(&request->reply_headers, 0);
	request->status = 0;
	request->problem[0] = '\0';
	if (request->urgent)
		DL_APPEND(lane->waiting_urgent, request);
	else
		DL_APPEND(lane->waiting, request);
	lane->waiting_count++;
	start_next(lane);
}

void lane_cancel(struct http_request *request)
{
	struct lane *lane = request->lane;

	if (!lane)
		return;
	request->lane = NULL;
	if (request->exchange) {
		lane->in_flight--;
		wire_abandon(request->exchange);
		request->exchange = NULL;
		start_next(lane);
	} else {
		lane->waiting_count--;
		if (request->urgent)
			DL_DELETE(lane->waiting_urgent, request);
		else
			DL_DELETE(lane->waiting, request);
	}
}

unsigned lane_in_flight(const struct lane *lane)
{
	return lane->in_flight;
}

unsigned lane_waiting(const struct lane *lane)
{
	return lane->waiting_count;
}
