/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine shows of a container, of itself, and of the image: made from what it was asked. */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "world/machine_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_ID    "1111111111111111111111111111111111111111111111111111111111111111"
#define PODMAN_INIT "/run/podman-init"

static void add_time(struct json_object *object, const char *key, int64_t at_ms)
{
	char text[32] = "0001-01-01T00:00:00Z";

	if (at_ms != 0)
		text_format_time(text, at_ms);
	json_add_string(object, key, text);
}

static const char *status_name(const struct machine_container *container)
{
	static const char *const names[] = {
		[CONTAINER_CREATED] = "created",
		[CONTAINER_RUNNING] = "running",
		[CONTAINER_EXITED] = "exited",
		[CONTAINER_DEAD] = "dead",
	};

	return container->is_removing ? "removing" : names[container->status];
}

/* --- Docker ----------------------------------------------------------------------------------- */

static struct json_object *docker_inspect(const struct machine_container *container)
{
	struct json_object *root = json_new_object(), *state = json_new_object();
	struct json_object *host = json_get_object(container->request, "HostConfig");
	_cleanup_free_ char *name = xasprintf("/%s", container->name);

	json_add_string(root, "Id", container->id);
	json_add_string(root, "Name", name);
	json_add_string(root, "Image", "sha256:" IMAGE_ID);
	add_time(root, "Created", container->created_at_ms);
	json_add_string(state, "Status", status_name(container));
	json_add_int(state, "Pid", container->pid);
	json_add_bool(state, "OOMKilled", container->oom_killed);
	add_time(state, "StartedAt", container->started_at_ms);
	add_time(state, "FinishedAt", container->finished_at_ms);
	json_add_int(state, "ExitCode", container->exit_code);
	json_add(root, "State", state);
	json_add(root, "Config", json_object_get(container->request));
	json_add(root, "HostConfig", json_object_get(host));
	return root;
}

/* --- Podman ----------------------------------------------------------------------------------- */

static struct json_object *copy(struct json_object *object, const char *key)
{
	return json_object_get(json_get(object, key));
}

/* {"name":"A"} of {"A":"b"} is ["A=b"]. */
static struct json_object *environment(struct json_object *variables)
{
	struct json_object *array = json_new_array();

	if (!variables)
		return array;
	json_object_object_foreach (variables, name, value) {
		_cleanup_free_ char *entry = xasprintf("%s=%s", name, json_string(value));
		json_append_string(array, entry);
	}
	return array;
}

/* The options without those that are for Podman alone, and with what it makes of them. */
static struct json_object *tmpfs(struct json_object *request)
{
	struct json_object *mounts = json_get_array(request, "mounts");
	struct json_object *result = json_new_object();
	const char *user = json_get_string(request, "user");
	const char *group = user ? strchr(user, ':') : NULL;

	for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++) {
		struct json_object *mount = json_object_array_get_idx(mounts, i);
		struct json_object *options = json_get_array(mount, "options");
		struct buf text;
		buf_init(&text, 1024);
		for (size_t j = 0; j < json_object_array_length(options); j++) {
			const char *option = json_string(json_object_array_get_idx(options, j));
			if (strcmp(option, "U") != 0 && strcmp(option, "notmpcopyup") != 0)
				(void)!buf_addf(&text, "%s,", option);
		}
		(void)!buf_addf(&text, "uid=%.*s,gid=%s,rprivate", (int)(group - user), user,
				group + 1);
		json_add_string(result, json_get_string(mount, "destination"), text.data);
		buf_done(&text);
	}
	return result;
}

/* "nofile" is "RLIMIT_NOFILE". */
static struct json_object *ulimits(struct json_object *limits)
{
	struct json_object *array = json_new_array();

