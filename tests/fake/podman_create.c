/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /libpod/containers/create: Podman's checks with the texts of 4.3.1. All of them are 500, the
 * name that is taken and the image that is missing included; unknown members pass without a word.
 */
#include "events.h"
#include "handlers.h"
#include "networks.h"
#include "podman.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The members that the fake engine reads, with the names that Go has for their types. */
static const struct {
	const char *key;
	enum json_type type;
	const char *go_type;
} members[] = {
	{"cap_add", json_type_array, "[]string"},
	{"cap_drop", json_type_array, "[]string"},
	{"cgroupns", json_type_object, "specgen.Namespace"},
	{"cgroups_mode", json_type_string, "string"},
	{"command", json_type_array, "[]string"},
	{"entrypoint", json_type_array, "[]string"},
	{"env", json_type_object, "map[string]string"},
	{"healthconfig", json_type_object, "manifest.Schema2HealthConfig"},
	{"hostname", json_type_string, "string"},
	{"image", json_type_string, "string"},
	{"image_volume_mode", json_type_string, "string"},
	{"init", json_type_boolean, "bool"},
	{"ipcns", json_type_object, "specgen.Namespace"},
	{"labels", json_type_object, "map[string]string"},
	{"log_configuration", json_type_object, "specgen.LogConfig"},
	{"mask", json_type_array, "[]string"},
	{"mounts", json_type_array, "[]specs.Mount"},
	{"name", json_type_string, "string"},
	{"netns", json_type_object, "specgen.Namespace"},
	{"network_options", json_type_object, "map[string][]string"},
	{"networks", json_type_object, "map[string]types.PerNetworkOptions"},
	{"no_new_privileges", json_type_boolean, "bool"},
	{"oom_score_adj", json_type_int, "int"},
	{"pidns", json_type_object, "specgen.Namespace"},
	{"privileged", json_type_boolean, "bool"},
	{"r_limits", json_type_array, "[]specs.POSIXRlimit"},
	{"read_only_filesystem", json_type_boolean, "bool"},
	{"resource_limits", json_type_object, "specs.LinuxResources"},
	{"restart_policy", json_type_string, "string"},
	{"seccomp_profile_path", json_type_string, "string"},
	{"shm_size", json_type_int, "int64"},
	{"stop_signal", json_type_int, "syscall.Signal"},
	{"stop_timeout", json_type_int, "uint"},
	{"systemd", json_type_string, "string"},
	{"timeout", json_type_int, "uint"},
	{"umask", json_type_string, "string"},
	{"unmask", json_type_array, "[]string"},
	{"user", json_type_string, "string"},
	{"work_dir", json_type_string, "string"},
};

static const char *json_kind(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_boolean:
		return "bool";
	case json_type_double:
	case json_type_int:
		return "number";
	case json_type_object:
		return "object";
	case json_type_array:
		return "array";
	case json_type_string:
		return "string";
	case json_type_null:
		return "null";
	}
	return "";
}

static void decode_error(struct request *request, char *cause)
{
	char *message = xasprintf("decode(): %s", cause);

	podman_error_as(request, 500, cause, message);
	free(message);
	free(cause);
}

static bool types_refused(struct request *request, struct json_object *body)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct json_object *value = json_member(body, members[i].key);

		if (!value || json_object_is_type(value, members[i].type))
			continue;
		decode_error(request,
			     xasprintf("json: cannot unmarshal %s into Go struct field "
				       "SpecGenerator.%s of type %s",
				       json_kind(value), members[i].key, members[i].go_type));
		return true;
	}
	return false;
}

/* Go's decoder does not tell "Networks" from "networks". */
static struct json_object *lower_keys(struct json_object *body)
{
	struct json_object *result = json_object_new_object();

	json_object_object_foreach (body, key, value) {
		char *lower = xstrdup(key);

		for (char *p = lower; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		json_object_object_add(result, lower, json_object_get(value));
		free(lower);
	}
	json_object_put(body);
	return result;
}

static struct json_object *read_body(struct request *request)
{
	const char *error = "cannot unmarshal into Go value of type specgen.SpecGenerator";
	struct json_object *body = request_json(request, &error);

	if (json_object_is_type(body, json_type_object))
		return lower_keys(body);
	json_object_put(body);
	decode_error(request, xstrdup(error));
	return NULL;
}

static bool caps_refused(struct request *request, struct json_object *list)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		char *name =
			podman_cap_name(json_object_get_string(json_object_array_get_idx(list, i)));
		bool is_known = podman_cap_is_known(name);

		if (!is_known)
			podman_error(request, 500, "unknown capability", "\"%s\"", name);
		free(name);
		if (!is_known)
			return true;
	}
	return false;
}

/* The options of a tmpfs; those of a bind are left to its kernel. */
static bool option_is_known(const char *option)
{
	static const char *const words[] = {
		"rw",	 "ro", "exec",	  "noexec",   "suid",	   "nosuid",	 "dev",
		"nodev", "U",  "private", "rprivate", "tmpcopyup", "notmpcopyup"};

	if (strncmp(option, "size=", 5) == 0 || strncmp(option, "mode=", 5) == 0)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], option) == 0)
			return true;
	}
	return false;
}

