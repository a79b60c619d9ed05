/* SPDX-License-Identifier: Apache-2.0 */
#include "images.h"

#include "handlers.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Cuts "docker.io/" and "library/", adds ":latest" where there is neither tag nor digest. */
static char *normal_name(const char *name)
{
	const char *slash;

	if (strncmp(name, "docker.io/", 10) == 0)
		name += 10;
	if (strncmp(name, "library/", 8) == 0)
		name += 8;
	slash = strrchr(name, '/');
	if (strchr(slash ? slash : name, ':'))
		return xstrdup(name);
	return xasprintf("%s:latest", name);
}

static struct json_object *default_config(void)
{
	struct json_object *config = json_object_new_object();
	struct json_object *entry = json_object_new_array();

	json_object_array_add(entry, json_object_new_string("/usr/local/bin/worker"));
	json_object_object_add(config, "Entrypoint", entry);
	return config;
}

struct image *image_find(struct engine *engine, const char *reference)
{
	char *name = normal_name(reference);
	struct image *image;

	DL_FOREACH(engine->images, image)
	{
		if (strcmp(image->name, name) == 0 || strcmp(image->id, reference) == 0 ||
		    strcmp(image->id + strlen("sha256:"), reference) == 0)
			break;
	}
	free(name);
	return image;
}

struct image *image_add(struct engine *engine, const char *name, struct json_object *config)
{
	struct image *image = image_find(engine, name);

	if (!image) {
		image = xcalloc(1, sizeof(*image));
		image->name = normal_name(name);
		DL_APPEND(engine->images, image);
	}
	strcpy(image->id, "sha256:");
	random_hex(image->id + strlen("sha256:"), 64);
	json_object_put(image->config);
	image->config = config ? json_object_get(config) : default_config();
	image->created = now();
	return image;
}

static void image_free(struct engine *engine, struct image *image)
{
	DL_DELETE(engine->images, image);
	json_object_put(image->config);
	free(image->name);
	free(image);
}

bool image_remove(struct engine *engine, const char *name)
{
	struct image *image = image_find(engine, name);

	if (!image)
		return false;
	image_free(engine, image);
	return true;
}

void images_clear(struct engine *engine)
{
	while (engine->images)
		image_free(engine, engine->images);
}

void handle_image_inspect(struct request *request)
{
	const struct image *image = image_find(request->engine, request->target);
	struct json_object *json, *tags, *digests;
	char created[40];

	if (!image) {
		char *name = normal_name(request->target);

		if (request->engine->options.podman)
			reply_error(request, 404, "failed to find image %s: %s: No such image",
				    request->target, request->target);
		else
			reply_error(request, 404, "no such image: %s: No such image: %s",
				    request->target, name);
		free(name);
		return;
	}
	json = json_object_new_object();
	tags = json_object_new_array();
	digests = json_object_new_array();
	time_text(image->created, created);
	json_object_array_add(strchr(image->name, '@') ? digests : tags,
			      json_object_new_string(image->name));
	json_put(json, "Id", image->id);
	json_object_object_add(json, "RepoTags", tags);
	json_object_object_add(json, "RepoDigests", digests);
	json_put(json, "Created", created);
	json_object_object_add(json, "Config", json_object_get(image->config));
	json_put(json, "Architecture", "amd64");
	json_put(json, "Os", "linux");
	json_object_object_add(json, "Size", json_object_new_int64(1982270));
	reply_json(request, 200, json);
}

static void add_progress(struct text *body, const char *id, const char *status)
{
	struct json_object *line = json_object_new_object();

	json_put(line, "status", status);
	if (id)
		json_put(line, "id", id);
	text_addf(body, "%s\r\n", json_line(line));
	json_object_put(line);
}

/* The pull always succeeds; rules make it fail, slow or endless. */
void handle_image_pull(struct request *request)
{
	const char *from = request_arg(request, "fromImage");
	const char *tag = request_arg(request, "tag");
	struct text body = {0};
	char *name, *status;

	if (!from || !*from) {
		reply_error(request, 500, "Get \"http:\": http: no Host in request URL");
		return;
	}
	if (tag && *tag)
		name = xasprintf("%s%s%s", from, strncmp(tag, "sha256:", 7) == 0 ? "@" : ":", tag);
	else
		name = xstrdup(from);
	status = xasprintf("Pulling from %s", from);
	add_progress(&body, tag && *tag ? tag : "latest", status);
	free(status);
	add_progress(&body, "4f55086f7dd0", "Pull complete");
	status = xasprintf("Status: Downloaded newer image for %s",
			   image_add(request->engine, name, NULL)->name);
	add_progress(&body, NULL, status);
	free(status);
	free(name);
	reply_text(request, 200, "application/json", &body);
}