	for (size_t i = 0; limits && i < json_object_array_length(limits); i++) {
		struct json_object *limit = json_object_array_get_idx(limits, i);
		struct json_object *shown = json_new_object();
		_cleanup_free_ char *name = xasprintf("RLIMIT_%s", json_get_string(limit, "type"));
		for (char *letter = name; *letter; letter++)
			*letter = (char)toupper((unsigned char)*letter);
		json_add_string(shown, "Name", name);
		json_add(shown, "Soft", copy(limit, "soft"));
		json_add(shown, "Hard", copy(limit, "hard"));
		json_append(array, shown);
	}
	return array;
}

static struct json_object *podman_host_config(struct json_object *request)
{
	struct json_object *host = json_new_object(), *log = json_new_object(),
			   *restart = json_new_object(), *security = json_new_array();
	struct json_object *limits = json_get(request, "resource_limits");
	struct json_object *memory = json_get(limits, "memory"), *cpu = json_get(limits, "cpu");

	json_add(host, "ReadonlyRootfs", copy(request, "read_only_filesystem"));
	if (json_get_bool(request, "no_new_privileges", false))
		json_append_string(security, "no-new-privileges");
	json_add(host, "SecurityOpt", security);
	json_add(host, "PidsLimit", copy(json_get(limits, "pids"), "limit"));
	json_add(host, "Memory", copy(memory, "limit"));
	json_add(host, "MemorySwap", copy(memory, "swap"));
	json_add_int(host, "NanoCpus", json_get_int(cpu, "quota", 0) * 10000);
	json_add(host, "Ulimits", ulimits(json_get_array(request, "r_limits")));
	json_add(host, "OomScoreAdj", copy(request, "oom_score_adj"));
	json_add(host, "Tmpfs", tmpfs(request));
	json_add(host, "ShmSize", copy(request, "shm_size"));
	json_add(host, "Init", copy(request, "init"));
	json_add_string(host, "IpcMode", "shareable");
	json_add_string(host, "PidMode", "private");
	json_add_string(host, "UTSMode", "private");
	json_add_string(host, "CgroupMode", "private");
	json_add_string(host, "Cgroups", "default");
	json_add(host, "NetworkMode", copy(json_get(request, "netns"), "nsmode"));
	json_add_string(log, "Type", "k8s-file");
	json_add_string(log, "Size", "10.49MB");
	json_add(host, "LogConfig", log);
	json_add(restart, "Name", copy(request, "restart_policy"));
	json_add(host, "RestartPolicy", restart);
	return host;
}

static struct json_object *podman_config(struct json_object *request)
{
	struct json_object *config = json_new_object();

	json_add(config, "User", copy(request, "user"));
	json_add(config, "StopTimeout", copy(request, "stop_timeout"));
	json_add(config, "Healthcheck", copy(request, "healthconfig"));
	json_add(config, "Env", environment(json_get_object(request, "env")));
	json_add(config, "Labels", copy(request, "labels"));
	return config;
}

static struct json_object *podman_state(const struct machine_container *container)
{
	struct json_object *state = json_new_object();
	bool waits = container->status == CONTAINER_CREATED && container->is_prepared &&
		     container->started_at_ms == 0;

	if (container->was_cut_off)
		waits = container->status == CONTAINER_RUNNING;
	json_add_string(state, "Status", waits ? "initialized" : status_name(container));
	json_add_int(state, "Pid", container->pid);
	if (container->was_cut_off)
		return state;
	json_add_bool(state, "OOMKilled", container->oom_killed);
	add_time(state, "StartedAt", container->started_at_ms);
	add_time(state, "FinishedAt", container->finished_at_ms);
	json_add_int(state, "ExitCode", container->exit_code);
	return state;
}

/* The command stands behind the init. */
static struct json_object *args(struct json_object *request)
{
	struct json_object *own = json_get_array(request, "entrypoint"), *array = json_new_array();

	json_append_string(array, "--");
	for (size_t i = 0; own && i < json_object_array_length(own); i++)
		json_append(array, json_object_get(json_object_array_get_idx(own, i)));
	if (!own)
		json_append_string(array, IMAGE_COMMAND);
	return array;
}

static struct json_object *podman_inspect(const struct machine_container *container)
{
	struct json_object *request = container->request;
	struct json_object *root = json_new_object();

