/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/backend.h"

#include "base/cleanup.h"
#include "config/discover.h"
#include "daemon/state.h"

#include <string.h>

#define PATIENCE_MS 60000u /* of a drain whose engine went away */

/* --- what it is asked for --------------------------------------------------------------------- */

static bool is_of(const struct environment *environment, const struct engine_settings *settings)
{
	return environment->engine == settings;
}

static int64_t start_timeout_ms(const struct fleet *fleet, const struct engine_settings *settings)
{
	int64_t longest = 0;

	for (size_t i = 0; i < fleet->environment_count; i++) {
		const struct environment *environment = &fleet->environments[i];
		if (is_of(environment, settings) && environment->timeouts.start_ms > longest)
			longest = environment->timeouts.start_ms;
	}
	return longest;
}

static bool needs_bridge(const struct fleet *fleet, const struct engine_settings *settings)
{
	for (size_t i = 0; i < fleet->environment_count; i++)
		if (is_of(&fleet->environments[i], settings) &&
		    fleet->environments[i].policy->network == NETWORK_UNRESTRICTED)
			return true;
	return false;
}

static struct engine_options options_for(const struct fleet *fleet,
					 const struct engine_settings *settings)
{
	return (struct engine_options){
		.socket = settings->socket,
		.instance = fleet->instance,
		.launches = (unsigned)settings->launches,
		.start_timeout_ms = start_timeout_ms(fleet, settings),
		.pull_timeout_ms = settings->pull_timeout_ms,
		.registry_config = settings->registry_config,
		.needs_bridge = needs_bridge(fleet, settings),
	};
}

/* --- what it tells ---------------------------------------------------------------------------- */

static void each_claimant(struct backend *backend, void (*fn)(struct claimant *claimant))
{
	struct daemon *daemon = backend->daemon;

	for (size_t i = 0; i < daemon->claimant_count; i++)
		if (claimant_backend(daemon->claimants[i]) == backend)
			fn(daemon->claimants[i]);
}

void backend_stop_claims(struct backend *backend)
{
	each_claimant(backend, claimant_stop);
}

void backend_give_up(struct backend *backend)
{
	struct daemon *daemon = backend->daemon;

	if (backend->is_given_up)
		return;
	backend->is_given_up = true;
	daemon_add_verdict(daemon, VERDICT_NO_ENGINE);
	backend_stop_claims(backend);
	daemon_changed(daemon);
}

static bool is_pending(const struct backend *backend)
{
	return !backend->is_retired && !backend->is_settled && !backend->is_missing &&
	       !backend->is_given_up;
}

bool backends_are_being_counted(const struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->backend_count; i++)
		if (is_pending(daemon->backends[i]))
			return true;
	return false;
}

bool backends_review(struct daemon *daemon)
{
	bool is_one_settled = false, is_one_pending = false, is_one_expected = false;

	for (size_t i = 0; i < daemon->backend_count; i++) {
		const struct backend *backend = daemon->backends[i];
		if (backend->is_retired)
			continue;
		is_one_settled |= backend->is_settled;
		is_one_pending |= is_pending(backend);
		is_one_expected |=
			!backend->is_given_up && (daemon->had_engine || !backend->is_missing);
	}
	if (!is_one_expected) {
		daemon_add_verdict(daemon, VERDICT_NO_ENGINE);
		if (!leaving_settles(daemon))
			loop_stop(daemon->loop);
	} else if (is_one_settled && !is_one_pending) {
		service_ready(&daemon->service);
	}
	return is_one_expected;
}

bool backends_are_settled(const struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->backend_count; i++)
		if (!daemon->backends[i]->is_settled && !daemon->backends[i]->is_given_up)
			return false;
	return true;
}

static void on_patience_over(void *arg)
{
	struct backend *backend = arg;

	if (!engine_is_healthy(backend->engine))
		backend_give_up(backend);
}

