/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request is rendered once more and compared with what the engine says it made of it, one row
 * per field; so nothing can be asked for in one way and looked for in another. What lists of
 * variables, labels and mounts need beyond that is in verify_contents.c. Field names: Docker Engine
 * API v1.41, GET /containers/{id}/json.
 */
#include "base/cleanup.h"
#include "engine/docker.h"
#include "engine/render.h"
#include "engine/verify.h"

#include <string.h>

static const struct verify_field asked_fields[] = {
	{"Config.User", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.ReadonlyRootfs", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.CapDrop", json_same_set, 0, REMEDY_ENGINE},
	{"HostConfig.CapAdd", json_same_set, 0, REMEDY_ENGINE},
	{"HostConfig.IpcMode", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.SecurityOpt", json_same_set, 0, REMEDY_ENGINE},
	{"HostConfig.PidsLimit", json_same, WAIVE_PIDS, REMEDY_WAIVER("pids")},
	{"HostConfig.Memory", json_same, WAIVE_MEMORY, REMEDY_WAIVER("memory")},
	{"HostConfig.MemorySwap", json_same, WAIVE_MEMORY | WAIVE_SWAP, REMEDY_WAIVER("swap")},
	{"HostConfig.NanoCpus", json_same, WAIVE_CPUS, REMEDY_WAIVER("cpus")},
	{"HostConfig.Ulimits", json_same_limits, WAIVE_ULIMITS, REMEDY_WAIVER("ulimits")},
	{"HostConfig.OomScoreAdj", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.Tmpfs", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.ShmSize", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.Init", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.CgroupnsMode", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.NetworkMode", json_same, 0, REMEDY_TAMPERED},
	{"HostConfig.LogConfig", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.RestartPolicy.Name", json_same, 0, REMEDY_TAMPERED},
	{"Config.StopTimeout", json_same, 0, REMEDY_ENGINE},
	{"Config.Healthcheck.Test", json_same, 0, REMEDY_ENGINE},
	{"Config.Entrypoint", json_same, 0, REMEDY_TAMPERED},
	{"Config.Cmd", json_same, 0, REMEDY_TAMPERED},
	{"Config.AttachStdin", json_same, 0, REMEDY_TAMPERED},
	{"Config.AttachStdout", json_same, 0, REMEDY_TAMPERED},
	{"Config.AttachStderr", json_same, 0, REMEDY_TAMPERED},
	{"Config.OpenStdin", json_same, 0, REMEDY_TAMPERED},
	{"Config.Tty", json_same, 0, REMEDY_TAMPERED},
};

static const char *const unset_fields[] = {
	"HostConfig.Privileged",
	"HostConfig.PidMode",
	"HostConfig.UTSMode",
	"HostConfig.UsernsMode",
	"HostConfig.Devices",
	"HostConfig.DeviceRequests",
	"HostConfig.Binds",
	"HostConfig.DeviceCgroupRules",
	"HostConfig.VolumesFrom",
	"HostConfig.GroupAdd",
	"HostConfig.Sysctls",
	"HostConfig.PortBindings",
	"HostConfig.PublishAllPorts",
	"HostConfig.Links",
	"HostConfig.ExtraHosts",
	"HostConfig.AutoRemove",
	"HostConfig.OomKillDisable",
	"HostConfig.CgroupParent",
	"HostConfig.Cgroup",
	"HostConfig.Annotations",
	"HostConfig.Dns",
	"HostConfig.DnsOptions",
	"HostConfig.DnsSearch",
	"HostConfig.StorageOpt",
	"HostConfig.CpuRealtimePeriod",
	"HostConfig.CpuRealtimeRuntime",
};

/* What the daemon sets where a container has none (20.10). */
static const char *const own_variables[] = {"PATH", NULL};

/* On the network that was asked for, and on no other. Before its first start the daemon may not
 * have noted any (29). */
static int check_networks(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	struct json_object *networks =
		json_get_object(json_get_object(inspect, "NetworkSettings"), "Networks");
	int count = networks ? json_object_object_length(networks) : 0;

	struct json_object *own = json_get(networks, plan->network);
	bool is_plain =
		json_is_empty(json_get(own, "Links")) && json_is_empty(json_get(own, "IPAMConfig"));
	if (count == 0 || (count == 1 && own && is_plain))
		return 0;
	return verify_refuse(plan, "NetworkSettings.Networks", plan->network, json_text(networks),
			     REMEDY_TAMPERED, err);
}

static struct json_object *bind_options(struct json_object *mounts, const char *target)
{
	size_t count =
		json_object_is_type(mounts, json_type_array) ? json_object_array_length(mounts) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *mount = json_object_array_get_idx(mounts, i);
		const char *own = json_get_string(mount, "Target");
		if (own && strcmp(own, target) == 0)
			return json_get_object(mount, "BindOptions");
	}
	return NULL;
}

/* Whether a read-only mount brings along what is mounted below its source, which would stay
 * writable: that is shown of the request only. */
static int check_depth(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	struct json_object *made = json_at(inspect, "HostConfig.Mounts");

	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		struct json_object *options = bind_options(made, mount->target);
		if (!mount->read_only || json_get_bool(options, "NonRecursive", false))
			continue;
		_cleanup_free_ char *field =
			xasprintf("HostConfig.Mounts[%s].BindOptions.NonRecursive", mount->target);
		return verify_refuse(plan, field, "true", "nothing", REMEDY_TAMPERED, err);
	}
	return 0;
}

/* The request in the shape in which inspect shows it: what stood outside HostConfig has a part of
 * its own there. */
static struct json_object *expect(const struct plan *plan)
{
	struct json_object *expected = json_new_object(), *request = docker_render(plan, true);

	json_add(expected, "HostConfig", json_object_get(json_get(request, "HostConfig")));
	if (!plan->command) {
		json_add(request, "Entrypoint", render_strings(plan->image_entrypoint));
		json_add(request, "Cmd", render_strings(plan->image_command));
	}
	json_add(expected, "Config", request);
	return expected;
}

int docker_verify(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	_cleanup_(json_putp) struct json_object *expected = expect(plan);

	int r = verify_identity(plan, inspect, err);
	/* Some of these change others, so that they are named first. */
	if (r == 0)
		r = verify_unset(unset_fields, ARRAY_SIZE(unset_fields), plan, inspect, err);
	if (r == 0)
		r = verify_fields(asked_fields, ARRAY_SIZE(asked_fields), plan, expected, inspect,
				  err);
	if (r == 0)
		r = verify_covers(plan, "HostConfig.MaskedPaths", masked_paths, inspect, err);
	if (r == 0)
		r = verify_covers(plan, "HostConfig.ReadonlyPaths", read_only_paths, inspect, err);
	if (r == 0)
		r = check_networks(plan, inspect, err);
	if (r == 0)
		r = verify_contents(plan, own_variables, inspect, err);
	return r == 0 ? check_depth(plan, inspect, err) : r;
}
