/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGHUP: the configuration is read and checked as at the start, and either all of it takes effect
 * or none. What is new is made first, since that can fail; then the old is replaced. Sessions that
 * run keep the configuration they were started with.
 */
#include "base/cleanup.h"
#include "daemon/state.h"
#include "queue/budget.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAMES_MAX ((size_t)4 << 10) /* of the environments in a line of the log */

/* What the new configuration leads to, by its indexes; not yet in effect. */
struct next {
	struct fleet *fleet;
	struct backend **backends;
	struct claimant **claimants;
	size_t added, removed; /* environments */
	struct buf added_names, removed_names;
};

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* What the process is bound to since its start. */
static int check_fixed(const struct fleet *now, const struct fleet *next, struct err *err)
{
	const struct {
		const char *key;
		bool is_same;
	} rows[] = {
		{"instance", is_same(now->instance, next->instance)},
		{"state_dir", is_same(now->state_dir, next->state_dir)},
		{"ca_file", is_same(now->ca_file, next->ca_file)},
		{"allow_http", now->allow_http == next->allow_http},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].is_same)
			return err_set(err, ERR_REFUSED, -EBUSY,
				       "%s: cannot change while berth runs: restart it (running "
				       "sessions stay)",
				       rows[i].key);
	}
	for (size_t i = 0; i < next->engine_count; i++) {
		if (!next->engines[i].socket)
			return err_set(err, ERR_REFUSED, -ENOENT, "engine: %s",
				       next->engines[i].socket_reason);
	}
	return 0;
}

/* --- the new ---------------------------------------------------------------------------------- */

static struct backend *find_backend(const struct daemon *daemon,
				    const struct engine_settings *settings)
{
	for (size_t i = 0; i < daemon->backend_count; i++) {
		struct backend *backend = daemon->backends[i];
		/* One that nobody named is not exchanged for another that happens to be found. */
		if (strcmp(backend->socket, settings->socket) == 0 ||
		    (settings->is_discovered && backend->is_discovered && !backend->is_retired))
			return backend;
	}
	return NULL;
}

static int make_backends(struct daemon *daemon, struct next *next, struct err *err)
{
	const struct fleet *fleet = next->fleet;

	for (size_t i = 0; i < fleet->engine_count; i++) {
		const struct engine_settings *settings = &fleet->engines[i];
		struct backend *backend = find_backend(daemon, settings);
		int r = backend ? 0 : backend_new(daemon, fleet, settings, &backend, err);
		if (r < 0)
			return r;
		next->backends[i] = backend;
	}
	return 0;
}

static struct backend *backend_for(const struct next *next, const struct environment *config)
{
	return next->backends[config->engine - next->fleet->engines];
}