static bool mount_refused(struct request *request, struct json_object *mount)
{
	bool is_tmpfs = strcmp(json_text(mount, "type", ""), "tmpfs") == 0;
	struct json_object *options = json_member(mount, "options");
	const char *source = json_text(mount, "source", "");
	struct stat stat_buf;

	if (!is_tmpfs && stat(source, &stat_buf) < 0) {
		podman_error(request, 500, "no such file or directory", "statfs %s", source);
		return true;
	}
	for (size_t i = 0; is_tmpfs && options && i < json_object_array_length(options); i++) {
		const char *option = json_object_get_string(json_object_array_get_idx(options, i));

		if (option_is_known(option))
			continue;
		podman_error(request, 500, "invalid mount option", "unknown mount option \"%s\"",
			     option);
		return true;
	}
	return false;
}

static bool mounts_refused(struct request *request, struct json_object *mounts)
{
	for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++) {
		if (mount_refused(request, json_object_array_get_idx(mounts, i)))
			return true;
	}
	return false;
}

static bool network_refused(struct request *request, struct json_object *body)
{
	static const char *const modes[] = {"bridge", "slirp4netns", "none", "host", "private", ""};
	const char *mode = json_text(json_member(body, "netns"), "nsmode", "");
	struct json_object *networks = json_member(body, "networks");
	bool is_known = false;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		is_known = is_known || strcmp(modes[i], mode) == 0;
	if (!is_known) {
		char *cause = xasprintf("invalid network \"%s\"", mode);

		podman_error(request, 500, cause, "invalid config provided");
		free(cause);
		return true;
	}
	if (!networks)
		return false;
	json_object_object_foreach (networks, name, options) {
		(void)options;
		if (strcmp(name, "podman") == 0 || network_find(request->engine, name))
			continue;
		podman_error(request, 500, "network not found",
			     "unable to find network with name or ID %s", name);
		return true;
	}
	return false;
}

static bool runtime_refused(struct request *request, struct json_object *body)
{
	struct json_object *host = podman_host(request->engine);
	const char *runtime = json_text(json_member(host, "ociRuntime"), "name", "");
	bool refused = strcmp(json_text(body, "cgroups_mode", ""), "disabled") == 0 &&
		       strcmp(runtime, "runc") == 0;

	if (refused)
		podman_error(request, 500, "invalid argument",
			     "requested OCI runtime %s is not compatible with NoCgroups", runtime);
	json_object_put(host);
	return refused;
}

static bool seccomp_refused(struct request *request, struct json_object *body)
{
	const char *path = json_text(body, "seccomp_profile_path", "unconfined");

	if (strcmp(path, "unconfined") == 0 || access(path, R_OK) == 0)
		return false;
	podman_error(request, 500, "no such file or directory",
		     "opening seccomp profile failed: open %s", path);
	return true;
}

static bool name_refused(struct request *request, const char *name)
{
	const struct container *holder = container_by_name(request->engine, name);
	bool is_valid = isalnum((unsigned char)*name);

	for (const char *p = name; *p; p++)
		is_valid = is_valid && (isalnum((unsigned char)*p) || strchr("_.-", *p));
	if (!is_valid)
		podman_error(request, 500, "invalid argument",
			     "running container create option: names must match "
			     "[a-zA-Z0-9][a-zA-Z0-9_.-]*");
	else if (holder)
		podman_error(request, 500, "that name is already in use",
			     "creating container storage: the container name \"%s\" is already in "
			     "use by %s. You have to remove that container to be able to reuse "
			     "that name",
			     name, holder->id);
	return !is_valid || holder;
}

static bool is_refused(struct request *request, struct json_object *body)
{
	const char *name = json_text(body, "name", "");

	return caps_refused(request, json_member(body, "cap_add")) ||
	       caps_refused(request, json_member(body, "cap_drop")) ||
	       mounts_refused(request, json_member(body, "mounts")) ||
	       network_refused(request, body) || runtime_refused(request, body) ||
	       seccomp_refused(request, body) || (*name && name_refused(request, name));
}

/* What is warned about: limits that this host cannot set. */
static struct json_object *warnings(struct engine *engine, struct json_object *body)
{
	struct json_object *list = json_object_new_array();

	if (json_member(body, "resource_limits") && podman_ignores_limits(engine))
		json_object_array_add(
			list, json_object_new_string("Resource limits are not supported and "
						     "ignored on cgroups V1 rootless systems"));
	return list;
}

static void create(struct request *request, struct json_object *body)
{
	static const char no_command[] = "no command or entrypoint provided, and no CMD or "
					 "ENTRYPOINT from image";
	struct engine *engine = request->engine;
	const char *image_name = json_text(body, "image", "");
	const char *name = json_text(body, "name", "");
	const struct image *image = image_find(engine, image_name);
	struct container *container;
	struct json_object *json;

	if (!image) {
		podman_error(request, 500, "image not known", "%s", image_name);
		return;
	}
	if (is_refused(request, body))
		return;
	container = container_new(engine, *name ? name : NULL, image_name);
	if (!podman_merge(container, body, image)) {
		container_discard(container);
		podman_error_as(request, 500, no_command, no_command);
		return;
	}
	container_seal(container);
	event_emit(container, "create", NULL, NULL);
	json = json_object_new_object();
	json_put(json, "Id", container->id);
	json_object_object_add(json, "Warnings", warnings(engine, body));
	reply_json(request, 201, json);
}

void handle_podman_create(struct request *request)
{
	struct json_object *body = read_body(request);

	if (body && !types_refused(request, body))
		create(request, body);
	json_object_put(body);
}
