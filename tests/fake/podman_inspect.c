/* SPDX-License-Identifier: Apache-2.0 */
/* GET /libpod/containers/{id}/json, and what the list shows of a container (Podman 4.3.1). */
#include "handlers.h"
#include "podman.h"
#include "target.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char inspect_defaults[] =
	"{\"Id\":\"\",\"Created\":\"\",\"Path\":\"\",\"Args\":[],\"State\":{},\"Image\":\"\","
	"\"ImageDigest\":\"\",\"ImageName\":\"\",\"Rootfs\":\"\",\"Pod\":\"\","
	"\"ResolvConfPath\":\"\",\"HostnamePath\":\"\",\"HostsPath\":\"\",\"StaticDir\":\"\","
	"\"OCIRuntime\":\"\",\"ConmonPidFile\":\"\",\"PidFile\":\"\",\"Name\":\"\","
	"\"RestartCount\":0,\"Driver\":\"overlay\",\"MountLabel\":\"\",\"ProcessLabel\":\"\","
	"\"AppArmorProfile\":\"\",\"EffectiveCaps\":null,\"BoundingCaps\":null,\"ExecIDs\":[],"
	"\"GraphDriver\":{\"Name\":\"overlay\",\"Data\":{\"LowerDir\":\"/l\",\"UpperDir\":\"/u\","
	"\"WorkDir\":\"/w\"}},\"Mounts\":[],\"Dependencies\":[],\"NetworkSettings\":"
	"{\"EndpointID\":\"\",\"Gateway\":\"\",\"IPAddress\":\"\",\"IPPrefixLen\":0,"
	"\"IPv6Gateway\":\"\",\"GlobalIPv6Address\":\"\",\"GlobalIPv6PrefixLen\":0,"
	"\"MacAddress\":\"\",\"Bridge\":\"\",\"SandboxID\":\"\",\"HairpinMode\":false,"
	"\"LinkLocalIPv6Address\":\"\",\"LinkLocalIPv6PrefixLen\":0,\"Ports\":{},"
	"\"SandboxKey\":\"\"},\"Namespace\":\"\",\"IsInfra\":false,\"IsService\":false}";

static const char attachment_defaults[] =
	"{\"EndpointID\":\"\",\"Gateway\":\"\",\"IPAddress\":\"\",\"IPPrefixLen\":0,"
	"\"IPv6Gateway\":\"\",\"GlobalIPv6Address\":\"\",\"GlobalIPv6PrefixLen\":0,"
	"\"MacAddress\":\"\",\"NetworkID\":\"\",\"DriverOpts\":null,\"IPAMConfig\":null,"
	"\"Links\":null,\"Aliases\":[]}";

static const char state_defaults[] =
	"{\"OciVersion\":\"1.0.2-dev\",\"Status\":\"\",\"Running\":false,\"Paused\":false,"
	"\"Restarting\":false,\"OOMKilled\":false,\"Dead\":false,\"Pid\":0,\"ExitCode\":0,"
	"\"Error\":\"\",\"StartedAt\":\"\",\"FinishedAt\":\"\",\"Health\":{\"Status\":\"\","
	"\"FailingStreak\":0,\"Log\":null},\"CheckpointedAt\":\"0001-01-01T00:00:00Z\","
	"\"RestoredAt\":\"0001-01-01T00:00:00Z\"}";

static const char config_defaults[] =
	"{\"Hostname\":\"\",\"Domainname\":\"\",\"User\":\"\",\"AttachStdin\":false,"
	"\"AttachStdout\":false,\"AttachStderr\":false,\"Tty\":false,\"OpenStdin\":false,"
	"\"StdinOnce\":false,\"Env\":[],\"Cmd\":[],\"Image\":\"\",\"Volumes\":null,"
	"\"WorkingDir\":\"\",\"Entrypoint\":\"\",\"OnBuild\":null,\"Labels\":null,"
	"\"Annotations\":{},\"StopSignal\":15,\"HealthcheckOnFailureAction\":\"none\","
	"\"Umask\":\"0022\",\"Timeout\":0,\"StopTimeout\":10,\"Passwd\":true}";

static void put_time(struct json_object *object, const char *key, struct timespec time)
{
	char text[40];

	time_text(time, text);
	json_put(object, key, text);
}

/* In the "userdata" directory that every container has. */
static void put_path(struct json_object *object, const char *key, const struct container *container,
		     const char *storage, const char *file)
{
	char *path = xasprintf("/%s/containers/storage/overlay-containers/%s/userdata%s%s", storage,
			       container->id, *file ? "/" : "", file);

	json_put(object, key, path);
	free(path);
}

