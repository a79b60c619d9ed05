/* SPDX-License-Identifier: Apache-2.0 */
#include "volumes.h"

#include "containers.h"
#include "filters.h"
#include "handlers.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static struct volume *volume_find(struct engine *engine, const char *name)
{
	struct volume *volume;

	DL_FOREACH(engine->volumes, volume)
	{
		if (strcmp(volume->name, name) == 0)
			break;
	}
	return volume;
}

struct volume *volume_ensure(struct engine *engine, const char *name,
			     const struct container *container)
{
	struct volume *volume = name ? volume_find(engine, name) : NULL;

	if (volume)
		return volume;
	volume = xcalloc(1, sizeof(*volume));
	volume->created = now();
	if (name) {
		volume->name = xstrdup(name);
	} else {
		volume->name = xcalloc(1, 65);
		random_hex(volume->name, 64);
		volume->anonymous = true;
		memcpy(volume->owner, container->id, sizeof(volume->owner));
	}
	DL_APPEND(engine->volumes, volume);
	return volume;
}

static void volume_free(struct engine *engine, struct volume *volume)
{
	DL_DELETE(engine->volumes, volume);
	json_object_put(volume->labels);
	free(volume->name);
	free(volume);
}

void volumes_drop_anonymous(const struct container *container)
{
	struct volume *volume, *next;

	DL_FOREACH_SAFE(container->engine->volumes, volume, next)
	{
		if (volume->anonymous && strcmp(volume->owner, container->id) == 0)
			volume_free(container->engine, volume);
	}
}

void volumes_clear(struct engine *engine)
{
	while (engine->volumes)
		volume_free(engine, engine->volumes);
}

int64_t volumes_anonymous(const struct engine *engine)
{
	const struct volume *volume;
	int64_t count = 0;

	DL_FOREACH(engine->volumes, volume)
	count += volume->anonymous;
	return count;
}

static void add_mount(struct container *container, const char *type, const char *source,
		      const char *target, bool read_only)
{
	struct json_object *mount = json_object_new_object();
	bool is_volume = strcmp(type, "volume") == 0;

	json_put(mount, "Type", type);
	if (is_volume) {
		struct volume *volume = volume_ensure(container->engine, source, container);
		char *path = xasprintf("/var/lib/docker/volumes/%s/_data", volume->name);

		json_put(mount, "Name", volume->name);
		json_put(mount, "Source", path);
		free(path);
	} else {
		json_put(mount, "Source", source ? source : "");
	}
	json_put(mount, "Destination", target);
	if (is_volume)
		json_put(mount, "Driver", "local");
	json_put(mount, "Mode", is_volume ? "z" : "");
	json_object_object_add(mount, "RW", json_object_new_boolean(!read_only));
	json_put(mount, "Propagation", strcmp(type, "bind") == 0 ? "rprivate" : "");
	json_object_array_add(container->mounts, mount);
}

static bool is_covered(const struct container *container, const char *target)
{
	if (json_has(json_member(container->host_config, "Tmpfs"), target))
		return true;
	for (size_t i = 0; i < json_object_array_length(container->mounts); i++) {
		struct json_object *mount = json_object_array_get_idx(container->mounts, i);

		if (strcmp(json_text(mount, "Destination", ""), target) == 0)
			return true;
	}
	return false;
}

/* "source:target[:options]"; a source that begins with a slash is a bind. */
static void mount_bind(struct container *container, const char *bind)
{
	char *copy = xstrdup(bind);
	char *rest = copy;
	const char *source = strsep(&rest, ":");
	const char *target = strsep(&rest, ":");

	if (target)
		add_mount(container, *source == '/' ? "bind" : "volume", source, target,
			  rest && strcmp(rest, "ro") == 0);
	free(copy);
}

void volumes_mount(struct container *container, struct json_object *image_volumes)
{
	struct json_object *mounts = json_member(container->host_config, "Mounts");
	struct json_object *binds = json_member(container->host_config, "Binds");

	container->mounts = json_object_new_array();
	for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++) {
		struct json_object *mount = json_object_array_get_idx(mounts, i);

		add_mount(container, json_text(mount, "Type", "volume"),
			  json_text(mount, "Source", NULL), json_text(mount, "Target", ""),
			  json_flag(mount, "ReadOnly"));
	}
	for (size_t i = 0; binds && i < json_object_array_length(binds); i++)
		mount_bind(container, json_object_get_string(json_object_array_get_idx(binds, i)));
	if (!json_object_is_type(image_volumes, json_type_object))
		return;
	json_object_object_foreach (image_volumes, target, unused) {
		(void)unused;
		if (!is_covered(container, target))
			add_mount(container, "volume", NULL, target, false);
	}
}

static struct json_object *volume_json(const struct volume *volume)
{
	struct json_object *json = json_object_new_object();
	char *path = xasprintf("/var/lib/docker/volumes/%s/_data", volume->name);
	char created[40];

	time_text(volume->created, created);
	json_put(json, "CreatedAt", created);
	json_put(json, "Driver", "local");
	json_object_object_add(json, "Labels", json_object_get(volume->labels));
	json_put(json, "Mountpoint", path);
	json_put(json, "Name", volume->name);
	json_object_object_add(json, "Options", NULL);
	json_put(json, "Scope", "local");
	free(path);
	return json;
}

void handle_volume_list(struct request *request)
{
	struct json_object *json, *list, *filters;
	const struct volume *volume;

	if (!filters_parse(request, &filters))
		return;
	json = json_object_new_object();
	list = json_object_new_array();
	DL_FOREACH(request->engine->volumes, volume)
	{
		if (filters_match_name(filters, volume->name, true) &&
		    filters_match_labels(filters, volume->labels))
			json_object_array_add(list, volume_json(volume));
	}
	json_object_object_add(json, "Volumes", list);
	json_object_object_add(json, "Warnings", NULL);
	json_object_put(filters);
	reply_json(request, 200, json);
}

void handle_volume_create(struct request *request)
{
	const char *error = "not an object";
	struct json_object *body = request_json(request, &error);
	struct json_object *labels = json_member(body, "Labels");
	struct volume *volume;

	if (!json_object_is_type(body, json_type_object)) {
		reply_error(request, 400, "%s", error);
	} else {
		volume = volume_ensure(request->engine, json_text(body, "Name", "unnamed"), NULL);
		if (labels && !volume->labels)
			volume->labels = json_object_get(labels);
		reply_json(request, 201, volume_json(volume));
	}
	json_object_put(body);
}

void handle_volume_inspect(struct request *request)
{
	const struct volume *volume = volume_find(request->engine, request->target);

	if (volume)
		reply_json(request, 200, volume_json(volume));
	else
		reply_error(request, 404, "get %s: no such volume", request->target);
}

static const struct container *user_of(struct engine *engine, const struct volume *volume)
{
	struct container *container, *next;
	char *wanted = xasprintf("\"Name\":\"%s\"", volume->name);

	HASH_ITER (by_id, engine->containers, container, next) {
		if (strstr(container->mounts_text, wanted))
			break;
	}
	free(wanted);
	return container;
}

void handle_volume_remove(struct request *request)
{
	struct volume *volume = volume_find(request->engine, request->target);
	const struct container *user = volume ? user_of(request->engine, volume) : NULL;

	if (!volume) {
		reply_error(request, 404, "get %s: no such volume", request->target);
	} else if (user) {
		reply_error(request, 409, "remove %s: volume is in use - [%s]", volume->name,
			    user->id);
	} else {
		volume_free(request->engine, volume);
		reply_empty(request, 204);
	}
}