static void be_healthy(struct backend *backend)
{
	struct daemon *daemon = backend->daemon;

	backend->was_healthy = daemon->had_engine = true;
	backend->is_missing = false;
	timer_cancel(&backend->patience_timer);
	log_event(LOG_INFO, "engine", NULL,
		  (struct log_field[]){{"socket", backend->socket},
				       {"chosen_by", backend->socket_reason},
				       {"engine", engine_description(backend->engine)},
				       {"name", backend->name},
				       {NULL}},
		  NULL);
	if (backend->is_settled)
		each_claimant(backend, claimant_start);
	daemon_changed(daemon);
}

static void on_health(struct engine *engine, bool healthy, const struct err *err, void *arg)
{
	struct backend *backend = arg;
	struct daemon *daemon = backend->daemon;

	(void)engine;
	if (healthy) {
		be_healthy(backend);
		return;
	}
	_cleanup_free_ char *hint = discover_session_hint("", backend->socket);
	log_event(LOG_ERROR, "engine", NULL,
		  (struct log_field[]){{"socket", backend->socket},
				       {"chosen_by", backend->socket_reason},
				       {"name", backend->name},
				       {NULL}},
		  "%s%s%s", err->text, hint ? "; " : "", hint ? hint : "");
	backend->is_missing = !backend->was_healthy;
	if (err->kind == ERR_REFUSED || (daemon->options->drain && backend->is_missing)) {
		backend_give_up(backend);
	} else if (daemon->options->drain) {
		timer_arm(&backend->patience_timer, daemon->loop, PATIENCE_MS, on_patience_over,
			  backend);
	}
	daemon_changed(daemon);
}

static void on_event(struct engine *engine, const char *container_id, const char *action, void *arg)
{
	struct backend *backend = arg;
	struct session *session = table_find_container(&backend->daemon->table, container_id);

	(void)engine;
	if (session && (strcmp(action, "die") == 0 || strcmp(action, "destroy") == 0))
		session_container_changed(session);
}

static void on_resync(struct engine *engine, void *arg)
{
	(void)engine;
	backend_reconcile(arg);
}

/* --- life ------------------------------------------------------------------------------------- */

static void set_names(struct backend *backend, const struct engine_settings *settings)
{
	free(backend->name);
	free(backend->socket_reason);
	backend->name = xstrdup_or_null(settings->name);
	backend->socket_reason = xstrdup_or_null(settings->socket_reason);
	backend->launches = settings->launches;
	backend->is_discovered = settings->is_discovered;
}

int backend_new(struct daemon *daemon, const struct fleet *fleet,
		const struct engine_settings *settings, struct backend **ret, struct err *err)
{
	struct backend *backend = xcalloc(1, sizeof(*backend));
	const struct engine_options options = options_for(fleet, settings);
	const struct engine_owner owner = {
		.health = on_health,
		.event = on_event,
		.resync = on_resync,
		.arg = backend,
	};

	backend->daemon = daemon;
	backend->socket = xstrdup(settings->socket);
	set_names(backend, settings);
	int r = engine_new(daemon->loop, &options, &owner, &backend->engine, err);
	if (r < 0) {
		(void)backend_free(backend);
		return r;
	}
	*ret = backend;
	return 0;
}

void backend_reconfigure(struct backend *backend, const struct fleet *fleet,
			 const struct engine_settings *settings)
{
	const struct engine_options options = options_for(fleet, settings);

	set_names(backend, settings);
	backend->is_retired = backend->is_given_up = false;
	engine_reconfigure(backend->engine, &options);
}

struct backend *backend_free(struct backend *backend)
{
	if (!backend)
		return NULL;
	timer_cancel(&backend->list_timer);
	timer_cancel(&backend->patience_timer);
	engine_call_done(&backend->list_call);
	engine_call_done(&backend->clear_call);
	(void)engine_free(backend->engine);
	free(backend->name);
	free(backend->socket);
	free(backend->socket_reason);
	free(backend);
	return NULL;
}

bool backend_is_ready(const struct backend *backend)
{
	return backend->is_settled && !backend->is_given_up && engine_is_healthy(backend->engine);
}
