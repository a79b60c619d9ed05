/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request is rendered once more and compared with what the engine says it made of it, one row
 * per field; so nothing can be asked for in one way and looked for in another. What lists of
 * variables, labels and mounts need beyond that is in docker_contents.c. Field names: Docker Engine
 * API v1.41, GET /containers/{id}/json.
 */
#include "base/cleanup.h"
#include "engine/docker.h"
#include "engine/docker_compare.h"

#include <errno.h>
#include <string.h>

#define REMEDY_ENGINE	"this engine cannot keep the policy: use another one"
#define REMEDY_TAMPERED "something between berth and the engine changed the request: remove it"
#define REMEDY_WAIVER(what)                                                                        \
	"give the engine the means (cgroup controllers, see its `info`), or list '" what           \
	"' under `unenforced` of the policy"

/* A field that must be what was asked for. */
struct asked_field {
	const char *path;
	bool (*same)(struct json_object *asked, struct json_object *got);
	unsigned waivers;
	const char *remedy;
};

static const struct asked_field asked_fields[] = {
	{"Config.User", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.ReadonlyRootfs", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.CapDrop", json_same_set, 0, REMEDY_ENGINE},
	{"HostConfig.CapAdd", json_same_set, 0, REMEDY_ENGINE},
	{"HostConfig.SecurityOpt", json_same_set, 0, REMEDY_ENGINE},
	{"HostConfig.PidsLimit", json_same, WAIVE_PIDS, REMEDY_WAIVER("pids")},
	{"HostConfig.Memory", json_same, WAIVE_MEMORY, REMEDY_WAIVER("memory")},
	{"HostConfig.MemorySwap", json_same, WAIVE_MEMORY | WAIVE_SWAP, REMEDY_WAIVER("swap")},
	{"HostConfig.NanoCpus", json_same, WAIVE_CPUS, REMEDY_WAIVER("cpus")},
	{"HostConfig.Ulimits", json_contains, WAIVE_ULIMITS, REMEDY_WAIVER("ulimits")},
	{"HostConfig.OomScoreAdj", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.Tmpfs", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.ShmSize", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.Init", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.IpcMode", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.CgroupnsMode", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.NetworkMode", json_same, 0, REMEDY_TAMPERED},
	{"HostConfig.LogConfig", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.RestartPolicy.Name", json_same, 0, REMEDY_TAMPERED},
	{"Config.StopTimeout", json_same, 0, REMEDY_ENGINE},
	{"Config.Healthcheck.Test", json_same, 0, REMEDY_ENGINE},
	{"Config.AttachStdin", json_same, 0, REMEDY_TAMPERED},
	{"Config.OpenStdin", json_same, 0, REMEDY_TAMPERED},
	{"Config.Tty", json_same, 0, REMEDY_TAMPERED},
};

/* Fields that berth never asks for, and that would undo what it does: must be unset. */
static const char *const unset_fields[] = {
	"HostConfig.Privileged",      "HostConfig.PidMode",
	"HostConfig.UTSMode",	      "HostConfig.UsernsMode",
	"HostConfig.Devices",	      "HostConfig.DeviceRequests",
	"HostConfig.Binds",	      "HostConfig.DeviceCgroupRules",
	"HostConfig.VolumesFrom",     "HostConfig.GroupAdd",
	"HostConfig.Sysctls",	      "HostConfig.PortBindings",
	"HostConfig.PublishAllPorts", "HostConfig.Links",
	"HostConfig.ExtraHosts",      "HostConfig.AutoRemove",
	"HostConfig.OomKillDisable",
};

/* Fields that the engine fills in by itself; without them /proc and /sys are open. */
static const char *const filled_fields[] = {"HostConfig.MaskedPaths", "HostConfig.ReadonlyPaths"};

/* The value at "A.B.C". */
static struct json_object *at_path(struct json_object *object, const char *path)
{
	char key[64];

	for (;;) {
		size_t len = strcspn(path, ".");
		if (len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = '\0';
		object = json_get(object, key);
		if (path[len] == '\0')
			return object;
		path += len + 1;
	}
}

/* Inspect keeps what stood outside HostConfig in a part of its own. */
static const char *path_in_request(const char *path)
{
	static const char config[] = "Config.";

	return strncmp(path, config, strlen(config)) == 0 ? path + strlen(config) : path;
}

/* Of two objects only the first member that differs is worth a message. */
static int refuse_member(const struct asked_field *field, struct json_object *asked,
			 struct json_object *got, struct err *err)
{
	const char *differs = NULL;

	json_object_object_foreach (asked, key, value) {
		if (!differs && !json_object_equal(value, json_get(got, key)))
			differs = key;
	}
	if (!differs && json_object_is_type(got, json_type_object)) {
		json_object_object_foreach (got, added, ignored) {
			(void)ignored;
			if (!differs && !json_get(asked, added))
				differs = added;
		}
	}
	_cleanup_free_ char *path = xasprintf("%s[%s]", field->path, differs ? differs : "?");
	return docker_refuse(err, path, json_text(differs ? json_get(asked, differs) : NULL),
			     json_text(differs ? json_get(got, differs) : NULL), field->remedy);
}

static int check_asked(const struct asked_field *field, const struct plan *plan,
		       struct json_object *request, struct json_object *inspect, struct err *err)
{
	struct json_object *asked = at_path(request, path_in_request(field->path));
	struct json_object *got = at_path(inspect, field->path);

	if ((plan->policy->unenforced & field->waivers) || field->same(asked, got))
		return 0;
	if (json_object_is_type(asked, json_type_object))
		return refuse_member(field, asked, got, err);
	return docker_refuse(err, field->path, json_text(asked), json_text(got), field->remedy);
}

/* What is compared only if the plan asks for something of its own. */
static int check_optional(const struct plan *plan, struct json_object *request,
			  struct json_object *inspect, struct err *err)
{
	static const struct asked_field runtime = {"HostConfig.Runtime", json_same, 0,
						   "install the runtime on the engine's host and "
						   "name it in the engine's configuration"},
					command[] = {
						{"Config.Entrypoint", json_same, 0, REMEDY_ENGINE},
						{"Config.Cmd", json_same, 0, REMEDY_ENGINE}};
	int r = 0;

	if (plan->policy->runtime)
		r = check_asked(&runtime, plan, request, inspect, err);
	for (size_t i = 0; r == 0 && plan->command && i < ARRAY_SIZE(command); i++)
		r = check_asked(&command[i], plan, request, inspect, err);
	return r;
}

static int check_identity(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	const char *name = json_get_string(inspect, "Name");
	const char *image = json_get_string(inspect, "Image");

	if (!name || strcmp(name + strspn(name, "/"), plan->name) != 0)
		return docker_refuse(err, "Name", plan->name, name ? name : "none",
				     REMEDY_TAMPERED);
	if (!image || strcmp(image, plan->image_id) != 0)
		return docker_refuse(err, "Image", plan->image_id, image ? image : "none",
				     "the image's name was given to another image meanwhile: the "
				     "next attempt uses that one");
	return 0;
}

int docker_verify(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	_cleanup_(json_putp) struct json_object *request = docker_render(plan, true);

	int r = check_identity(plan, inspect, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(asked_fields); i++)
		r = check_asked(&asked_fields[i], plan, request, inspect, err);
	if (r == 0)
		r = check_optional(plan, request, inspect, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(unset_fields); i++) {
		struct json_object *got = at_path(inspect, unset_fields[i]);
		if (!json_is_empty(got))
			r = docker_refuse(err, unset_fields[i], "nothing", json_text(got),
					  REMEDY_TAMPERED);
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(filled_fields); i++)
		if (json_is_empty(at_path(inspect, filled_fields[i])))
			r = docker_refuse(err, filled_fields[i], "the engine's own list", "nothing",
					  REMEDY_ENGINE);
	return r == 0 ? docker_verify_contents(plan, inspect, err) : r;
}
