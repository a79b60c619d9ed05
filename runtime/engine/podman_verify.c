/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What inspect should say is worked out from the plan and compared with what it says, one row per
 * field. Field names: libpod API 4.0.0, GET /libpod/containers/{id}/json, as 4.3.1 answers it. It
 * shows some things in one form only, whatever they are: a private IPC namespace is "shareable", a
 * list of capabilities is null when it is empty, the masks of /proc are not shown at all (the
 * request cannot lift them without `unmask` or `privileged`).
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "engine/podman.h"
#include "engine/podman_value.h"
#include "engine/render.h"
#include "engine/verify.h"

#include <ctype.h>
#include <string.h>

static bool is_private_ipc(struct json_object *expected, struct json_object *got)
{
	const char *mode = json_string(got);

	(void)expected;
	return mode && (strcmp(mode, "private") == 0 || strcmp(mode, "shareable") == 0);
}

/* Where Podman puts containers by itself: with systemd as its cgroup manager these are shown,
 * rootful and rootless; with cgroupfs nothing is. */
static bool is_own_parent(struct json_object *expected, struct json_object *got)
{
	const char *parent = json_string(got);

	(void)expected;
	return json_is_empty(got) || (parent && (strcmp(parent, "machine.slice") == 0 ||
						 strcmp(parent, "user.slice") == 0));
}

