/* SPDX-License-Identifier: Apache-2.0 */
/* The engine as an object: made, asked about, freed. What it does is in connection.c (which see
 * first), events.c, calls.c and image.c. */
#include "engine/engine.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "engine/connection.h"

#include <assert.h>
#include <errno.h>

/* More at once only wait inside the engine; measured knee of launches is far below. */
#define MAX_CALLS_IN_FLIGHT 32

static int make_lanes(struct engine *engine, const char *socket, struct err *err)
{
	struct lane_options options = {
		.name = "engine",
		.unix_socket = socket,
		.max_in_flight = MAX_CALLS_IN_FLIGHT,
	};

	int r = lane_new(engine->loop, &options, &engine->calls, err);
	if (r < 0)
		return r;
	options.max_in_flight = 0;
	return lane_new(engine->loop, &options, &engine->streams, err);
}

int engine_new(struct loop *loop, const struct engine_options *options,
	       const struct engine_owner *owner, struct engine **ret, struct err *err)
{
	if (!text_is_id(options->instance)) {
		return err_set(err, ERR_INPUT, -EINVAL,
			       "instance '%.64s': only A-Z a-z 0-9 _ and - are allowed",
			       options->instance);
	}

	struct engine *engine = xcalloc(1, sizeof(*engine));
	engine->loop = loop;
	engine->owner = *owner;
	engine->instance = xstrdup(options->instance);
	engine->bridge = xasprintf("berth-%s", options->instance);
	engine->registry_config = xstrdup_or_null(options->registry_config);
	engine->needs_bridge = options->needs_bridge;
	engine->launches = options->launches > 0 ? options->launches : 1;
	engine->start_timeout_ms = options->start_timeout_ms;
	engine->pull_timeout_ms = options->pull_timeout_ms;
	int r = make_lanes(engine, options->socket, err);
	if (r < 0) {
		engine_free(engine);
		return r;
	}
	connection_start(engine);
	*ret = engine;
	return 0;
}

struct engine *engine_free(struct engine *engine)
{
	if (!engine)
		return NULL;
	assert(!engine->pulls && !engine->launch_queue && engine->launching == 0);
	connection_stop(engine);
	lane_free(engine->calls);
	lane_free(engine->streams);
	probe_done(&engine->probe);
	free(engine->instance);
	free(engine->bridge);
	free(engine->registry_config);
	free(engine);
	return NULL;
}

bool engine_is_healthy(const struct engine *engine)
{
	return engine->is_healthy;
}

const char *engine_description(const struct engine *engine)
{
	return engine->description;
}

const char *engine_data_root(const struct engine *engine)
{
	return engine->probe.data_root;
}

const char *engine_bridge(const struct engine *engine)
{
	return engine->bridge;
}

char *engine_url(const struct engine *engine, enum engine_operation operation, const char *first,
		 const char *second)
{
	const char *const arguments[] = {first, second};

	return dialect_url(engine->probe.dialect, engine->probe.api, operation, arguments);
}

int engine_verify(struct engine *engine, const struct plan *plan, const struct engine_call *inspect,
		  struct err *err)
{
	return engine->probe.dialect->verify(plan, inspect->json, err);
}
