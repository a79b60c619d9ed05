/* SPDX-License-Identifier: Apache-2.0 */
#include "create.h"
#include "volumes.h"

#include <stdlib.h>
#include <string.h>

/* Docker 20.10.24 (API 1.41), inspect of a container created with an empty HostConfig. */
static const char host_config_defaults[] =
	"{\"Binds\":null,\"ContainerIDFile\":\"\",\"LogConfig\":{\"Type\":\"json-file\","
	"\"Config\":{}},\"NetworkMode\":\"default\",\"PortBindings\":null,\"RestartPolicy\":"
	"{\"Name\":\"\",\"MaximumRetryCount\":0},\"AutoRemove\":false,\"VolumeDriver\":\"\","
	"\"VolumesFrom\":null,\"CapAdd\":null,\"CapDrop\":null,\"CgroupnsMode\":\"host\","
	"\"Dns\":null,\"DnsOptions\":null,\"DnsSearch\":null,\"ExtraHosts\":null,\"GroupAdd\":null,"
	"\"IpcMode\":\"private\",\"Cgroup\":\"\",\"Links\":null,\"OomScoreAdj\":0,\"PidMode\":\"\","
	"\"Privileged\":false,\"PublishAllPorts\":false,\"ReadonlyRootfs\":false,"
	"\"SecurityOpt\":null,\"UTSMode\":\"\",\"UsernsMode\":\"\",\"ShmSize\":67108864,"
	"\"Runtime\":\"runc\",\"ConsoleSize\":[0,0],\"Isolation\":\"\",\"CpuShares\":0,"
	"\"Memory\":0,\"NanoCpus\":0,\"CgroupParent\":\"\",\"BlkioWeight\":0,"
	"\"BlkioWeightDevice\":null,\"BlkioDeviceReadBps\":null,\"BlkioDeviceWriteBps\":null,"
	"\"BlkioDeviceReadIOps\":null,\"BlkioDeviceWriteIOps\":null,\"CpuPeriod\":0,"
	"\"CpuQuota\":0,\"CpuRealtimePeriod\":0,\"CpuRealtimeRuntime\":0,\"CpusetCpus\":\"\","
	"\"CpusetMems\":\"\",\"Devices\":null,\"DeviceCgroupRules\":null,\"DeviceRequests\":null,"
	"\"KernelMemory\":0,\"KernelMemoryTCP\":0,\"MemoryReservation\":0,\"MemorySwap\":0,"
	"\"MemorySwappiness\":null,\"OomKillDisable\":false,\"PidsLimit\":null,\"Ulimits\":null,"
	"\"CpuCount\":0,\"CpuPercent\":0,\"IOMaximumIOps\":0,\"IOMaximumBandwidth\":0,"
	"\"MaskedPaths\":[\"/proc/asound\",\"/proc/acpi\",\"/proc/kcore\",\"/proc/keys\","
	"\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\","
	"\"/proc/scsi\",\"/sys/firmware\"],\"ReadonlyPaths\":[\"/proc/bus\",\"/proc/fs\","
	"\"/proc/irq\",\"/proc/sys\",\"/proc/sysrq-trigger\"]}";

static const char config_defaults[] =
	"{\"Hostname\":\"\",\"Domainname\":\"\",\"User\":\"\",\"AttachStdin\":false,"
	"\"AttachStdout\":false,\"AttachStderr\":false,\"Tty\":false,\"OpenStdin\":false,"
	"\"StdinOnce\":false,\"Env\":null,\"Cmd\":null,\"Image\":\"\",\"Volumes\":null,"
	"\"WorkingDir\":\"\",\"Entrypoint\":null,\"OnBuild\":null,\"Labels\":{}}";

/* Known members that an inspect leaves out unless they were given. */
static const char *const host_config_optional[] = {"Tmpfs",   "Mounts",	     "Init", "StorageOpt",
						   "Sysctls", "Annotations", NULL};
static const char *const config_optional[] = {"ExposedPorts", "Healthcheck", "NetworkDisabled",
					      "MacAddress",   "StopSignal",  "StopTimeout",
					      "Shell",	      NULL};

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++) {
		if (strcmp(*list, name) == 0)
			return true;
	}
	return false;
}

/* The defaults with the known members of `request` laid over them. */
static struct json_object *overlay(const char *defaults, const char *const *optional,
				   struct json_object *request)
{
	struct json_object *result = json_tokener_parse(defaults);

	if (!json_object_is_type(request, json_type_object))
		return result;
	json_object_object_foreach (request, key, value) {
		if (value && (json_has(result, key) || is_one_of(key, optional)))
			json_object_object_add(result, key, json_object_get(value));
	}
	return result;
}

static bool is_empty(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		return json_object_get_string_len(value) == 0;
	case json_type_array:
		return json_object_array_length(value) == 0;
	case json_type_object:
		return json_object_object_length(value) == 0;
	case json_type_null:
		return true;
	case json_type_boolean:
	case json_type_double:
	case json_type_int:
		return false;
	}
	return true;
}

static void inherit(struct json_object *config, const struct image *image, const char *key)
{
	struct json_object *value = json_member(image->config, key);

	if (value && is_empty(json_member(config, key)))
		json_object_object_add(config, key, json_object_get(value));
}