/* Without controllers, containers stay in the cgroup of the service. */
static void put_cgroup(struct json_object *state, const struct container *container)
{
	const char *mode = json_text(container->spec, "cgroups_mode", "");
	char *path;

	if (container->state != CONTAINER_RUNNING || strcmp(mode, "disabled") == 0)
		return;
	if (podman_ignores_limits(container->engine))
		path = xstrdup("/service");
	else
		path = xasprintf("/libpod_parent/libpod-%s", container->id);
	json_put(state, "CgroupPath", path);
	free(path);
}

/* The last pid stays until an end was seen: of what lost its conmon none ever is. */
static struct json_object *state_object(const struct container *container)
{
	struct json_object *state = json_tokener_parse(state_defaults);
	bool has_ended =
		container->state == CONTAINER_STOPPED || container->state == CONTAINER_EXITED;
	pid_t pid = has_ended && !container->lost_conmon ? 0 : container->shown_pid;

	json_put(state, "Status", container_state_name(container));
	json_put_flag(state, "Running", container->state == CONTAINER_RUNNING);
	json_put_number(state, "Pid", pid);
	if (pid)
		json_put_number(state, "ConmonPid", getpid());
	json_put_number(state, "ExitCode", container->exit_code);
	put_time(state, "StartedAt", container->started);
	put_time(state, "FinishedAt", container->finished);
	put_cgroup(state, container);
	return state;
}

static void put_annotations(struct json_object *annotations, const struct container *container)
{
	json_put(annotations, "io.podman.annotations.autoremove", "FALSE");
	json_put(annotations, "io.podman.annotations.init",
		 json_flag(container->spec, "init") ? "TRUE" : "FALSE");
	json_put(annotations, "io.podman.annotations.privileged",
		 json_flag(container->spec, "privileged") ? "TRUE" : "FALSE");
	json_put(annotations, "io.podman.annotations.publish-all", "FALSE");
	if (!container->was_set_up)
		return;
	json_put(annotations, "io.container.manager", "libpod");
	put_time(annotations, "io.kubernetes.cri-o.Created", container->created);
	json_put(annotations, "org.opencontainers.image.stopSignal", "15");
}

static void put_entrypoint(struct json_object *config, struct json_object *words)
{
	struct text text = {0};

	text_adds(&text, "");
	for (size_t i = 0; words && i < json_object_array_length(words); i++)
		text_addf(&text, "%s%s", i ? " " : "",
			  json_object_get_string(json_object_array_get_idx(words, i)));
	json_put(config, "Entrypoint", text.data);
	text_done(&text);
}

/* The host's name is in the environment once the container was initialized. */
static void put_env(struct json_object *config, const struct container *container,
		    const char *hostname)
{
	struct json_object *env = json_member(config, "Env");
	char *variable = xasprintf("HOSTNAME=%s", hostname);

	json_append(env, container->env);
	if (container->was_set_up)
		json_object_array_add(env, json_object_new_string(variable));
	free(variable);
}

struct json_object *podman_config(const struct container *container)
{
	struct json_object *spec = container->spec;
	struct json_object *config = json_tokener_parse(config_defaults);
	struct json_object *health = json_member(spec, "healthconfig");
	char *id = xasprintf("%.12s", container->id);
	const char *hostname = json_text(spec, "hostname", id);

	json_put(config, "Hostname", hostname);
	put_env(config, container, hostname);
	json_put(config, "User", json_text(spec, "user", ""));
	json_object_object_add(config, "Cmd", json_object_get(json_member(spec, "command")));
	put_entrypoint(config, json_member(spec, "entrypoint"));
	json_put(config, "Image", container->image);
	json_put(config, "WorkingDir", json_text(spec, "work_dir", "/"));
	if (json_object_object_length(container->labels))
		json_object_object_add(config, "Labels", json_object_get(container->labels));
	put_annotations(json_member(config, "Annotations"), container);
	json_put_number(config, "StopSignal", json_number(spec, "stop_signal", 15));
	if (health)
		json_object_object_add(config, "Healthcheck", json_object_get(health));
	json_put(config, "Umask", json_text(spec, "umask", "0022"));
	json_put_number(config, "Timeout", json_number(spec, "timeout", 0));
	json_put_number(config, "StopTimeout", container->stop_timeout);
	free(id);
	return config;
}

static struct json_object *attachment(const struct container *container, const char *name)
{
	struct json_object *json = json_tokener_parse(attachment_defaults);
	char *alias = xasprintf("%.12s", container->id);

	json_put(json, "NetworkID", name);
	json_object_array_add(json_member(json, "Aliases"), json_object_new_string(alias));
	free(alias);
	return json;
}

