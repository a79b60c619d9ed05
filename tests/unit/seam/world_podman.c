/* SPDX-License-Identifier: Apache-2.0 */
/* Podman 4.3.1 as far as one container is concerned, where it differs from Docker. */
#include "base/cleanup.h"
#include "base/text.h"
#include "world_engine.h"

#include <ctype.h>
#include <stdio.h>

struct fake_reply world_podman_connection_answer(const struct fake_sent *sent)
{
	struct fake_reply reply = {.after_ms = 1, .status = 200};

	if (strstr(sent->url, "/_ping")) {
		reply.headers = "libpod-api-version: 4.3.1\n";
		reply.body = "OK";
	} else if (strstr(sent->url, "/version")) {
		reply.body = "{\"Version\":\"4.3.1\",\"ApiVersion\":\"1.41\","
			     "\"MinAPIVersion\":\"1.24\"}";
	} else if (strstr(sent->url, "/v4.0.0/libpod/info")) {
		reply.body = "{\"host\":{\"cgroupManager\":\"systemd\",\"cgroupVersion\":\"v2\","
			     "\"cgroupControllers\":[\"cpu\",\"memory\",\"pids\"],"
			     "\"ociRuntime\":{\"name\":\"crun\"},"
			     "\"security\":{\"rootless\":true,\"seccompEnabled\":true}},"
			     "\"store\":{\"graphRoot\":\"/home/op/containers\"}}";
	} else {
		fail_msg("nobody answers %s %s", sent->method, sent->url);
	}
	return reply;
}

/* 304 also of one that runs. Of one that has ended it makes a new process. */
long world_prepare(struct session_world *world)
{
	struct world_container *container = &world->container;

	assert_true(world->is_podman); /* Docker has nothing of the kind */
	if (container->status == CONTAINER_RUNNING || container->is_prepared)
		return 304;
	container->status = CONTAINER_CREATED;
	container->is_prepared = true;
	world_begin_process(world);
	return 204;
}

/* --- inspect ---------------------------------------------------------------------------------- */

static struct json_object *texts(const char *text)
{
	struct json_object *array = json_new_array();

	json_append_string(array, text);
	return array;
}

static struct json_object *copy(struct json_object *object, const char *key)
{
	return json_object_get(json_get(object, key));
}

/* {"name":"A"} of {"A":"b"} is {"Env":["A=b"]}. */
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
	unsigned uid = 0, gid = 0;

	if (!mounts)
		return result;
	assert_int_equal(sscanf(json_get_string(request, "user"), "%u:%u", &uid, &gid), 2);
	for (size_t i = 0; i < json_object_array_length(mounts); i++) {
		struct json_object *mount = json_object_array_get_idx(mounts, i);
		struct json_object *options = json_get_array(mount, "options");
		struct buf text;
		buf_init(&text, 1024);
		for (size_t j = 0; j < json_object_array_length(options); j++) {
			const char *option = json_string(json_object_array_get_idx(options, j));
			if (strcmp(option, "U") != 0 && strcmp(option, "notmpcopyup") != 0)
				(void)!buf_addf(&text, "%s,", option);
		}
		(void)!buf_addf(&text, "uid=%u,gid=%u,rprivate", uid, gid);
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

static struct json_object *host_config(struct json_object *request)
{
	struct json_object *host = json_new_object(), *log = json_new_object(),
			   *restart = json_new_object();
	struct json_object *limits = json_get(request, "resource_limits");
	struct json_object *memory = json_get(limits, "memory"), *cpu = json_get(limits, "cpu");

	json_add(host, "ReadonlyRootfs", copy(request, "read_only_filesystem"));
	if (json_get_bool(request, "no_new_privileges", false))
		json_add(host, "SecurityOpt", texts("no-new-privileges"));
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

static struct json_object *config(struct json_object *request)
{
	struct json_object *config = json_new_object();

	json_add(config, "User", copy(request, "user"));
	json_add(config, "StopTimeout", copy(request, "stop_timeout"));
	json_add(config, "Healthcheck", copy(request, "healthconfig"));
	json_add(config, "Env", environment(json_get_object(request, "env")));
	json_add(config, "Labels", copy(request, "labels"));
	return config;
}

static struct json_object *state(const struct world_container *container)
{
	static const char *const names[] = {"created", "running", "exited", "removing"};
	struct json_object *state = json_new_object();
	bool waits = container->status == CONTAINER_CREATED && container->is_prepared &&
		     container->started_at_ms == 0;

	if (container->start_was_cut_off)
		waits = container->status == CONTAINER_RUNNING;
	json_add_string(state, "Status",
			waits			       ? "initialized"
			: container->start_was_cut_off ? "created"
						       : names[container->status]);
	json_add_int(state, "Pid",
		     container->is_prepared || container->status == CONTAINER_RUNNING ? 4711 : 0);
	if (!container->start_was_cut_off) {
		world_add_time(state, "StartedAt", container->started_at_ms);
		world_add_time(state, "FinishedAt", container->finished_at_ms);
		json_add_int(state, "ExitCode", container->exit_code);
	}
	return state;
}

/* The command stands behind the init. */
static struct json_object *args(const struct session_world *world)
{
	struct json_object *array = json_new_array();

	json_append_string(array, "--");
	for (char *const *word = world->plan.facts.entrypoint; *word; word++)
		json_append_string(array, *word);
	return array;
}

char *world_podman_inspect(const struct session_world *world)
{
	const struct world_container *container = &world->container;
	struct json_object *request = container->request;
	_cleanup_(json_putp) struct json_object *root = json_new_object();

	json_add_string(root, "Id", WORLD_ID);
	json_add_string(root, "Name", "berth-work_1");
	json_add_string(root, "Image", world->plan.facts.id + strlen("sha256:"));
	world_add_time(root, "Created", container->created_at_ms);
	json_add(root, "State", state(container));
	json_add_string(root, "Path", WORLD_PODMAN_INIT);
	json_add(root, "Args", args(world));
	json_add(root, "BoundingCaps", copy(request, "cap_add"));
	json_add(root, "OCIRuntime", json_object_new_string("crun"));
	json_add(root, "Config", config(request));
	json_add(root, "HostConfig", host_config(request));
	return xstrdup(json_line(root));
}