	json_add_string(root, "Id", container->id);
	json_add_string(root, "Name", container->name);
	json_add_string(root, "Image", IMAGE_ID);
	add_time(root, "Created", container->created_at_ms);
	json_add(root, "State", podman_state(container));
	json_add_string(root, "Path", PODMAN_INIT);
	json_add(root, "Args", args(request));
	json_add(root, "BoundingCaps", copy(request, "cap_add"));
	json_add_string(root, "OCIRuntime", "crun");
	json_add(root, "Config", podman_config(request));
	json_add(root, "HostConfig", podman_host_config(request));
	return root;
}

/* What the VOLUME of an unfit image becomes. */
static struct json_object *volume_of_image(void)
{
	struct json_object *mounts = json_new_array(), *mount = json_new_object();

	json_add_string(mount, "Type", "volume");
	json_add_string(mount, "Source", "/var/lib/volumes/1/_data");
	json_add_string(mount, "Destination", "/proc");
	json_add(mount, "RW", json_object_new_boolean(true));
	json_append(mounts, mount);
	return mounts;
}

/* --- bodies ----------------------------------------------------------------------------------- */

char *inspect_body(const struct machine_container *container)
{
	_cleanup_(json_putp) struct json_object *root = machine_is_podman(container->machine)
								? podman_inspect(container)
								: docker_inspect(container);

	if (container->is_unfit)
		json_add(root, "Mounts", volume_of_image());
	return xstrdup(json_line(root));
}

char *list_body(struct machine *machine, const char *instance)
{
	_cleanup_(json_putp) struct json_object *rows = json_new_array();
	struct machine_container *container, *next;

	HASH_ITER (by_id, machine->by_id, container, next) {
		const char *label = machine_label(container, "berth.instance");
		if (instance && (!label || strcmp(label, instance) != 0))
			continue;
		struct json_object *row = json_new_object(), *names = json_new_array();
		struct json_object *labels = json_get(container->request, "Labels");
		_cleanup_free_ char *name = xasprintf("/%s", container->name);
		if (!labels)
			labels = json_get(container->request, "labels");
		json_append_string(names, name);
		json_add_string(row, "Id", container->id);
		json_add(row, "Names", names);
		json_add_string(row, "State",
				container->was_cut_off ? "created" : status_name(container));
		json_add(row, "Labels", json_object_get(labels));
		json_add_int(row, "Created", container->created_at_ms / 1000);
		json_append(rows, row);
	}
	return xstrdup(json_line(rows));
}

char *info_body(const struct machine *machine)
{
	if (!machine_is_podman(machine))
		return xstrdup("{\"OSType\":\"linux\",\"DockerRootDir\":\"/var/lib/"
			       "docker\",\"SecurityOptions\":[\"name=seccomp,profile=default\"]}");
	return xasprintf("{\"host\":{\"cgroupManager\":\"systemd\",\"cgroupVersion\":\"v2\","
			 "\"cgroupControllers\":[\"cpu\",\"memory\",\"pids\"],"
			 "\"ociRuntime\":{\"name\":\"crun\"},"
			 "\"security\":{\"rootless\":%s,\"seccompEnabled\":true}},"
			 "\"store\":{\"graphRoot\":\"/var/lib/containers\"}}",
			 machine->kind == MACHINE_PODMAN_ROOTLESS ? "true" : "false");
}

char *image_body(const struct machine *machine)
{
	return xasprintf("{\"Id\":\"sha256:" IMAGE_ID "\",\"Config\":{\"Cmd\":[\"" IMAGE_COMMAND
			 "\"],"
			 "\"Volumes\":{%s}}}",
			 machine->image == IMAGE_IS_UNFIT ? "\"/proc\":{}" : "");
}

char *filtered_instance(const char *path)
{
	static const char label[] = "berth.instance%3D";
	const char *at = strstr(path, label);

	return at ? xstrndup(at + strlen(label), strcspn(at + strlen(label), "%&\"")) : NULL;
}
