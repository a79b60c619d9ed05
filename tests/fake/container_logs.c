/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output of a container: a line on each stream once it ran, and whatever a test lets it say,
 * each time in a frame of its own. Followers get it as it comes, until the container ends.
 */
#include "containers.h"
#include "control_containers.h"
#include "handlers.h"
#include "target.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { STDOUT = 1, STDERR = 2 };

struct log_frame {
	unsigned char stream;
	char *data;
	size_t len;
	struct log_frame *next;
};

struct log_follower {
	struct waiter waiter;
	struct stream *stream;
	struct container *container; /* NULL: it has ended */
	bool out, err;
	struct log_follower *prev, *next;
};

/* Stream number, three zeros, length in network order. */
static void add_frame(struct text *out, unsigned char stream, const char *data, size_t len)
{
	unsigned char header[8] = {stream,
				   0,
				   0,
				   0,
				   (unsigned char)(len >> 24),
				   (unsigned char)(len >> 16),
				   (unsigned char)(len >> 8),
				   (unsigned char)len};

	text_add(out, header, sizeof(header));
	text_add(out, data, len);
}

static bool is_wanted(unsigned char stream, bool out, bool err)
{
	return stream == STDOUT ? out : err;
}

static void keep(struct container *container, unsigned char stream, const char *data, size_t len)
{
	struct log_frame *frame = xcalloc(1, sizeof(*frame));

	frame->stream = stream;
	frame->data = xcalloc(1, len + 1);
	memcpy(frame->data, data, len);
	frame->len = len;
	LL_APPEND(container->log, frame);
}

/* Neither engine keeps output of what never ran; each container says two lines when it does. */
static void begin_log(struct container *container)
{
	if (container->log || (container->engine->options.podman && container->started.tv_sec == 0))
		return;
	keep(container, STDOUT, "a line on stdout\n", strlen("a line on stdout\n"));
	keep(container, STDERR, "a line on stderr\n", strlen("a line on stderr\n"));
}

void container_say(struct container *container, bool is_error, const char *data, size_t len)
{
	unsigned char stream = is_error ? STDERR : STDOUT;
	struct log_follower *follower;
	struct text frame = {0};

	begin_log(container);
	keep(container, stream, data, len);
	add_frame(&frame, stream, data, len);
	DL_FOREACH(container->followers, follower)
	{
		if (is_wanted(stream, follower->out, follower->err))
			stream_add(follower->stream, frame.data, frame.len);
	}
	text_done(&frame);
}

void container_forget_log(struct container *container)
{
	struct log_frame *frame, *next;

	LL_FOREACH_SAFE(container->log, frame, next)
	{
		free(frame->data);
		free(frame);
	}
	container->log = NULL;
}

void control_say(struct request *request)
{
	struct container *container = container_find(request->engine, request->target);

	if (container)
		container_say(container, request_flag(request, "stderr"), request->body.data,
			      request->body.len);
	reply_empty(request, container ? 204 : 404);
}

/* --- reading it ------------------------------------------------------------------------------- */

static void unfollow(struct log_follower *follower)
{
	if (follower->container)
		DL_DELETE(follower->container->followers, follower);
	follower->container = NULL;
}

static void on_log_end(struct waiter *waiter)
{
	struct log_follower *follower = waiter->arg;

	waiter->container = NULL;
	unfollow(follower);
	stream_end(follower->stream);
}

static void on_log_released(struct stream *stream, void *arg)
{
	struct log_follower *follower = arg;

	(void)stream;
	unfollow(follower);
	waiter_cancel(&follower->waiter);
	free(follower);
}

/* The frames of the streams asked for, the last `tail` of them. */
static void add_logs(struct text *frames, const struct container *container, bool out, bool err,
		     const char *tail)
{
	const struct log_frame *frame;
	long skip = 0;

	LL_FOREACH(container->log, frame)
	skip += is_wanted(frame->stream, out, err);
	skip = tail && *tail >= '0' && *tail <= '9' ? skip - atol(tail) : 0;
	LL_FOREACH(container->log, frame)
	{
		if (is_wanted(frame->stream, out, err) && skip-- <= 0)
			add_frame(frames, frame->stream, frame->data, frame->len);
	}
}

static void follow(struct container *container, struct log_follower *follower)
{
	follower->container = container;
	DL_APPEND(container->followers, follower);
	container_wait(container, &follower->waiter, false, on_log_end);
}

static bool refused(struct request *request, bool out, bool err)
{
	if (out || err)
		return false;
	if (request->engine->options.podman)
		reply_error(request, 400, "Bad Request: you must choose at least one stream for %s",
			    request->uri);
	else
		reply_error(request, 400, "Bad parameters: you must choose at least one stream");
	return true;
}

/* Podman names the type only where it shows any output. */
void handle_logs(struct request *request)
{
	bool out = request_flag(request, "stdout"), err = request_flag(request, "stderr");
	struct container *container;
	struct log_follower *follower;
	struct text frames = {0};

	if (refused(request, out, err))
		return;
	container = target_container(request);
	if (!container)
		return;
	begin_log(container);
	add_logs(&frames, container, out, err, request_arg(request, "tail"));
	bool names_type = request->engine->options.podman && frames.len > 0;
	follower = xcalloc(1, sizeof(*follower));
	follower->stream = stream_new(request->engine->loop, on_log_released, follower);
	follower->waiter.arg = follower;
	follower->out = out;
	follower->err = err;
	stream_add(follower->stream, frames.data, frames.len);
	text_done(&frames);
	if (request_flag(request, "follow") && container->state == CONTAINER_RUNNING)
		follow(container, follower);
	else
		stream_end(follower->stream);
	reply_stream(request, names_type ? "application/octet-stream" : NULL, follower->stream);
}
