/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a libpod create request and an image to the spec that is kept: the request with the image's
 * and the engine's defaults filled in, from which every inspect is rendered.
 */
#include "podman.h"
#include "volumes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static bool has_members(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) && json_object_array_length(list) > 0;
}

/* Gives `key` the fallback where the request left it out or empty. */
static void fill_text(struct json_object *spec, const char *key, const char *fallback)
{
	if (!*json_text(spec, key, ""))
		json_put(spec, key, fallback);
}

static void fill_number(struct json_object *spec, const char *key, int64_t fallback)
{
	if (!json_has(spec, key))
		json_put_number(spec, key, fallback);
}

/* An entry point of the request takes the image's arguments away as well. */
static bool merge_command(struct json_object *spec, const struct image *image)
{
	if (!has_members(json_member(spec, "entrypoint"))) {
		struct json_object *entry = json_member(image->config, "Entrypoint");
		struct json_object *command = json_member(image->config, "Cmd");

		json_object_object_add(spec, "entrypoint", json_object_get(entry));
		if (!has_members(json_member(spec, "command")))
			json_object_object_add(spec, "command", json_object_get(command));
	}
	return has_members(json_member(spec, "entrypoint")) ||
	       has_members(json_member(spec, "command"));
}

/* What runs: with `init` that is Podman's, and the command its arguments. */
static void set_process(struct container *container)
{
	struct json_object *words = json_object_new_array();
	struct text command = {0};
	size_t first;

	json_append(words, json_member(container->spec, "entrypoint"));
	json_append(words, json_member(container->spec, "command"));
	for (size_t i = 0; i < json_object_array_length(words); i++)
		text_addf(&command, "%s%s", i ? " " : "",
			  json_object_get_string(json_object_array_get_idx(words, i)));
	container->command = command.data;
	container->args = json_object_new_array();
	if (json_flag(container->spec, "init")) {
		container->entry = xstrdup("/run/podman-init");
		json_object_array_add(container->args, json_object_new_string("--"));
		json_append(container->args, words);
	} else {
		container->entry =
			xstrdup(json_object_get_string(json_object_array_get_idx(words, 0)));
		/* A word alone is shown as its own argument, too (4.3.1). */
		first = json_object_array_length(words) > 1 ? 1 : 0;
		for (size_t i = first; i < json_object_array_length(words); i++)
			json_object_array_add(container->args,
					      json_object_get(json_object_array_get_idx(words, i)));
	}
	json_object_put(words);
}

/* The engine's variables, then the image's, then the request's; a later one replaces a former. */
static void merge_env(struct container *container, const struct image *image)
{
	struct json_object *image_env = json_member(image->config, "Env");
	struct json_object *variables = json_object_new_object();
	size_t count = image_env ? json_object_array_length(image_env) : 0;

	json_put(variables, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	json_put(variables, "TERM", "xterm");
	json_put(variables, "container", "podman");
	for (size_t i = 0; i < count; i++) {
		char *line =
			xstrdup(json_object_get_string(json_object_array_get_idx(image_env, i)));
		char *value = line;
		const char *name = strsep(&value, "=");

		json_put(variables, name, value ? value : "");
		free(line);
	}
	json_overlay(variables, json_member(container->spec, "env"));
	container->env = json_object_new_array();
	json_object_object_foreach (variables, name, text) {
		char *line = xasprintf("%s=%s", name, json_object_get_string(text));

		json_object_array_add(container->env, json_object_new_string(line));
		free(line);
	}
	json_object_put(variables);
}

static void merge_labels(struct container *container, const struct image *image)
{
	container->labels = json_object_new_object();
	json_overlay(container->labels, json_member(image->config, "Labels"));
	json_overlay(container->labels, json_member(container->spec, "labels"));
}

static void add_rlimit(struct json_object *limits, const char *type, int resource, rlim_t most)
{
	struct json_object *limit = json_object_new_object();
	struct rlimit host = {0};

	(void)getrlimit(resource, &host);
	if (host.rlim_max < most)
		most = host.rlim_max;
	json_put(limit, "type", type);
	json_put_number(limit, "soft", (int64_t)most);
	json_put_number(limit, "hard", (int64_t)most);
	json_object_array_add(limits, limit);
}

/* Podman sets these two also unasked: to 2^20, or what the host's user may have. */
static void fill_rlimits(struct json_object *spec)
{
	struct json_object *limits = json_object_new_array();
	bool has_files = false, has_processes = false;

	json_append(limits, json_member(spec, "r_limits"));
	for (size_t i = 0; i < json_object_array_length(limits); i++) {
		const char *type = json_text(json_object_array_get_idx(limits, i), "type", "");

		has_files = has_files || strcasecmp(type, "nofile") == 0;
		has_processes = has_processes || strcasecmp(type, "nproc") == 0;
	}
	if (!has_files)
		add_rlimit(limits, "nofile", RLIMIT_NOFILE, 1 << 20);
	if (!has_processes)
		add_rlimit(limits, "nproc", RLIMIT_NPROC, 1 << 20);
	json_object_object_add(spec, "r_limits", limits);
}

static void add_bind(struct container *container, struct json_object *mount)
{
	struct json_object *bind = json_object_new_object();
	struct json_object *asked = json_member(mount, "options");
	struct json_object *shown = json_object_new_array();
	bool is_writable = true;

	for (size_t i = 0; asked && i < json_object_array_length(asked); i++) {
		const char *option = json_object_get_string(json_object_array_get_idx(asked, i));

		is_writable = is_writable && strcmp(option, "ro") != 0;
		if (strcmp(option, "ro") && strcmp(option, "rw") && strcmp(option, "rprivate"))
			json_object_array_add(shown, json_object_new_string(option));
	}
	json_put(bind, "Type", "bind");
	json_put(bind, "Source", json_text(mount, "source", ""));
	json_put(bind, "Destination", json_text(mount, "destination", ""));
	json_put(bind, "Driver", "");
	json_put(bind, "Mode", "");
	json_object_object_add(bind, "Options", shown);
	json_put_flag(bind, "RW", is_writable);
	json_put(bind, "Propagation", "rprivate");
	json_object_array_add(container->mounts, bind);
}

static bool is_mounted(struct json_object *mounts, const char *destination)
{
	for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++) {
		struct json_object *mount = json_object_array_get_idx(mounts, i);

		if (strcmp(json_text(mount, "destination", ""), destination) == 0)
			return true;
	}
	return false;
}

