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

#define REPORTED_MAX	    256 /* beyond that the oldest is forgotten, and reported again */
#define LIST_LATER_MS	    60000u
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

/* A list says of one whose start was cut off that it was only created (Podman 4.3). */
static bool seems_to_run(const struct session *session, const struct container *container)
{
	bool is_listed = container->status == CONTAINER_RUNNING ||
			 (container->status == CONTAINER_CREATED && session->process.pid > 0);

	return is_listed && session_may_run(session);
}

static void compare_one(struct backend *backend, const struct container *container)
{
	struct daemon *daemon = backend->daemon;
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
		    session->started_mono_ms <= backend->listed_from_ms &&
		    !seems_to_run(session, container))
			session_container_changed(session);
		return;
	}
	struct claimant *claimant = daemon_find_claimant(daemon, environment_id);
	if (!claimant)
		report_once(daemon, container, "its environment is not in the configuration");
	else if (daemon->leaving < CLEARING)
		claimant_adopt(claimant, backend, container);
}

struct missing_search {
	const struct backend *backend;
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

	if (session->site->engine != search->backend->engine || !session_is_running(session) ||
	    session->started_mono_ms > search->backend->listed_from_ms)
		return;
	if (search->call->list_count == 0 ||
	    !bsearch(&key, search->call->list, search->call->list_count, sizeof(key), compare_ids))
		session_container_changed(session);
}

static void on_list_again(void *arg)
{
	backend_reconcile(arg);
}

/* Nothing is claimed before what is there is known. */
static void on_list_failed(struct backend *backend, const struct err *err)
{
	unsigned shift = backend->list_failures < 7 ? backend->list_failures : 7;

	(void)log_err(LOG_WARNING, "list_failed", NULL, err);
	if (++backend->list_failures >= DRAIN_LIST_FAILURES && backend->daemon->options->drain &&
	    !backend->is_settled) {
		backend_give_up(backend);
		return;
	}
	/* Others need not wait for it. */
	backend->is_missing = !backend->is_settled;
	timer_arm(&backend->list_timer, backend->daemon->loop, LIST_AGAIN_MS << shift,
		  on_list_again, backend);
	daemon_changed(backend->daemon);
}

static void be_settled(struct backend *backend)
{
	struct daemon *daemon = backend->daemon;

	if (backend->is_settled)
		return;
	backend->is_settled = true;
	for (size_t i = 0; i < daemon->claimant_count; i++)
		if (claimant_backend(daemon->claimants[i]) == backend)
			claimant_start(daemon->claimants[i]);
}

static void on_listed(struct engine_call *call, void *arg)
{
	struct backend *backend = arg;

	backend->is_listing = false;
	if (call->outcome != ENGINE_OK) {
		on_list_failed(backend, &call->err);
		return;
	}
	backend->list_failures = 0;
	if (call->list_count > 0)
		qsort(call->list, call->list_count, sizeof(*call->list), compare_ids);
	struct missing_search search = {backend, call};
	if (backend->is_settled)
		table_each(&backend->daemon->table, look_for_missing, &search);
	for (size_t i = 0; i < call->list_count; i++)
		compare_one(backend, &call->list[i]);
	if (backend->list_again) {
		backend->list_again = false;
		backend_reconcile(backend);
	}
	be_settled(backend);
	daemon_changed(backend->daemon);
}

void backend_reconcile_later(struct backend *backend)
{
	if (!backend->list_timer.source)
		timer_arm(&backend->list_timer, backend->daemon->loop, LIST_LATER_MS, on_list_again,
			  backend);
}

void backend_reconcile(struct backend *backend)
{
	if (backend->is_listing) {
		backend->list_again = true;
		return;
	}
	timer_cancel(&backend->list_timer);
	backend->is_listing = true;
	backend->listed_from_ms = loop_now_ms(backend->daemon->loop);
	engine_call_done(&backend->list_call);
	engine_call_init(&backend->list_call, on_listed, backend);
	engine_list(backend->engine, &backend->list_call);
}

void daemon_forget_reported(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->reported_count; i++)
		free(daemon->reported[i]);
	free(daemon->reported);
}
