/* SPDX-License-Identifier: Apache-2.0 */
/* Start, kill, stop, wait, archive and remove: what one can do to a container. */
#include "events.h"
#include "handlers.h"
#include "networks.h"
#include "target.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void set_error(struct container *container, int exit_code, char *error)
{
	free(container->error);
	container->error = error;
	container->exit_code = exit_code;
}

static bool network_missing(const struct container *container)
{
	static const char *const always[] = {"default", "bridge", "host", "none"};

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		if (strcmp(always[i], container->network) == 0)
			return false;
	}
	return strncmp(container->network, "container:", 10) != 0 &&
	       !network_find(container->engine, container->network);
}

/* A failed start leaves the container Created, with the reason in its state (20.10.24). */
void handle_start(struct request *request)
{
	struct container *container = target_container(request);

	if (!container)
		return;
	if (container->removing) {
		reply_error(request, 409, "container is marked for removal and cannot be started");
		(void)container_still_removing(container);
	} else if (container->state == CONTAINER_RUNNING) {
		reply_empty(request, 304);
	} else if (network_missing(container)) {
		set_error(container, 128, xasprintf("network %s not found", container->network));
		reply_error(request, 404, "%s", container->error);
	} else if (!container_start(container)) {
		container->exit_code = 127;
		reply_error(request, 400, "failed to create shim task: %s", container->error);
	} else {
		reply_empty(request, 204);
	}
}

/* With a worker Docker's SIGKILL waits for the exit; other signals are answered at once. */
void handle_kill(struct request *request)
{
	const char *name = request_arg(request, "signal");
	int signal = signal_number(name && *name ? name : "KILL");
	struct container *container = target_container(request);

	if (!container)
		return;
	if (signal == 0) {
		reply_error(request, 400, "Invalid signal: %s", name);
	} else if (container->state != CONTAINER_RUNNING) {
		reply_error(request, 409, "Cannot kill container: %s: Container %s is not running",
			    request->target, container->id);
	} else if (signal == SIGKILL) {
		reply_after(request, container, false, NULL);
		send_signal(container, signal);
	} else {
		reply_empty(request, 204);
		send_signal(container, signal);
	}
}

static void on_stop_timeout(void *arg)
{
	send_signal(arg, SIGKILL);
}

void handle_stop(struct request *request)
{
	const char *grace = request_arg(request, "t");
	struct container *container = target_container(request);
	int64_t grace_s;

	if (!container)
		return;
	if (container->state != CONTAINER_RUNNING) {
		reply_empty(request, 304);
		return;
	}
	grace_s = grace ? atoll(grace) : container->stop_timeout;
	reply_after(request, container, false, NULL);
	if (grace_s >= 0)
		timer_start(request->engine->loop, &container->stop_timer, grace_s * 1000,
			    on_stop_timeout, container);
	send_signal(container, SIGTERM);
}

struct exit_watcher {
	struct waiter waiter;
	struct stream *stream;
};

static void send_exit(struct stream *stream, int exit_code)
{
	struct text line = {0};

	text_addf(&line, "{\"Error\":null,\"StatusCode\":%d}\n", exit_code);
	stream_add(stream, line.data, line.len);
	stream_end(stream);
	text_done(&line);
}

static void on_exit_seen(struct waiter *waiter)
{
	struct exit_watcher *watcher = waiter->arg;

	send_exit(watcher->stream, waiter->container->exit_code);
	waiter->container = NULL;
}

static void on_watcher_released(struct stream *stream, void *arg)
{
	struct exit_watcher *watcher = arg;

	(void)stream;
	waiter_cancel(&watcher->waiter);
	free(watcher);
}

/* The headers leave at once, the body at the exit. Unknown conditions count as not-running. */
void handle_wait(struct request *request)
{
	const char *condition = request_arg(request, "condition");
	struct container *container = target_container(request);
	struct exit_watcher *watcher;
	bool removed, next_exit;

	if (!container)
		return;
	removed = condition && strcmp(condition, "removed") == 0;
	next_exit = condition && strcmp(condition, "next-exit") == 0;
	watcher = xcalloc(1, sizeof(*watcher));
	watcher->waiter.arg = watcher;
	watcher->stream = stream_new(request->engine->loop, on_watcher_released, watcher);
	if (removed || next_exit || container->state == CONTAINER_RUNNING)
		container_wait(container, &watcher->waiter, removed, on_exit_seen);
	else
		send_exit(watcher->stream, container->exit_code);
	reply_stream(request, "application/json", watcher->stream);
}

/* The archive is read and not unpacked; there is no file system to unpack it into. */
void handle_archive(struct request *request)
{
	const char *path = request_arg(request, "path");

	if (!path || !*path)
		reply_error(request, 400, "bad parameter: pathcannot be empty");
	else if (target_container(request))
		reply_empty(request, 200);
}

void handle_remove(struct request *request)
{
	struct container *container = target_container(request);

	if (!container)
		return;
	if (container->removing) {
		reply_error(request, 409, "removal of container %s is already in progress",
			    request->target);
		(void)container_still_removing(container);
		return;
	}
	if (container->state == CONTAINER_RUNNING && !request_flag(request, "force")) {
		reply_error(request, 409,
			    "You cannot remove a running container %s. Stop the container before "
			    "attempting removal or force remove",
			    container->id);
		return;
	}
	container->remove_volumes = request_flag(request, "v");
	if (container->state == CONTAINER_RUNNING) {
		container->remove_on_exit = true;
		reply_after(request, container, true, NULL);
		send_signal(container, SIGKILL);
	} else {
		container_remove(container);
		reply_empty(request, 204);
	}
}
