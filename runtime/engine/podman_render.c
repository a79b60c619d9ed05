/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field names and meanings: Podman's SpecGenerator (pkg/specgen, libpod API 4.0.0). What is not
 * sent is as much part of the contract: no `runtime` (ignored: a Podman service has one for all),
 * no `cgroups_mode`, no memory swappiness (the start fails on cgroup v2), no `unmask`.
 */
#include "base/cleanup.h"
#include "engine/podman.h"
#include "engine/podman_value.h"
#include "engine/render.h"

#include <string.h>

static struct json_object *environment(const struct plan *plan, bool masked)
{
	struct json_object *object = json_new_object();

	for (size_t i = 0; i < plan->variable_count; i++) {
		const struct plan_variable *variable = &plan->variables[i];
		bool hide = masked && plan_hides(variable);
		json_add_string(object, variable->name,
				hide ? "***" : secret_reveal(variable->value));
	}
	return object;
}

static struct json_object *namespace(const char *mode)
{
	struct json_object *object = json_new_object();

	json_add_string(object, "nsmode", mode);
	return object;
}

static struct json_object *resource_limits(const struct policy *policy)
{
	struct json_object *limits = json_new_object(), *memory = json_new_object(),
			   *pids = json_new_object(), *cpu = json_new_object();

	json_add_int(memory, "limit", policy->memory_bytes);
	json_add_int(memory, "swap", policy->memory_bytes + policy->swap_bytes);
	json_add_int(pids, "limit", policy->pids);
	json_add_int(cpu, "quota", policy->cpu_millis * PODMAN_CPU_PERIOD_US / 1000);
	json_add_int(cpu, "period", PODMAN_CPU_PERIOD_US);
	json_add(limits, "memory", memory);
	json_add(limits, "pids", pids);
	json_add(limits, "cpu", cpu);
	return limits;
}

static struct json_object *ulimits(const struct policy *policy)
{
	struct render_ulimit limits[RENDER_ULIMITS];
	struct json_object *array = json_new_array();

	render_ulimits(limits, policy);
	for (size_t i = 0; i < RENDER_ULIMITS; i++) {
		struct json_object *limit = json_new_object();
		json_add_string(limit, "type", limits[i].name);
		json_add_int(limit, "soft", limits[i].value);
		json_add_int(limit, "hard", limits[i].value);
		json_append(array, limit);
	}
	return array;
}

static void add_tmpfs(struct json_object *array, const struct policy_tmpfs *tmpfs)
{
	struct json_object *mount = json_new_object(), *options = json_new_array();
	_cleanup_free_ char *size = podman_tmpfs_size(tmpfs);
	_cleanup_free_ char *mode = podman_tmpfs_mode(tmpfs);

	json_append_string(options, "rw");
	json_append_string(options, "nosuid");
	json_append_string(options, "nodev");
	json_append_string(options, tmpfs->exec ? "exec" : "noexec");
	json_append_string(options, size);
	json_append_string(options, mode);
	/* It belongs to the container's user, and begins empty, not as a copy of the image's. */
	json_append_string(options, "U");
	json_append_string(options, "notmpcopyup");
	json_add_string(mount, "type", "tmpfs");
	json_add_string(mount, "source", "tmpfs");
	json_add_string(mount, "destination", tmpfs->path);
	json_add(mount, "options", options);
	json_append(array, mount);
}

static void add_bind(struct json_object *array, const struct plan_mount *bind)
{
	struct json_object *mount = json_new_object(), *options = json_new_array();

	/* What is mounted below a source would stay writable. */
	json_append_string(options, bind->read_only ? "bind" : "rbind");
	json_append_string(options, bind->read_only ? "ro" : "rw");
	json_append_string(options, "rprivate");
	json_add_string(mount, "type", "bind");
	json_add_string(mount, "source", bind->source);
	json_add_string(mount, "destination", bind->target);
	json_add(mount, "options", options);
	json_append(array, mount);
}

