/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include "events.h"
#include "podman.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct container *target_container(struct request *request)
{
	struct container *container = container_find(request->engine, request->target);

	if (!container && request->engine->options.podman)
		podman_error(request, 404, "no such container",
			     "no container with name or ID \"%s\" found", request->target);
	else if (!container)
		reply_error(request, 404, "No such container: %s", request->target);
	return container;
}

int signal_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = {{"KILL", SIGKILL}, {"TERM", SIGTERM}, {"INT", SIGINT},
		       {"QUIT", SIGQUIT}, {"HUP", SIGHUP},   {"USR1", SIGUSR1},
		       {"USR2", SIGUSR2}, {"STOP", SIGSTOP}, {"CONT", SIGCONT}};
	int number = atoi(name);

	if (number > 0 && number < 65)
		return number;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (strcasecmp(signals[i].name, name) == 0)
			return signals[i].number;
	}
	return 0;
}

/* Podman's event of a kill does not name the signal. */
void send_signal(struct container *container, int signal)
{
	char number[8];

	snprintf(number, sizeof(number), "%d", signal);
	event_emit(container, "kill", container->engine->options.podman ? NULL : "signal", number);
	container_signal(container, signal);
}

struct end_reply {
	struct waiter waiter;
	struct request *request;
	struct json_object *json;
};

static void on_end(struct waiter *waiter)
{
	struct end_reply *reply = waiter->arg;

	if (reply->json)
		reply_json(reply->request, 200, reply->json);
	else
		reply_empty(reply->request, 204);
	request_release(reply->request);
	free(reply);
}

static void on_end_abandoned(struct request *request, void *arg)
{
	struct end_reply *reply = arg;

	(void)request;
	waiter_cancel(&reply->waiter);
	json_object_put(reply->json);
	free(reply);
}

void reply_after(struct request *request, struct container *container, bool removal,
		 struct json_object *json)
{
	struct end_reply *reply = xcalloc(1, sizeof(*reply));

	reply->waiter.arg = reply;
	reply->request = request;
	reply->json = json;
	container_wait(container, &reply->waiter, removal, on_end);
	request_hold(request, on_end_abandoned, reply);
}
