/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field names and meanings: Docker Engine API v1.41, POST /containers/create. What is not sent is
 * as much part of the contract: no Privileged, no AutoRemove (it loses exit codes), no MaskedPaths
 * (an empty list unmasks everything), no WorkingDir (the image's own holds).
 */
#include "base/cleanup.h"
#include "engine/docker.h"
#include "engine/docker_value.h"
#include "engine/render.h"

#include <string.h>

static struct json_object *environment(const struct plan *plan, bool masked)
{
	struct json_object *array = json_new_array();

	for (size_t i = 0; i < plan->variable_count; i++) {
		const struct plan_variable *variable = &plan->variables[i];
		bool hide = masked && plan_hides(variable);
		char *entry = xasprintf("%s=%s", variable->name,
					hide ? "***" : secret_reveal(variable->value));
		json_append_string(array, entry);
		explicit_bzero(entry, strlen(entry));
		free(entry);
	}
	return array;
}

static struct json_object *security_options(const struct policy *policy)
{
	struct json_object *array = json_new_array();

	if (policy->no_new_privileges)
		json_append_string(array, "no-new-privileges");
	/* The profile itself: Docker takes no path (its client reads the file). */
	if (policy->seccomp_profile) {
		_cleanup_free_ char *seccomp = xasprintf("seccomp=%s", policy->seccomp_profile);
		json_append_string(array, seccomp);
	}
	if (policy->apparmor) {
		_cleanup_free_ char *apparmor = xasprintf("apparmor=%s", policy->apparmor);
		json_append_string(array, apparmor);
	}
	if (policy->selinux) {
		_cleanup_free_ char *label = xasprintf("label=type:%s", policy->selinux);
		json_append_string(array, label);
	}
	return array;
}

static struct json_object *ulimits(const struct policy *policy)
{
	struct render_ulimit limits[RENDER_ULIMITS];
	struct json_object *array = json_new_array();

	render_ulimits(limits, policy);
	for (size_t i = 0; i < RENDER_ULIMITS; i++) {
		struct json_object *limit = json_new_object();
		json_add_string(limit, "Name", limits[i].name);
		json_add_int(limit, "Soft", limits[i].value);
		json_add_int(limit, "Hard", limits[i].value);
		json_append(array, limit);
	}
	return array;
}

static struct json_object *tmpfs(const struct plan *plan)
{
	struct json_object *object = json_new_object();

	for (size_t i = 0; i < plan->tmpfs_count; i++) {
		_cleanup_free_ char *options = docker_tmpfs_options(&plan->tmpfs[i], plan->policy);
		json_add_string(object, plan->tmpfs[i].path, options);
	}
	return object;
}

static struct json_object *mounts(const struct plan *plan)
{
	struct json_object *array = json_new_array();

	for (size_t i = 0; i < plan->mount_count; i++) {
		struct json_object *mount = json_new_object(), *options = json_new_object();
		json_add_string(mount, "Type", "bind");
		json_add_string(mount, "Source", plan->mounts[i].source);
		json_add_string(mount, "Target", plan->mounts[i].target);
		json_add_bool(mount, "ReadOnly", plan->mounts[i].read_only);
		json_add_string(options, "Propagation", "rprivate");
		/* What is mounted below a source would stay writable (Docker before 25). */
		if (plan->mounts[i].read_only)
			json_add_bool(options, "NonRecursive", true);
		json_add(mount, "BindOptions", options);
		json_append(array, mount);
	}
	return array;
}

static struct json_object *log_config(const struct policy *policy)
{
	struct json_object *log = json_new_object(), *config = json_new_object();
	_cleanup_free_ char *size = docker_log_file_size(policy);

	json_add_string(config, "max-size", size);
	json_add_string(config, "max-file", DOCKER_LOG_FILES);
	json_add_string(log, "Type", "json-file");
	json_add(log, "Config", config);
	return log;
}

static struct json_object *restart_policy(void)
{
	struct json_object *restart = json_new_object();

	json_add_string(restart, "Name", "no");
	return restart;
}

static struct json_object *host_config(const struct plan *plan)
{
	const struct policy *policy = plan->policy;
	struct json_object *host = json_new_object();

	json_add_bool(host, "ReadonlyRootfs", policy->read_only_root);
	json_add(host, "CapDrop", render_one_string("ALL"));
	json_add(host, "CapAdd", render_capabilities(policy));
	json_add(host, "SecurityOpt", security_options(policy));
	json_add_int(host, "PidsLimit", policy->pids);
	json_add_int(host, "Memory", policy->memory_bytes);
	json_add_int(host, "MemorySwap", policy->memory_bytes + policy->swap_bytes);
	json_add_int(host, "NanoCpus", docker_nano_cpus(policy));
	json_add(host, "Ulimits", ulimits(policy));
	json_add_int(host, "OomScoreAdj", policy->oom_score_adj);
	json_add(host, "Tmpfs", tmpfs(plan));
	json_add(host, "Mounts", mounts(plan));
	json_add_int(host, "ShmSize", policy->shm_bytes);
	json_add_bool(host, "Init", true);
	json_add_string(host, "IpcMode", "private");
	json_add_string(host, "CgroupnsMode", "private");
	json_add_string(host, "NetworkMode", plan->network);
	json_add(host, "LogConfig", log_config(policy));
	json_add(host, "RestartPolicy", restart_policy());
	json_add_string(host, "Runtime", policy->runtime);
	return host;
}

/* A command of the operator's replaces the image's ENTRYPOINT as well as its CMD: it is what runs,
 * word for word. Docker clears the image's CMD when an Entrypoint is given without one. */
static void add_command(struct json_object *body, char *const *command)
{
	if (!command)
		return;
	json_add(body, "Entrypoint", render_strings(command));
	json_add(body, "Cmd", json_new_array());
}

struct json_object *docker_render(const struct plan *plan, bool masked)
{
	struct json_object *body = json_new_object(), *health = json_new_object();
	_cleanup_free_ char *user = render_user(plan->policy);

	/* By its name, which `docker ps` then shows; docker_verify() looks whether it still stands
	 * for the image that the plan was made for. */
	json_add_string(body, "Image", plan->image);
	json_add_string(body, "User", user);
	add_command(body, plan->command);
	json_add(body, "Env", environment(plan, masked));
	json_add(body, "Labels", render_labels(plan));
	json_add_int(body, "StopTimeout", render_stop_timeout(plan));
	json_add_bool(body, "AttachStdin", false);
	json_add_bool(body, "AttachStdout", false);
	json_add_bool(body, "AttachStderr", false);
	json_add_bool(body, "OpenStdin", false);
	json_add_bool(body, "Tty", false);
	json_add(health, "Test", render_one_string("NONE"));
	json_add(body, "Healthcheck", health);
	json_add(body, "HostConfig", host_config(plan));
	return body;
}
