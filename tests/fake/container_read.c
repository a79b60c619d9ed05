/* SPDX-License-Identifier: Apache-2.0 */
/* List and inspect: what one can learn of a container. */
#include "filters.h"
#include "handlers.h"
#include "podman.h"
#include "system.h"
#include "target.h"

#include <stdlib.h>
#include <string.h>

static void add_age(struct text *out, struct timespec since)
{
	long long seconds = (long long)(now().tv_sec - since.tv_sec);

	if (seconds < 1)
		text_adds(out, "Less than a second");
	else if (seconds < 120)
		text_addf(out, "%lld second%s", seconds, seconds == 1 ? "" : "s");
	else if (seconds < 7200)
		text_addf(out, "%lld minutes", seconds / 60);
	else
		text_addf(out, "%lld hours", seconds / 3600);
}

static void add_status(struct text *out, const struct container *container)
{
	switch (container->state) {
	case CONTAINER_CREATED:
	case CONTAINER_INITIALIZED:
		text_adds(out, "Created");
		break;
	case CONTAINER_RUNNING:
		text_adds(out, "Up ");
		add_age(out, container->started);
		break;
	case CONTAINER_STOPPED:
	case CONTAINER_EXITED:
		text_addf(out, "Exited (%d) ", container->exit_code);
		add_age(out, container->finished);
		text_adds(out, " ago");
		break;
	case CONTAINER_DEAD:
		text_adds(out, "Dead");
		break;
	}
}

static void refuse_filter(struct request *request, const char *key)
{
	if (request->engine->options.podman)
		reply_error(request, 500, "%s is an invalid filter", key);
	else
		reply_error(request, 400, "Invalid filter '%s'", key);
}

static void refuse_state(struct request *request, const char *state)
{
	if (request->engine->options.podman)
		podman_error(request, 500, "invalid argument", "unknown container state: %s",
			     state);
	else
		reply_error(request, 400, "Invalid filter 'status=%s'", state);
}

/* The filters the fake engine knows; a real one knows more and refuses the rest like this. */
static bool filters_refused(struct request *request, struct json_object *filters)
{
	static const char *const known[] = {"label", "name", "id", "status"};
	static const char *const states[] = {"created", "restarting", "running", "removing",
					     "paused",	"exited",     "dead",	 "stopped"};

	json_object_object_foreach (filters, key, values) {
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found = found || strcmp(known[i], key) == 0;
		if (!found) {
			refuse_filter(request, key);
			return true;
		}
		if (strcmp(key, "status") != 0)
			continue;
		for (size_t i = 0; i < json_object_array_length(values); i++) {
			const char *state =
				json_object_get_string(json_object_array_get_idx(values, i));

			found = false;
			for (size_t j = 0; j < sizeof(states) / sizeof(states[0]); j++)
				found = found || strcmp(states[j], state) == 0;
			if (!found) {
				refuse_state(request, state);
				return true;
			}
		}
	}
	return false;
}

/* Podman's compatible list does not know of "initialized". */
static const char *listed_state(const struct container *container)
{
	return container->state == CONTAINER_INITIALIZED ? "created"
							 : container_state_name(container);
}

static bool is_listed(const struct container *container, struct json_object *filters)
{
	return filters_match_labels(filters, container->labels) &&
	       filters_match_name(filters, container->name, !container->engine->options.podman) &&
	       filters_match_prefix(filters, "id", container->id) &&
	       filters_match(filters, "status", listed_state(container));
}

/* Docker lists the newest first, Podman the oldest. */
static const struct container *first_listed(const struct engine *engine)
{
	if (!engine->containers || engine->options.podman)
		return engine->containers;
	return ELMT_FROM_HH(engine->containers->by_id.tbl, engine->containers->by_id.tbl->tail);
}

static const struct container *next_listed(const struct container *container)
{
	return container->engine->options.podman ? container->by_id.next : container->by_id.prev;
}

/* A status filter implies all=1. */
void handle_list(struct request *request)
{
	struct engine *engine = request->engine;
	struct json_object *filters;
	const struct container *container;
	struct text list = {0};
	bool all;

	if (!filters_parse(request, &filters))
		return;
	if (filters_refused(request, filters)) {
		json_object_put(filters);
		return;
	}
	all = request_flag(request, "all") || json_has(filters, "status");
	text_adds(&list, "[");
	for (container = first_listed(engine); container; container = next_listed(container)) {
		if ((!all && container->state != CONTAINER_RUNNING) ||
		    !is_listed(container, filters))
			continue;
		text_addf(&list, "%s{%s,\"State\":\"%s\",\"Status\":\"", list.len > 1 ? "," : "",
			  container->list_text, listed_state(container));
		add_status(&list, container);
		text_adds(&list, "\"}");
	}
	text_adds(&list, "]\n");
	json_object_put(filters);
	reply_text(request, 200, "application/json", &list);
}

static const char *truth(bool b)
{
	return b ? "true" : "false";
}

static void add_state(struct text *out, const struct container *container)
{
	bool running = container->state == CONTAINER_RUNNING;
	char started[40], finished[40];

	time_text(container->started, started);
	time_text(container->finished, finished);
	text_addf(out,
		  "{\"Status\":\"%s\",\"Running\":%s,\"Paused\":false,\"Restarting\":false,"
		  "\"OOMKilled\":%s,\"Dead\":%s,\"Pid\":%d,\"ExitCode\":%d,\"Error\":",
		  container_state_name(container), truth(running), truth(container->oom_killed),
		  truth(container->state == CONTAINER_DEAD),
		  running ? (int)container->shown_pid : 0, container->exit_code);
	text_add_json(out, container->error ? container->error : "");
	text_addf(out, ",\"StartedAt\":\"%s\",\"FinishedAt\":\"%s\"}", started, finished);
}

/* What was asked for, whether the host has it or not (Docker 20.10). */
static void add_profile(struct text *out, const struct engine *engine,
			const struct container *container)
{
	const char *asked = strstr(container->host_config_text, "\"apparmor=");
	char profile[64] = "";

	if (system_has_apparmor(engine) &&
	    (!asked || sscanf(asked, "\"apparmor=%63[^\"]", profile) != 1))
		(void)snprintf(profile, sizeof(profile), "docker-default");
	text_add_json(out, profile);
}

void handle_inspect(struct request *request)
{
	struct container *container = target_container(request);
	struct text out = {0};
	char created[40];

	if (!container)
		return;
	time_text(container->created, created);
	text_addf(&out, "{\"Id\":\"%s\",\"Created\":\"%s\",\"Path\":", container->id, created);
	text_add_json(&out, container->entry);
	text_addf(&out, ",\"Args\":%s,\"State\":", json_line(container->args));
	add_state(&out, container);
	text_addf(&out,
		  ",\"Image\":\"%s\",\"Name\":\"/%s\",\"RestartCount\":0,\"Driver\":\"overlay2\","
		  "\"Platform\":\"linux\",\"MountLabel\":\"\",\"ProcessLabel\":\"\","
		  "\"AppArmorProfile\":",
		  container->image_id, container->name);
	add_profile(&out, request->engine, container);
	text_addf(&out,
		  ",\"ExecIDs\":null,\"HostConfig\":%s,"
		  "\"GraphDriver\":{\"Data\":{},\"Name\":\"overlay2\"},\"Mounts\":%s,"
		  "\"Config\":%s,\"NetworkSettings\":{\"Ports\":{},\"Networks\":{}}}\n",
		  container->host_config_text, container->mounts_text, container->config_text);
	(void)container_still_removing(container);
	reply_text(request, 200, "application/json", &out);
}
