/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `engine:` describes the only one; `engines:` several, by name, each with its socket. From here on
 * there is a list, and each environment knows its engine.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "config/defaults.h"
#include "config/loader.h"
#include "config/rows.h"

#include <string.h>

const struct yaml_node *engine_node(const struct loader *loader, size_t i)
{
	const struct yaml_node *named = yaml_get(loader->root, "engines");

	if (named && named->kind == YAML_MAP && i < named->count)
		return named->pairs[i].value;
	return yaml_get(loader->root, "engine");
}

void engines_settle(struct loader *loader)
{
	struct fleet *fleet = loader->fleet;
	const struct yaml_node *single = yaml_get(loader->root, "engine");

	if (fleet->engine_count > 0) {
		if (single && !yaml_is_null(single))
			complain(loader, single, NULL,
				 "engine: and engines: exclude each other: make it one of engines");
		return;
	}
	fleet->engines = xcalloc(1, sizeof(*fleet->engines));
	fleet->engines[0] = fleet->only_engine;
	fleet->engine_count = 1;
	fleet->only_engine = (struct engine_settings){0};
}

static void check_socket(struct loader *loader, size_t i)
{
	const struct engine_settings *engines = loader->fleet->engines;
	const struct yaml_node *node = engine_node(loader, i);

	/* One that its row refused has been reported. */
	if (!engines[i].socket && !yaml_get(node, "socket"))
		complain(loader, node, NULL, "'socket' is missing: several engines need one each");
	for (size_t j = 0; engines[i].socket && j < i; j++)
		if (engines[j].socket && strcmp(engines[i].socket, engines[j].socket) == 0)
			complain(loader, yaml_get(node, "socket"), NULL,
				 "socket: '%s' is the socket of engine '%s' too", engines[i].socket,
				 engines[j].name);
}

static const struct engine_settings *find(const struct fleet *fleet, const char *name)
{
	for (size_t i = 0; i < fleet->engine_count; i++)
		if (fleet->engines[i].name && strcmp(fleet->engines[i].name, name) == 0)
			return &fleet->engines[i];
	return NULL;
}

/* "docker, podman" */
static void list_names(const struct fleet *fleet, struct buf *into)
{
	for (size_t i = 0; i < fleet->engine_count; i++)
		(void)!buf_addf(into, "%s%s", i > 0 ? ", " : "", fleet->engines[i].name);
}

static const char *nearest(const struct fleet *fleet, const char *name)
{
	_cleanup_free_ const char **names = xcalloc(fleet->engine_count, sizeof(char *));

	for (size_t i = 0; i < fleet->engine_count; i++)
		names[i] = fleet->engines[i].name;
	return text_nearest(name, names, fleet->engine_count);
}

static void bind(struct loader *loader, size_t i)
{
	const struct fleet *fleet = loader->fleet;
	struct environment *environment = &loader->fleet->environments[i];
	const struct yaml_node *node = loader->origins[i].node, *place = yaml_get(node, "engine");
	_cleanup_(buf_done) struct buf names;

	buf_init(&names, BUF_MAX_LOG_LINE);
	environment->engine = fleet->engines;
	if (fleet->engine_count == 1 && !environment->engine_name)
		return;
	if (!environment->engine_name && defaults_are_lost(loader->root))
		return;
	if (!environment->engine_name) {
		list_names(fleet, &names);
		complain(loader, node, "engine", "engine: say which of %s", names.data);
		return;
	}
	environment->engine = find(fleet, environment->engine_name);
	if (environment->engine)
		return;
	environment->engine = fleet->engines;
	if (!fleet->engines[0].name) {
		complain(loader, place, "engine", "engine: '%s' is not known: there is no engines:",
			 environment->engine_name);
		return;
	}
	list_names(fleet, &names);
	const char *meant = nearest(fleet, environment->engine_name);
	complain(loader, place, "engine", "engine: '%s' is not one of %s%s%s%s",
		 environment->engine_name, names.data, meant ? ": did you mean '" : "",
		 meant ? meant : "", meant ? "'?" : "");
}

void engines_check(struct loader *loader)
{
	const struct fleet *fleet = loader->fleet;

	for (size_t i = 0; fleet->engine_count > 1 && i < fleet->engine_count; i++)
		check_socket(loader, i);
	for (size_t i = 0; i < fleet->environment_count; i++)
		bind(loader, i);
}