static struct json_object *mounts(const struct plan *plan)
{
	struct json_object *array = json_new_array();

	for (size_t i = 0; i < plan->tmpfs_count; i++)
		add_tmpfs(array, &plan->tmpfs[i]);
	for (size_t i = 0; i < plan->mount_count; i++)
		add_bind(array, &plan->mounts[i]);
	return array;
}

/*
 * `unrestricted` is a network stack of the session's own in user space: sessions do not see each
 * other, the host's loopback is out of reach, and no bridge or firewall rule is left on the host.
 * On Podman's bridges containers can always talk to each other.
 */
static void add_network(struct json_object *body, const struct plan *plan)
{
	struct json_object *networks, *options;

	json_add(body, "netns", namespace(podman_network_mode(plan)));
	switch (plan->network_kind) {
	case NETWORK_NONE:
		break;
	case NETWORK_UNRESTRICTED:
		options = json_new_object();
		json_add(options, PODMAN_OWN_NETWORK,
			 render_one_string("allow_host_loopback=false"));
		json_add(body, "network_options", options);
		break;
	case NETWORK_ENGINE:
		networks = json_new_object();
		json_add(networks, plan->network, json_new_object());
		json_add(body, "networks", networks);
		break;
	}
}

static struct json_object *log_configuration(const struct policy *policy)
{
	struct json_object *log = json_new_object();

	json_add_string(log, "driver", "k8s-file");
	json_add_int(log, "size", policy->log_bytes);
	return log;
}

static void add_confinement(struct json_object *body, const struct policy *policy)
{
	json_add_bool(body, "read_only_filesystem", policy->read_only_root);
	json_add(body, "cap_drop", render_one_string("ALL"));
	json_add(body, "cap_add", render_capabilities(policy));
	json_add_bool(body, "no_new_privileges", policy->no_new_privileges);
	/* A path on the engine's host, which a unix socket is on. */
	json_add_string(body, "seccomp_profile_path", policy->seccomp_file);
	json_add_string(body, "apparmor_profile", policy->apparmor);
	if (policy->selinux) {
		_cleanup_free_ char *type = xasprintf("type:%s", policy->selinux);
		json_add(body, "selinux_opts", render_one_string(type));
	}
}

struct json_object *podman_render(const struct plan *plan, bool masked)
{
	const struct policy *policy = plan->policy;
	struct json_object *body = json_new_object(), *health = json_new_object();
	_cleanup_free_ char *user = render_user(policy);

	json_add_string(body, "name", plan->name);
	json_add_string(body, "image", plan->image);
	json_add_string(body, "user", user);
	/* An entry point of the operator's replaces the image's command, too. */
	if (plan->command)
		json_add(body, "entrypoint", render_strings(plan->command));
	json_add(body, "env", environment(plan, masked));
	json_add(body, "labels", render_labels(plan));
	add_confinement(body, policy);
	json_add(body, "resource_limits", resource_limits(policy));
	json_add(body, "r_limits", ulimits(policy));
	json_add_int(body, "oom_score_adj", policy->oom_score_adj);
	json_add_int(body, "shm_size", policy->shm_bytes);
	json_add(body, "mounts", mounts(plan));
	json_add_string(body, "image_volume_mode", "ignore"); /* the plan has a tmpfs for each */
	json_add_bool(body, "init", true);
	json_add_string(body, "systemd", "false"); /* or a command named "init" changes mounts */
	json_add(body, "ipcns", namespace("private"));
	json_add(body, "pidns", namespace("private"));
	json_add(body, "utsns", namespace("private"));
	json_add(body, "cgroupns", namespace("private"));
	add_network(body, plan);
	json_add_int(body, "stop_timeout", render_stop_timeout(plan));
	json_add_bool(body, "stdin", false);
	json_add_bool(body, "terminal", false);
	json_add(body, "log_configuration", log_configuration(policy));
	json_add_string(body, "restart_policy", "no");
	json_add(health, "Test", render_one_string("NONE"));
	json_add(body, "healthconfig", health);
	return body;
}
