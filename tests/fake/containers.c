/* SPDX-License-Identifier: Apache-2.0 */
#include "containers.h"

#include "podman.h"

#include <stdlib.h>
#include <string.h>

struct container *container_new(struct engine *engine, const char *name, const char *image)
{
	struct container *container = xcalloc(1, sizeof(*container));

	container->engine = engine;
	random_hex(container->id, 64);
	container->name = name ? xstrdup(name) : xasprintf("fake_%.12s", container->id);
	container->image = xstrdup(image);
	container->created = now();
	container->forced_exit = -1;
	container->gate = -1;
	container->stop_timeout = 10;
	return container;
}

static char *json_keep(struct json_object **object)
{
	char *text = xstrdup(json_line(*object));

	json_object_put(*object);
	*object = NULL;
	return text;
}

static char *list_row(const struct container *container)
{
	struct text row = {0};

	text_addf(&row, "\"Id\":\"%s\",\"Names\":[\"/%s\"],\"Image\":", container->id,
		  container->name);
	text_add_json(&row, container->image);
	text_addf(&row, ",\"ImageID\":\"%s\",\"Command\":", container->image_id);
	text_add_json(&row, container->command ? container->command : "");
	text_addf(&row, ",\"Created\":%lld,\"Ports\":[],\"Labels\":%s",
		  (long long)container->created.tv_sec, json_line(container->labels));
	text_adds(&row, ",\"HostConfig\":{\"NetworkMode\":");
	text_add_json(&row, container->network ? container->network : "default");
	text_addf(&row, "},\"NetworkSettings\":{\"Networks\":{}},\"Mounts\":%s",
		  container->mounts_text);
	return row.data;
}

void container_seal(struct container *container)
{
	struct engine *engine = container->engine;

	if (engine->options.podman) {
		container->config = podman_config(container);
		container->host_config = podman_host_config(container);
	}
	container->config_text = json_keep(&container->config);
	container->host_config_text = json_keep(&container->host_config);
	container->mounts_text = json_keep(&container->mounts);
	container->list_text =
		engine->options.podman ? podman_list_row(container) : list_row(container);
	HASH_ADD(by_id, engine->containers, id, 64, container);
	HASH_ADD_KEYPTR(by_name, engine->names, container->name, strlen(container->name),
			container);
	engine->created++;
}

struct container *container_by_name(struct engine *engine, const char *name)
{
	struct container *container = NULL;

	HASH_FIND(by_name, engine->names, name, strlen(name), container);
	return container;
}

static struct container *find_by_prefix(struct engine *engine, const char *prefix, size_t len)
{
	struct container *container, *next;
	struct container *found = NULL;

	HASH_ITER (by_id, engine->containers, container, next) {
		if (strncmp(container->id, prefix, len) != 0)
			continue;
		if (found)
			return NULL;
		found = container;
	}
	return found;
}

struct container *container_find(struct engine *engine, const char *reference)
{
	struct container *container = NULL;
	size_t len;

	if (*reference == '/')
		reference++;
	len = strlen(reference);
	if (len == 64)
		HASH_FIND(by_id, engine->containers, reference, 64, container);
	if (!container)
		container = container_by_name(engine, reference);
	if (!container && len > 0 && len < 64)
		container = find_by_prefix(engine, reference, len);
	return container;
}

void container_discard(struct container *container)
{
	json_object_put(container->spec);
	json_object_put(container->config);
	json_object_put(container->host_config);
	json_object_put(container->mounts);
	json_object_put(container->labels);
	json_object_put(container->env);
	json_object_put(container->args);
	free(container->command);
	free(container->entry);
	free(container->name);
	free(container->image);
	free(container->config_text);
	free(container->host_config_text);
	free(container->mounts_text);
	free(container->list_text);
	free(container->network);
	free(container->error);
	container_forget_log(container);
	free(container);
}

const char *container_state_name(const struct container *container)
{
	static const char *const names[] = {
		[CONTAINER_CREATED] = "created", [CONTAINER_INITIALIZED] = "initialized",
		[CONTAINER_RUNNING] = "running", [CONTAINER_STOPPED] = "stopped",
		[CONTAINER_EXITED] = "exited",	 [CONTAINER_DEAD] = "dead",
	};

	return container->removing ? "removing" : names[container->state];
}

const char *container_label(const struct container *container, const char *key)
{
	return json_text(container->labels, key, NULL);
}
