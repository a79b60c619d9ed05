/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request is rendered once more and compared with what the engine says it made of it, one row
 * per field; so nothing can be asked for in one way and looked for in another. What lists of
 * variables, labels and mounts need beyond that is in verify_contents.c. Field names: Docker Engine
 * API v1.41, GET /containers/{id}/json.
 */
#include "base/cleanup.h"
#include "engine/docker.h"
#include "engine/verify.h"

static const struct verify_field asked_fields[] = {
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

/* What is compared only if the plan asks for something of its own. */
static int check_optional(const struct plan *plan, struct json_object *expected,
			  struct json_object *inspect, struct err *err)
{
	static const struct verify_field runtime = {"HostConfig.Runtime", json_same, 0,
						    "install the runtime on the engine's host and "
						    "name it in the engine's configuration"},
					 command[] = {
						 {"Config.Entrypoint", json_same, 0, REMEDY_ENGINE},
						 {"Config.Cmd", json_same, 0, REMEDY_ENGINE}};
	int r = 0;

	if (plan->policy->runtime)
		r = verify_fields(&runtime, 1, plan, expected, inspect, err);
	if (r == 0 && plan->command)
		r = verify_fields(command, ARRAY_SIZE(command), plan, expected, inspect, err);
	return r;
}

/* The request in the shape in which inspect shows it: what stood outside HostConfig has a part of
 * its own there. */
static struct json_object *expect(const struct plan *plan)
{
	struct json_object *expected = json_new_object(), *request = docker_render(plan, true);

	json_add(expected, "HostConfig", json_object_get(json_get(request, "HostConfig")));
	json_add(expected, "Config", request);
	return expected;
}

int docker_verify(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	_cleanup_(json_putp) struct json_object *expected = expect(plan);

	int r = verify_identity(plan, inspect, err);
	if (r == 0)
		r = verify_fields(asked_fields, ARRAY_SIZE(asked_fields), plan, expected, inspect,
				  err);
	if (r == 0)
		r = check_optional(plan, expected, inspect, err);
	if (r == 0)
		r = verify_unset(unset_fields, ARRAY_SIZE(unset_fields), plan, inspect, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(filled_fields); i++)
		if (json_is_empty(json_at(inspect, filled_fields[i])))
			r = verify_refuse(plan, filled_fields[i], "the engine's own list",
					  "nothing", REMEDY_ENGINE, err);
	return r == 0 ? verify_contents(plan, inspect, err) : r;
}
