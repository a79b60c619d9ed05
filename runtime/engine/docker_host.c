/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Docker can keep depends on its daemon and its host. It leaves out what they do not have
 * without a word (20.10: AppArmor profiles, user name spaces), or refuses the container when it is
 * made (runtimes, CPUs): here it is refused before anything is claimed. A limit that the host
 * cannot set is not refused here: it shows in each container, as inspect then has none
 * (docker_verify.c). Field names: Docker Engine API v1.41, GET /info.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "engine/docker.h"
#include "engine/message.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Names of runtimes that containerd finds by itself, without the daemon's configuration. */
#define SHIM_PREFIX "io.containerd."

static const struct {
	const char *member;
	enum cgroup_controller bit;
} limits[] = {
	{"MemoryLimit", CONTROLLER_MEMORY},
	{"PidsLimit", CONTROLLER_PIDS},
	{"CpuCfsQuota", CONTROLLER_CPU},
};

/* Whether an entry such as "name=seccomp,profile=default" is about `name`. */
static bool is_named(const char *option, const char *name)
{
	static const char prefix[] = "name=";
	size_t len = strlen(name);

	if (!text_starts_with(option, prefix) || !text_starts_with(option + strlen(prefix), name))
		return false;
	char end = option[strlen(prefix) + len];
	return end == '\0' || end == ',';
}

static void read_security_option(struct engine_host *host, const char *option)
{
	if (is_named(option, "seccomp")) {
		host->takes_seccomp = true;
		host->has_seccomp = !strstr(option, "profile=unconfined");
	} else if (is_named(option, "apparmor")) {
		host->has_apparmor = true;
	} else if (is_named(option, "selinux")) {
		host->has_selinux = true;
	} else if (is_named(option, "userns")) {
		host->has_user_namespaces = true;
	} else if (is_named(option, "rootless")) {
		host->is_rootless = host->has_user_namespaces = true;
	}
}

/* A daemon without any says null: it has none of them. */
static void read_security_options(struct engine_host *host, struct json_object *options)
{
	for (size_t i = 0; options && i < json_object_array_length(options); i++) {
		const char *option = json_string(json_object_array_get_idx(options, i));
		if (option)
			read_security_option(host, option);
	}
}

static void read_cgroups(struct engine_host *host, struct json_object *info)
{
	const char *version = json_get_string(info, "CgroupVersion");
	const char *manager = json_get_string(info, "CgroupDriver");

	host->lacks_swap_limit = !json_get_bool(info, "SwapLimit", true);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (json_get_bool(info, limits[i].member, false))
			host->controllers |= limits[i].bit;
	if (!version || !manager)
		return;
	host->has_cgroup_v2 = strcmp(version, "2") == 0;
	message_copy(host->cgroup_manager, sizeof(host->cgroup_manager), manager);
}

/* "runc, runsc": what does not fit is left out. */
static void read_runtimes(struct engine_host *host, struct json_object *runtimes)
{
	struct buf names;

	buf_init(&names, sizeof(host->runtimes) - 1);
	if (runtimes) {
		json_object_object_foreach (runtimes, name, value) {
			(void)value;
			(void)!buf_addf(&names, "%s%s", names.len > 0 ? ", " : "", name);
		}
	}
	memcpy(host->runtimes, names.data, names.len + 1);
	buf_done(&names);
}

int docker_read_info(struct probe *probe, struct json_object *info, struct err *err)
{
	const char *system = json_get_string(info, "OSType");
	const char *data_root = json_get_string(info, "DockerRootDir");

	if (system && strcmp(system, "linux") != 0) {
		return err_set(err, ERR_REFUSED, -ENOTSUP,
			       "the engine runs %.20s containers: berth needs Linux containers",
			       system);
	}
	/* Without it nobody could tell when the disk is full. */
	if (!data_root || !*data_root)
		return err_set(err, ERR_ENGINE, -EBADMSG, "info: reply makes no sense");
	free(probe->data_root);
	probe->data_root = xstrdup_or_null(data_root);
	probe->host = (struct engine_host){.cpus = json_get_int(info, "NCPU", 0)};
	read_security_options(&probe->host, json_get_array(info, "SecurityOptions"));
	read_cgroups(&probe->host, info);
	read_runtimes(&probe->host, json_get_object(info, "Runtimes"));
	message_copy(probe->host.runtime, sizeof(probe->host.runtime),
		     json_get_string(info, "DefaultRuntime"));
	return 0;
}

static bool has_runtime(const struct engine_host *host, const char *name)
{
	_cleanup_free_ char *list = xasprintf(", %s,", host->runtimes);
	_cleanup_free_ char *entry = xasprintf(", %s,", name);

	return strstr(list, entry) || text_starts_with(name, SHIM_PREFIX);
}

static int check_runtime(const struct engine_host *host, const struct policy *policy,
			 struct err *err)
{
	char known[MESSAGE_MAX];

	if (!policy->runtime || has_runtime(host, policy->runtime))
		return 0;
	message_clean(known, host->runtimes, strlen(host->runtimes), NULL);
	return err_set(err, ERR_REFUSED, -EPERM,
		       "runtime: the policy asks for %.60s, the engine knows %.120s; install it on "
		       "the host and name it under \"runtimes\" of the engine's daemon.json, or "
		       "leave `runtime` out of the policy",
		       policy->runtime, known);
}

static int check_seccomp(const struct engine_host *host, const struct policy *policy,
			 struct err *err)
{
	bool is_kept = policy->seccomp_profile ? host->takes_seccomp : host->has_seccomp;

	if (is_kept || (policy->unenforced & WAIVE_SECCOMP))
		return 0;
	return err_set(err, ERR_REFUSED, -EPERM,
		       "seccomp: this Docker filters no system calls; use one that has seccomp and "
		       "no \"seccomp-profile\": \"unconfined\" in its daemon.json, or list it "
		       "under `unenforced` of the policy");
}

static int check_cpus(const struct engine_host *host, const struct policy *policy, struct err *err)
{
	if (host->cpus <= 0 || policy->cpu_millis <= host->cpus * 1000)
		return 0;
	return err_set(err, ERR_REFUSED, -EPERM,
		       "cpus: the policy gives a session more than the %" PRId64
		       " that the host has, and Docker refuses that; lower it in a policy of your "
		       "own (extends: %.100s)",
		       host->cpus, policy->name);
}

int docker_check_host(const struct probe *probe, const struct policy *policy, struct err *err)
{
	static const char remedy[] = "start the daemon with \"userns-remap\" in its daemon.json, "
				     "use a rootless engine";
	const struct engine_host *host = &probe->host;

	int r = check_seccomp(host, policy, err);
	if (r == 0)
		r = check_runtime(host, policy, err);
	if (r == 0)
		r = check_cpus(host, policy, err);
	return r == 0 ? probe_check_confinement(host, policy, remedy, err) : r;
}