/* Those of a container on bridges; NULL for any other, which has no such member. */
static struct json_object *networks_object(const struct container *container)
{
	struct json_object *asked = json_member(container->spec, "networks");
	struct json_object *json;

	if (strcmp(container->network, "bridge") != 0)
		return NULL;
	json = json_object_new_object();
	if (!asked || json_object_object_length(asked) == 0) {
		json_object_object_add(json, "podman", attachment(container, "podman"));
		return json;
	}
	json_object_object_foreach (asked, name, options) {
		(void)options;
		json_object_object_add(json, name, attachment(container, name));
	}
	return json;
}

static void put_paths(struct json_object *json, const struct container *container)
{
	bool exists =
		container->state == CONTAINER_RUNNING || container->state == CONTAINER_INITIALIZED;

	put_path(json, "StaticDir", container, "var/lib", "");
	put_path(json, "ConmonPidFile", container, "run", "conmon.pid");
	put_path(json, "PidFile", container, "run", "pidfile");
	if (!container->was_set_up)
		return;
	put_path(json, "ResolvConfPath", container, "run", "resolv.conf");
	put_path(json, "HostnamePath", container, "run", "hostname");
	put_path(json, "HostsPath", container, "run", "hosts");
	put_path(json, "OCIConfigPath", container, "var/lib", "config.json");
	if (!exists)
		return;
	json_put(json_member(json_member(json, "GraphDriver"), "Data"), "MergedDir", "/m");
	json_put(json_member(json, "NetworkSettings"), "SandboxKey", "/run/netns/netns-1");
}

void handle_podman_inspect(struct request *request)
{
	const struct container *container = target_container(request);
	struct json_object *json, *host, *networks;

	if (!container)
		return;
	json = json_tokener_parse(inspect_defaults);
	host = podman_host(container->engine);
	json_put(json, "Id", container->id);
	put_time(json, "Created", container->created);
	json_put(json, "Path", container->entry);
	json_object_object_add(json, "Args", json_object_get(container->args));
	json_object_object_add(json, "State", state_object(container));
	json_put(json, "Image", container->image_id + strlen("sha256:"));
	json_put(json, "ImageDigest", container->image_id);
	json_put(json, "ImageName", container->image);
	json_put(json, "OCIRuntime", json_text(json_member(host, "ociRuntime"), "name", ""));
	json_put(json, "Name", container->name);
	put_paths(json, container);
	networks = networks_object(container);
	if (networks)
		json_object_object_add(json_member(json, "NetworkSettings"), "Networks", networks);
	json_object_object_add(json, "EffectiveCaps", podman_effective_caps(container));
	json_object_object_add(json, "BoundingCaps", podman_bounding_caps(container));
	json_object_object_add(json, "Mounts", json_tokener_parse(container->mounts_text));
	json_object_object_add(json, "Config", podman_config(container));
	json_object_object_add(json, "HostConfig", podman_host_config(container));
	json_object_put(host);
	reply_json(request, 200, json);
}

static struct json_object *list_mounts(const struct container *container)
{
	static const char *const hidden[] = {"Driver", "Options"};
	struct json_object *mounts = json_tokener_parse(container->mounts_text);

	for (size_t i = 0; i < json_object_array_length(mounts); i++) {
		for (size_t j = 0; j < sizeof(hidden) / sizeof(hidden[0]); j++)
			json_object_object_del(json_object_array_get_idx(mounts, i), hidden[j]);
	}
	return mounts;
}

char *podman_list_row(const struct container *container)
{
	struct json_object *mounts = list_mounts(container);
	struct json_object *networks = networks_object(container);
	struct text row = {0};

	text_addf(&row, "\"Id\":\"%s\",\"Names\":[\"/%s\"],\"Image\":", container->id,
		  container->name);
	text_add_json(&row, container->image);
	text_addf(&row, ",\"ImageID\":\"%s\",\"Command\":", container->image_id);
	text_add_json(&row, container->command ? container->command : "");
	text_addf(&row, ",\"Created\":%lld,\"Ports\":[],\"Labels\":%s",
		  (long long)container->created.tv_sec,
		  json_object_object_length(container->labels) ? json_line(container->labels)
							       : "null");
	text_addf(&row,
		  ",\"NetworkSettings\":{\"Networks\":%s},\"Mounts\":%s,\"Name\":\"\","
		  "\"Config\":null,\"NetworkingConfig\":null,\"Platform\":null,"
		  "\"AdjustCPUShares\":false",
		  json_line(networks), json_line(mounts));
	json_object_put(networks);
	json_object_put(mounts);
	return row.data;
}
