/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"

#include "containers.h"
#include "events.h"
#include "images.h"
#include "journal.h"
#include "networks.h"
#include "rules.h"
#include "volumes.h"

static void fill(struct engine *engine)
{
	struct json_object *images = engine->options.images;

	for (size_t i = 0; i < json_object_array_length(images); i++)
		(void)image_add(engine,
				json_object_get_string(json_object_array_get_idx(images, i)), NULL);
	networks_init(engine);
	engine->journal = journal_new(engine->options.keep_log);
}

static void empty(struct engine *engine)
{
	containers_clear(engine);
	volumes_clear(engine);
	networks_clear(engine);
	images_clear(engine);
	(void)rules_remove(engine, 0);
	journal_free(engine->journal);
	engine->running = engine->peak_running = engine->created = 0;
}

void engine_init(struct engine *engine)
{
	engine->events = events_new();
	fill(engine);
}

void engine_reset(struct engine *engine)
{
	empty(engine);
	events_close(engine, false);
	events_forget(engine);
	fill(engine);
}

void engine_done(struct engine *engine)
{
	empty(engine);
	events_free(engine->events);
}