static void normalize_host_config(struct json_object *host_config)
{
	int64_t memory = json_number(host_config, "Memory", 0);
	struct json_object *restart = json_member(host_config, "RestartPolicy");
	struct json_object *log = json_member(host_config, "LogConfig");

	/* Docker doubles Memory where no MemorySwap was given (measured on 20.10.24). */
	if (memory > 0 && json_number(host_config, "MemorySwap", 0) == 0)
		json_object_object_add(host_config, "MemorySwap",
				       json_object_new_int64(2 * memory));
	if (restart && !json_has(restart, "MaximumRetryCount"))
		json_object_object_add(restart, "MaximumRetryCount", json_object_new_int(0));
	if (log && !json_has(log, "Config"))
		json_object_object_add(log, "Config", json_object_new_object());
	if (!*json_text(host_config, "NetworkMode", ""))
		json_put(host_config, "NetworkMode", "default");
	if (!*json_text(host_config, "Runtime", ""))
		json_put(host_config, "Runtime", "runc");
}

static bool env_has(struct json_object *env, const char *variable)
{
	size_t len = strcspn(variable, "=");

	for (size_t i = 0; i < json_object_array_length(env); i++) {
		const char *have = json_object_get_string(json_object_array_get_idx(env, i));

		if (have && strncmp(have, variable, len) == 0 && have[len] == '=')
			return true;
	}
	return false;
}

static struct json_object *merge_env(struct json_object *requested, struct json_object *inherited)
{
	struct json_object *env = json_object_new_array();

	for (size_t i = 0; requested && i < json_object_array_length(requested); i++)
		json_object_array_add(env,
				      json_object_get(json_object_array_get_idx(requested, i)));
	for (size_t i = 0; inherited && i < json_object_array_length(inherited); i++) {
		struct json_object *variable = json_object_array_get_idx(inherited, i);

		if (!env_has(env, json_object_get_string(variable)))
			json_object_array_add(env, json_object_get(variable));
	}
	return env;
}

static struct json_object *merge_labels(struct json_object *requested,
					struct json_object *inherited)
{
	struct json_object *labels = json_object_new_object();

	if (json_object_is_type(inherited, json_type_object)) {
		json_object_object_foreach (inherited, key, value)
			json_object_object_add(labels, key, json_object_get(value));
	}
	if (json_object_is_type(requested, json_type_object)) {
		json_object_object_foreach (requested, name, text)
			json_object_object_add(labels, name, json_object_get(text));
	}
	return labels;
}

/* Docker takes a string where it wants a list of arguments. */
static void make_list(struct json_object *config, const char *key)
{
	struct json_object *value = json_member(config, key);
	struct json_object *list;

	if (!json_object_is_type(value, json_type_string))
		return;
	list = json_object_new_array();
	json_object_array_add(list, json_object_get(value));
	json_object_object_add(config, key, list);
}

static void merge_command(struct container *container, const struct image *image)
{
	struct json_object *config = container->config;
	struct json_object *lists[2];
	struct text command = {0};

	make_list(config, "Entrypoint");
	make_list(config, "Cmd");
	if (is_empty(json_member(config, "Entrypoint"))) {
		inherit(config, image, "Cmd");
		inherit(config, image, "Entrypoint");
	}
	container->args = json_object_new_array();
	lists[0] = json_member(config, "Entrypoint");
	lists[1] = json_member(config, "Cmd");
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; lists[i] && j < json_object_array_length(lists[i]); j++) {
			struct json_object *word = json_object_array_get_idx(lists[i], j);

			text_addf(&command, "%s%s", command.len ? " " : "",
				  json_object_get_string(word));
			if (container->entry)
				json_object_array_add(container->args, json_object_get(word));
			else
				container->entry = xstrdup(json_object_get_string(word));
		}
	}
	container->command = command.data;
}

void create_merge(struct container *container, struct json_object *body, const struct image *image)
{
	struct json_object *config = overlay(config_defaults, config_optional, body);
	char *hostname;

	container->config = config;
	container->host_config = overlay(host_config_defaults, host_config_optional,
					 json_member(body, "HostConfig"));
	normalize_host_config(container->host_config);
	memcpy(container->image_id, image->id, sizeof(container->image_id));
	container->network = xstrdup(json_text(container->host_config, "NetworkMode", ""));
	container->auto_remove = json_flag(container->host_config, "AutoRemove");
	container->stop_timeout = json_number(config, "StopTimeout", 10);

	inherit(config, image, "User");
	inherit(config, image, "WorkingDir");
	inherit(config, image, "StopSignal");
	inherit(config, image, "Volumes");
	merge_command(container, image);
	container->env = merge_env(json_member(config, "Env"), json_member(image->config, "Env"));
	container->labels =
		merge_labels(json_member(config, "Labels"), json_member(image->config, "Labels"));
	json_object_object_add(config, "Env", json_object_get(container->env));
	json_object_object_add(config, "Labels", json_object_get(container->labels));
	if (!*json_text(config, "Hostname", "")) {
		hostname = xasprintf("%.12s", container->id);
		json_put(config, "Hostname", hostname);
		free(hostname);
	}
	volumes_mount(container, json_member(config, "Volumes"));
}