static void add_volume(struct container *container, const char *destination)
{
	const struct volume *volume = volume_ensure(container->engine, NULL, container);
	struct json_object *mount = json_object_new_object();
	char *source = xasprintf("/var/lib/containers/storage/volumes/%s/_data", volume->name);

	json_put(mount, "Type", "volume");
	json_put(mount, "Name", volume->name);
	json_put(mount, "Source", source);
	json_put(mount, "Destination", destination);
	json_put(mount, "Driver", "local");
	json_put(mount, "Mode", "");
	json_object_object_add(mount, "Options", json_object_new_array());
	json_put_flag(mount, "RW", true);
	json_put(mount, "Propagation", "rprivate");
	json_object_array_add(container->mounts, mount);
	free(source);
}

/* A VOLUME of the image becomes an anonymous volume unless told otherwise or mounted over. */
static void set_mounts(struct container *container, const struct image *image)
{
	struct json_object *mounts = json_member(container->spec, "mounts");
	struct json_object *volumes = json_member(image->config, "Volumes");
	const char *mode = json_text(container->spec, "image_volume_mode", "anonymous");

	container->mounts = json_object_new_array();
	for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++) {
		struct json_object *mount = json_object_array_get_idx(mounts, i);

		if (strcmp(json_text(mount, "type", ""), "bind") == 0)
			add_bind(container, mount);
	}
	if (strcmp(mode, "anonymous") != 0 || !json_object_is_type(volumes, json_type_object))
		return;
	json_object_object_foreach (volumes, destination, unused) {
		(void)unused;
		if (!is_mounted(mounts, destination))
			add_volume(container, destination);
	}
}

bool podman_merge(struct container *container, struct json_object *body, const struct image *image)
{
	struct json_object *spec = NULL;

	if (!body || json_object_deep_copy(body, &spec, NULL) < 0)
		spec = json_object_new_object();
	container->spec = spec;
	memcpy(container->image_id, image->id, sizeof(container->image_id));
	if (!merge_command(spec, image))
		return false;
	fill_text(spec, "user", json_text(image->config, "User", ""));
	fill_text(spec, "work_dir", json_text(image->config, "WorkingDir", "/"));
	fill_number(spec, "stop_timeout", 10);
	fill_number(spec, "stop_signal", 15);
	fill_rlimits(spec);
	container->stop_timeout = json_number(spec, "stop_timeout", 10);
	container->network = xstrdup(json_text(json_member(spec, "netns"), "nsmode", "bridge"));
	set_process(container);
	merge_env(container, image);
	merge_labels(container, image);
	set_mounts(container, image);
	return true;
}