static int make_claimants(struct daemon *daemon, struct next *next, struct err *err)
{
	struct fleet *fleet = next->fleet;

	for (size_t i = 0; i < fleet->environment_count; i++) {
		const struct environment *config = &fleet->environments[i];
		if (daemon_find_claimant(daemon, config->id))
			continue;
		int r = claimant_new(&daemon->host, backend_for(next, config), fleet, config,
				     &next->claimants[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_in_use(const struct daemon *daemon, const struct backend *backend)
{
	for (size_t i = 0; i < daemon->backend_count; i++)
		if (daemon->backends[i] == backend)
			return true;
	return false;
}

static void give_back(struct daemon *daemon, struct next *next)
{
	for (size_t i = 0; i < next->fleet->environment_count; i++)
		(void)claimant_free(next->claimants[i]);
	for (size_t i = 0; i < next->fleet->engine_count; i++)
		if (next->backends[i] && !is_in_use(daemon, next->backends[i]))
			(void)backend_free(next->backends[i]);
}

/* --- in effect -------------------------------------------------------------------------------- */

static void take_over_backends(struct daemon *daemon, const struct next *next)
{
	const struct fleet *fleet = next->fleet;

	for (size_t i = 0; i < daemon->backend_count; i++)
		daemon->backends[i]->is_retired = true;
	for (size_t i = 0; i < fleet->engine_count; i++) {
		struct backend *backend = next->backends[i];
		if (is_in_use(daemon, backend)) {
			backend_reconfigure(backend, fleet, &fleet->engines[i]);
			continue;
		}
		daemon->backends = xreallocarray(daemon->backends, daemon->backend_count + 1,
						 sizeof(struct backend *));
		daemon->backends[daemon->backend_count++] = backend;
	}
}

static const struct environment *find_environment(const struct fleet *fleet, const char *id)
{
	for (size_t i = 0; i < fleet->environment_count; i++)
		if (strcmp(fleet->environments[i].id, id) == 0)
			return &fleet->environments[i];
	return NULL;
}

/* Counts, and names as many as there is room for. */
static void note(size_t *count, struct buf *names, const struct environment *config)
{
	(void)!buf_addf(names, "%s%s", names->len > 0 ? "," : "", config->name);
	(*count)++;
}

static void take_over_claimants(struct daemon *daemon, struct next *next)
{
	for (size_t i = 0; i < daemon->claimant_count; i++) {
		struct claimant *claimant = daemon->claimants[i];
		const struct environment *config =
			find_environment(next->fleet, claimant_config(claimant)->id);
		if (config) {
			if (claimant->is_retired)
				note(&next->added, &next->added_names, config);
			claimant_reconfigure(claimant, backend_for(next, config), next->fleet,
					     config);
		} else if (!claimant->is_retired) {
			note(&next->removed, &next->removed_names, claimant_config(claimant));
			claimant_retire(claimant);
		}
	}
	for (size_t i = 0; i < next->fleet->environment_count; i++) {
		struct claimant *claimant = next->claimants[i];
		if (!claimant)
			continue;
		daemon->claimants = xreallocarray(daemon->claimants, daemon->claimant_count + 1,
						  sizeof(struct claimant *));
		daemon->claimants[daemon->claimant_count++] = claimant;
		note(&next->added, &next->added_names, &next->fleet->environments[i]);
		if (backend_is_ready(claimant_backend(claimant)))
			claimant_start(claimant);
	}
}

static const char *names_or_null(const struct buf *names)
{
	return names->len > 0 ? names->data : NULL;
}

static void log_count(const struct next *next)
{
	char counts[3][24];

	(void)snprintf(counts[0], sizeof(counts[0]), "%zu", next->fleet->environment_count);
	(void)snprintf(counts[1], sizeof(counts[1]), "%zu", next->added);
	(void)snprintf(counts[2], sizeof(counts[2]), "%zu", next->removed);
	log_event(LOG_INFO, "reloaded", NULL,
		  (struct log_field[]){{"environments", counts[0]},
				       {"added", counts[1]},
				       {"removed", counts[2]},
				       {"added_names", names_or_null(&next->added_names)},
				       {"removed_names", names_or_null(&next->removed_names)},
				       {NULL}},
		  NULL);
}

static void log_problem(const char *line, void *arg)
{
	(void)arg;
	log_event(LOG_ERROR, "reload_failed", NULL, NULL,
		  "nothing is changed, the configuration before stays in effect: %s", line);
}

static void log_warning(const char *line, void *arg)
{
	(void)arg;
	log_event(LOG_WARNING, "configuration", NULL, NULL, "%s", line);
}

/* Takes `fleet`. */
static void apply(struct daemon *daemon, struct fleet *fleet)
{
	struct next next = {
		.fleet = fleet,
		.backends = xcalloc(fleet->engine_count, sizeof(struct backend *)),
		.claimants = xcalloc(fleet->environment_count, sizeof(struct claimant *)),
	};
	struct err err;

	buf_init(&next.added_names, NAMES_MAX);
	buf_init(&next.removed_names, NAMES_MAX);
	int r = check_fixed(daemon->fleet, fleet, &err);
	if (r == 0)
		r = make_backends(daemon, &next, &err);
	if (r == 0)
		r = make_claimants(daemon, &next, &err);
	if (r < 0) {
		log_problem(err.text, NULL);
		give_back(daemon, &next);
		(void)fleet_free(fleet);
	} else {
		(void)fleet_free(daemon->fleet);
		daemon->fleet = fleet;
		daemon->verdict = 0; /* what went wrong is tried again */
		budget_set_limit(daemon->budget, fleet->host.requests_per_minute);
		problems_each(&fleet->warnings, log_warning, NULL);
		take_over_backends(daemon, &next);
		take_over_claimants(daemon, &next);
		log_count(&next);
		daemon_changed(daemon);
	}
	buf_done(&next.added_names);
	buf_done(&next.removed_names);
	free(next.backends);
	free(next.claimants);
}

static void reread_keys(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->claimant_count; i++)
		(void)claimant_reread_key(daemon->claimants[i]);
	log_event(LOG_INFO, "reloaded", NULL, NULL,
		  "keys were read again; a drain keeps its configuration");
}

void daemon_reload(struct daemon *daemon)
{
	struct problems problems;
	struct fleet *fleet = NULL;

	if (daemon->options->drain || daemon->leaving != STAYING) {
		reread_keys(daemon);
		return;
	}
	problems_init(&problems);
	if (fleet_load(daemon->options->flags, &problems, &fleet) < 0)
		problems_each(&problems, log_problem, NULL);
	else
		apply(daemon, fleet);
	problems_done(&problems);
}

/* --- what is left of the old ------------------------------------------------------------------ */

struct claimant *daemon_find_claimant(const struct daemon *daemon, const char *environment_id)
{
	for (size_t i = 0; environment_id && i < daemon->claimant_count; i++)
		if (strcmp(claimant_config(daemon->claimants[i])->id, environment_id) == 0)
			return daemon->claimants[i];
	return NULL;
}

static bool has_users(const struct daemon *daemon, const struct backend *backend)
{
	for (size_t i = 0; i < daemon->claimant_count; i++)
		if (claimant_uses(daemon->claimants[i], backend))
			return true;
	return false;
}

void daemon_tidy(struct daemon *daemon)
{
	size_t kept = 0;

	for (size_t i = 0; i < daemon->claimant_count; i++) {
		struct claimant *claimant = daemon->claimants[i];
		claimant_tidy(claimant);
		if (claimant->is_retired && claimant_is_idle(claimant))
			(void)claimant_free(claimant);
		else
			daemon->claimants[kept++] = claimant;
	}
	daemon->claimant_count = kept;
	kept = 0;
	for (size_t i = 0; i < daemon->backend_count; i++) {
		struct backend *backend = daemon->backends[i];
		if (backend->is_retired && !has_users(daemon, backend))
			(void)backend_free(backend);
		else
			daemon->backends[kept++] = backend;
	}
	daemon->backend_count = kept;
}