static const struct verify_field fields[] = {
	{"Config.User", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.ReadonlyRootfs", json_same, 0, REMEDY_ENGINE},
	{"BoundingCaps", json_same_set, 0, REMEDY_ENGINE},
	{"HostConfig.SecurityOpt", json_same_set, 0, REMEDY_ENGINE},
	{"HostConfig.Privileged", json_same, 0, REMEDY_TAMPERED},
	{"HostConfig.PidsLimit", json_same, WAIVE_PIDS, REMEDY_WAIVER("pids")},
	{"HostConfig.Memory", json_same, WAIVE_MEMORY, REMEDY_WAIVER("memory")},
	{"HostConfig.MemorySwap", json_same, WAIVE_MEMORY | WAIVE_SWAP, REMEDY_WAIVER("swap")},
	{"HostConfig.NanoCpus", json_same, WAIVE_CPUS, REMEDY_WAIVER("cpus")},
	{"HostConfig.Ulimits", json_same_limits, WAIVE_ULIMITS, REMEDY_WAIVER("ulimits")},
	{"HostConfig.OomScoreAdj", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.Tmpfs", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.ShmSize", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.Init", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.IpcMode", is_private_ipc, 0, REMEDY_ENGINE},
	{"HostConfig.PidMode", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.UTSMode", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.CgroupMode", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.Cgroups", json_same, WAIVE_MEMORY | WAIVE_SWAP | WAIVE_PIDS | WAIVE_CPUS,
	 "the container would have no cgroup, and no limit: take `cgroups_mode` out of what "
	 "changes "
	 "the request, and `cgroups` out of containers.conf"},
	{"HostConfig.CgroupParent", is_own_parent, 0, REMEDY_TAMPERED},
	{"HostConfig.NetworkMode", json_same, 0, REMEDY_TAMPERED},
	{"HostConfig.LogConfig.Type", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.LogConfig.Size", json_same, 0, REMEDY_ENGINE},
	{"HostConfig.RestartPolicy.Name", json_same, 0, REMEDY_TAMPERED},
	{"Config.StopTimeout", json_same, 0, REMEDY_ENGINE},
	{"Config.Timeout", json_same, 0, REMEDY_TAMPERED},
	{"Config.Healthcheck.Test", json_same, 0, REMEDY_ENGINE},
	{"Config.AttachStdin", json_same, 0, REMEDY_TAMPERED},
	{"Config.OpenStdin", json_same, 0, REMEDY_TAMPERED},
	{"Config.Tty", json_same, 0, REMEDY_TAMPERED},
};

static const char *const unset_fields[] = {
	"HostConfig.UsernsMode",
	"HostConfig.Devices",
	"HostConfig.VolumesFrom",
	"HostConfig.GroupAdd",
	"HostConfig.PortBindings",
	"HostConfig.PublishAllPorts",
	"HostConfig.Links",
	"HostConfig.ExtraHosts",
	"HostConfig.AutoRemove",
	"HostConfig.OomKillDisable",
	"HostConfig.CgroupConf",
	"Pod",
	"Config.Secrets",
	"Config.ChrootDirs",
	"Config.SystemdMode",
	"Dependencies",
	"HostConfig.Dns",
	"HostConfig.DnsOptions",
	"HostConfig.DnsSearch",
	"HostConfig.ContainerIDFile",
	"HostConfig.IDMappings",
	"HostConfig.CpuRealtimePeriod",
	"HostConfig.CpuRealtimeRuntime",
};

/* Files of the container's own, in the engine's directory for it: a request can put them anywhere
 * on the host, where the engine then writes. */
static const char *const own_files[] = {"ConmonPidFile", "PidFile", "HostConfig.LogConfig.Path"};

/* What Podman sets where a container has none (4.3); HOME is the image's own user's. */
static const char *const own_variables[] = {"PATH", "TERM", "container", "HOME", "HOSTNAME", NULL};

static struct json_object *ulimits(const struct policy *policy)
{
	struct render_ulimit limits[RENDER_ULIMITS];
	struct json_object *array = json_new_array();

	render_ulimits(limits, policy);
	for (size_t i = 0; i < RENDER_ULIMITS; i++) {
		struct json_object *limit = json_new_object();
		char *name = xasprintf("RLIMIT_%s", limits[i].name);
		for (char *letter = name; *letter; letter++)
			*letter = (char)toupper((unsigned char)*letter);
		json_add_string(limit, "Name", name);
		json_add_int(limit, "Soft", limits[i].value);
		json_add_int(limit, "Hard", limits[i].value);
		json_append(array, limit);
		free(name);
	}
	return array;
}

static struct json_object *tmpfs(const struct plan *plan)
{
	struct json_object *object = json_new_object();

	for (size_t i = 0; i < plan->tmpfs_count; i++) {
		_cleanup_free_ char *options = podman_tmpfs_options(&plan->tmpfs[i], plan->policy);
		json_add_string(object, plan->tmpfs[i].path, options);
	}
	return object;
}

static struct json_object *expect_host_config(const struct plan *plan)
{
	const struct policy *policy = plan->policy;
	struct json_object *host = json_new_object(), *log = json_new_object(),
			   *restart = json_new_object();
	_cleanup_free_ char *log_size = podman_log_size(policy);

	json_add_bool(host, "ReadonlyRootfs", policy->read_only_root);
	if (policy->no_new_privileges)
		json_add(host, "SecurityOpt", render_one_string("no-new-privileges"));
	json_add_int(host, "PidsLimit", policy->pids);
	json_add_int(host, "Memory", policy->memory_bytes);
	json_add_int(host, "MemorySwap", policy->memory_bytes + policy->swap_bytes);
	json_add_int(host, "NanoCpus", policy->cpu_millis * 1000000);
	json_add(host, "Ulimits", ulimits(policy));
	json_add_int(host, "OomScoreAdj", policy->oom_score_adj);
	json_add(host, "Tmpfs", tmpfs(plan));
	json_add_int(host, "ShmSize", policy->shm_bytes);
	json_add_bool(host, "Init", true);
	json_add_string(host, "PidMode", "private");
	json_add_string(host, "UTSMode", "private");
	json_add_string(host, "CgroupMode", "private");
	json_add_string(host, "Cgroups", "default");
	json_add_string(host, "NetworkMode", podman_network_mode(plan));
	json_add_string(log, "Type", "k8s-file");
	json_add_string(log, "Size", log_size);
	json_add(host, "LogConfig", log);
	json_add_string(restart, "Name", "no");
	json_add(host, "RestartPolicy", restart);
	return host;
}

static struct json_object *expect(const struct plan *plan)
{
	struct json_object *expected = json_new_object(), *config = json_new_object(),
			   *health = json_new_object();
	_cleanup_free_ char *user = render_user(plan->policy);

	json_add_string(config, "User", user);
	json_add_int(config, "StopTimeout", render_stop_timeout(plan));
	json_add(health, "Test", render_one_string("NONE"));
	json_add(config, "Healthcheck", health);
	json_add(expected, "Config", config);
	json_add(expected, "HostConfig", expect_host_config(plan));
	json_add(expected, "BoundingCaps", render_capabilities(plan->policy));
	return expected;
}

static void append_words(struct json_object *array, char *const *words)
{
	for (; words && *words; words++)
		json_append_string(array, *words);
}

/* The command stands behind the init's own "--"; Config.Entrypoint is only its words in a row. */
static int check_command(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	_cleanup_(json_putp) struct json_object *expected = json_new_array();
	struct json_object *got = json_get_array(inspect, "Args");

	json_append_string(expected, "--");
	append_words(expected, plan->command ? plan->command : plan->image_entrypoint);
	append_words(expected, plan->command ? NULL : plan->image_command);
	if (json_same(expected, got))
		return 0;
	return verify_refuse(plan, "Args", json_text(expected), json_text(got), REMEDY_TAMPERED,
			     err);
}

static int check_own_files(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	const char *id = json_get_string(inspect, "Id");

	for (size_t i = 0; i < ARRAY_SIZE(own_files); i++) {
		const char *path = json_string(json_at(inspect, own_files[i]));
		if (path && *path && !(id && strstr(path, id)))
			return verify_refuse(plan, own_files[i], "the engine's own file", path,
					     REMEDY_TAMPERED, err);
	}
	return 0;
}

/* Keys that change what the runtime does with a container, beside all else it is told: crun,
 * runc, gVisor and Kata read them. */
static int check_annotations(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	static const char *const prefixes[] = {"run.oci.", "org.systemd.property.", "dev.gvisor.",
					       "io.katacontainers."};
	struct json_object *annotations =
		json_get_object(json_get_object(inspect, "Config"), "Annotations");

	if (!annotations)
		return 0;
	json_object_object_foreach (annotations, key, value) {
		for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
			if (!text_starts_with(key, prefixes[i]))
				continue;
			_cleanup_free_ char *field = xasprintf("Config.Annotations[%s]", key);
			return verify_refuse(plan, field, "nothing", json_text(value),
					     REMEDY_TAMPERED ", or the image that has it", err);
		}
	}
	return 0;
}

/* On a network of the operator's: on that one, and on no other. */
static int check_network(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	struct json_object *networks =
		json_get_object(json_get_object(inspect, "NetworkSettings"), "Networks");
	int count = networks ? json_object_object_length(networks) : 0;
	bool is_named = plan->network_kind == NETWORK_ENGINE;

	if (is_named ? count == 1 && json_get(networks, plan->network) : count == 0)
		return 0;
	return verify_refuse(plan, "NetworkSettings.Networks", is_named ? plan->network : "nothing",
			     json_text(networks), REMEDY_TAMPERED, err);
}

int podman_verify(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	_cleanup_(json_putp) struct json_object *expected = expect(plan);

	int r = verify_identity(plan, inspect, err);
	if (r == 0)
		r = verify_fields(fields, ARRAY_SIZE(fields), plan, expected, inspect, err);
	if (r == 0)
		r = check_command(plan, inspect, err);
	if (r == 0)
		r = check_own_files(plan, inspect, err);
	if (r == 0)
		r = check_annotations(plan, inspect, err);
	if (r == 0)
		r = check_network(plan, inspect, err);
	if (r == 0)
		r = verify_unset(unset_fields, ARRAY_SIZE(unset_fields), plan, inspect, err);
	return r == 0 ? verify_contents(plan, own_variables, inspect, err) : r;
}
