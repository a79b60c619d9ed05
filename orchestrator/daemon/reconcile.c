/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine is the database: after a start, after each gap in the event stream and once in a while
 * its list of containers is compared with the table. Ours is what carries our labels, our instance
 * and the name that matches its work id; anything else that carries our instance's label is
 * reported once and never touched.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/state.h"

#include <string.h>

#define REPORTED_MAX	    256	 /* beyond that the oldest is forgotten, and reported again */
#define LIST_AGAIN_MS	    200u /* doubles with each failure in a row, up to 25.6 s */
#define DRAIN_LIST_FAILURES 6	 /* in a row, before a drain that has not begun gives up */

static void report_once(struct daemon *daemon, const struct container *container, const char *why)
{
	for (size_t i = 0; i < daemon->reported_count; i++)
		if (strcmp(daemon->reported[i], container->id) == 0)
			return;
	if (daemon->reported_count == REPORTED_MAX) {
		free(daemon->reported[0]);
		memmove(&daemon->reported[0], &daemon->reported[1],
			--daemon->reported_count * sizeof(char *));
	}
	daemon->reported =
		xreallocarray(daemon->reported, daemon->reported_count + 1, sizeof(char *));
	daemon->reported[daemon->reported_count++] = xstrdup(container->id);
	log_event(LOG_WARNING, "foreign", &(struct log_ids){.container = container->id},
		  (struct log_field[]){{"name", container->name}, {NULL}}, "not touched: %s", why);
}

static struct claimant *find_claimant(const struct daemon *daemon, const char *environment_id)
{
	for (size_t i = 0; environment_id && i < daemon->claimant_count; i++)
		if (strcmp(daemon->claimants[i]->config->id, environment_id) == 0)
			return daemon->claimants[i];
	return NULL;
}

/* A list says of one whose start was cut off that it was only created (Podman 4.3). */
static bool seems_to_run(const struct session *session, const struct container *container)
{
	bool is_listed = container->status == CONTAINER_RUNNING ||
			 (container->status == CONTAINER_CREATED && session->process.pid > 0);

	return is_listed && session_may_run(session);
}

static void compare_one(struct daemon *daemon, const struct container *container)
{
	const char *environment_id = container_label(container, "berth.environment");
	const char *work_id = container_label(container, "berth.work");

	if (!container_is_ours(container, daemon->fleet->instance)) {
		report_once(daemon, container, "our labels, but not a name that we gave");
		return;
	}
	struct session *session = table_find(&daemon->table, work_id);
	if (session) {
		bool is_same = strcmp(session->container_id, container->id) == 0;
		if (is_same && session_is_running(session) &&
		    session->started_mono_ms <= daemon->listed_from_ms &&
		    !seems_to_run(session, container))
			session_container_changed(session);
		return;
	}
	struct claimant *claimant = find_claimant(daemon, environment_id);
	if (!claimant)
		report_once(daemon, container, "its environment is not in the configuration");
	else if (daemon->leaving < CLEARING)
		claimant_adopt(claimant, container);
}

struct missing_search {
	const struct daemon *daemon;
	const struct engine_call *call;
};

static int compare_ids(const void *a, const void *b)
{
	return strcmp(((const struct container *)a)->id, ((const struct container *)b)->id);
}

static void look_for_missing(struct session *session, void *arg)
{
	const struct missing_search *search = arg;
	struct container key = {.id = session->container_id};

	if (!session_is_running(session) ||
	    session->started_mono_ms > search->daemon->listed_from_ms)
		return;
	if (search->call->list_count == 0 ||
	    !bsearch(&key, search->call->list, search->call->list_count, sizeof(key), compare_ids))
		session_container_changed(session);
}

static void on_list_again(void *arg)
{
	daemon_reconcile(arg);
}

/* Nothing is claimed before what is there is known. */
static void on_list_failed(struct daemon *daemon, const struct err *err)
{
	unsigned shift = daemon->list_failures < 7 ? daemon->list_failures : 7;

	(void)log_err(LOG_WARNING, "list_failed", NULL, err);
	if (++daemon->list_failures >= DRAIN_LIST_FAILURES && daemon->options->drain &&
	    !daemon->is_settled) {
		daemon_add_verdict(daemon, VERDICT_NO_ENGINE);
		loop_stop(daemon->loop);
		return;
	}
	timer_arm(&daemon->list_timer, daemon->loop, LIST_AGAIN_MS << shift, on_list_again, daemon);
}

static void on_listed(struct engine_call *call, void *arg)
{
	struct daemon *daemon = arg;

	daemon->is_listing = false;
	if (call->outcome != ENGINE_OK) {
		on_list_failed(daemon, &call->err);
		return;
	}
	daemon->list_failures = 0;
	if (call->list_count > 0)
		qsort(call->list, call->list_count, sizeof(*call->list), compare_ids);
	struct missing_search search = {daemon, call};
	if (daemon->is_settled)
		table_each(&daemon->table, look_for_missing, &search);
	for (size_t i = 0; i < call->list_count; i++)
		compare_one(daemon, &call->list[i]);
	if (daemon->list_again) {
		daemon->list_again = false;
		daemon_reconcile(daemon);
	}
	if (!daemon->is_settled) {
		daemon->is_settled = true;
		for (size_t i = 0; i < daemon->claimant_count; i++)
			claimant_start(daemon->claimants[i]);
		service_ready(&daemon->service);
	}
	daemon_changed(daemon);
}

void daemon_reconcile(struct daemon *daemon)
{
	if (daemon->is_listing) {
		daemon->list_again = true;
		return;
	}
	timer_cancel(&daemon->list_timer);
	daemon->is_listing = true;
	daemon->listed_from_ms = loop_now_ms(daemon->loop);
	engine_call_done(&daemon->list_call);
	engine_call_init(&daemon->list_call, on_listed, daemon);
	engine_list(daemon->engine, &daemon->list_call);
}

void daemon_reconcile_done(struct daemon *daemon)
{
	timer_cancel(&daemon->list_timer);
	engine_call_done(&daemon->list_call);
	for (size_t i = 0; i < daemon->reported_count; i++)
		free(daemon->reported[i]);
	free(daemon->reported);
}
