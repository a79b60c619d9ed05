/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Podman can enforce depends on its host. Measured with 4.3.1: a rootless service on cgroup v1
 * limits nothing; on cgroup v2 it needs the user's own systemd, without which (cron, no linger) it
 * falls back to `cgroupfs` and reports limits that it does not set. A controller that is not in its
 * list may still work: the list is that of the cgroup the service itself runs in. So only what is
 * certain is refused here, before anything is claimed; the rest shows in each container
 * (engine_prove).
 */
#include "base/cleanup.h"
#include "engine/message.h"
#include "engine/podman.h"
#include "policy/waivers.h"

#include <errno.h>
#include <string.h>

#define ALL_LIMITS (WAIVE_MEMORY | WAIVE_SWAP | WAIVE_PIDS | WAIVE_CPUS)

#define REMEDY_WAIVE "or list them under `unenforced` of the policy"

static const struct {
	const char *name;
	enum cgroup_controller bit;
	unsigned needed_for; /* bits of enum policy_waiver */
} controllers[] = {
	{"memory", CONTROLLER_MEMORY, WAIVE_MEMORY | WAIVE_SWAP},
	{"pids", CONTROLLER_PIDS, WAIVE_PIDS},
	{"cpu", CONTROLLER_CPU, WAIVE_CPUS},
};

static unsigned parse_controllers(struct json_object *list)
{
	unsigned bits = 0;

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		const char *name = json_string(json_object_array_get_idx(list, i));
		for (size_t j = 0; name && j < ARRAY_SIZE(controllers); j++)
			if (strcmp(controllers[j].name, name) == 0)
				bits |= controllers[j].bit;
	}
	return bits;
}

int podman_read_info(struct probe *probe, struct json_object *info, struct err *err)
{
	struct json_object *host = json_get_object(info, "host");
	struct json_object *security = json_get_object(host, "security");
	struct engine_host *found = &probe->host;
	const char *cgroup = json_get_string(host, "cgroupVersion");
	const char *manager = json_get_string(host, "cgroupManager");
	/* `seccomp_profile` of containers.conf: no inspect ever shows it. */
	const char *profile = json_get_string(security, "seccompProfilePath");

	if (!security || !cgroup || !manager || !json_get(security, "rootless"))
		return err_set(err, ERR_ENGINE, -EBADMSG, "info: reply makes no sense");
	*found = (struct engine_host){
		.is_rootless = json_get_bool(security, "rootless", true),
		.has_cgroup_v2 = strcmp(cgroup, "v2") == 0,
		.takes_seccomp = json_get_bool(security, "seccompEnabled", false),
		.has_apparmor = json_get_bool(security, "apparmorEnabled", false),
		.has_selinux = json_get_bool(security, "selinuxEnabled", false),
		/* Rootful, what a container asks for is ignored (4.3: `userns` "auto"). */
		.has_user_namespaces = json_get_bool(security, "rootless", true),
		.has_seccomp = json_get_bool(security, "seccompEnabled", false) &&
			       !(profile && strcmp(profile, "unconfined") == 0),
		.controllers = parse_controllers(json_get_array(host, "cgroupControllers")),
	};
	message_copy(found->cgroup_manager, sizeof(found->cgroup_manager), manager);
	message_copy(found->runtime, sizeof(found->runtime),
		     json_get_string(json_get_object(host, "ociRuntime"), "name"));
	message_copy(found->seccomp_profile, sizeof(found->seccomp_profile), profile);
	free(probe->data_root);
	probe->data_root =
		xstrdup_or_null(json_get_string(json_get_object(info, "store"), "graphRoot"));
	return 0;
}

/* "memory,swap,pids: REASON; REMEDY". */
static int refuse(unsigned broken, const char *why, struct err *err)
{
	_cleanup_free_ char *fields = waivers_text(broken);

	return err_set(err, ERR_REFUSED, -EPERM, "%s: %s, " REMEDY_WAIVE, fields, why);
}

static int check_rootless(const struct engine_host *host, unsigned promised, struct err *err)
{
	static const char v1[] = "rootless Podman limits nothing on cgroup v1; boot the host with "
				 "cgroup v2, which delegates controllers to a user's session "
				 "(loginctl enable-linger USER keeps one)";
	static const char no_session[] = "its cgroup manager is not systemd, and rootless Podman "
					 "then reports limits that it does not set: it has no user "
					 "session; loginctl enable-linger USER, and run "
					 "podman.socket as a unit of that user";

	if (!host->has_cgroup_v2)
		return refuse(promised, v1, err);
	return strcmp(host->cgroup_manager, "systemd") == 0 ? 0 : refuse(promised, no_session, err);
}

static int check_controllers(const struct engine_host *host, unsigned promised, struct err *err)
{
	static const char delegate[] =
		"their cgroup controllers are not delegated to the user; set "
		"Delegate=cpu memory pids for user@.service";
	static const char enable[] = "their cgroup controllers are not there; enable them on the "
				     "host";
	unsigned broken = 0;

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (!(host->controllers & controllers[i].bit))
			broken |= promised & controllers[i].needed_for;
	/* What a user's service lists is not all that it can use. */
	if (host->is_rootless)
		broken &= ~(unsigned)WAIVE_CPUS;
	return broken == 0 ? 0 : refuse(broken, host->is_rootless ? delegate : enable, err);
}

static int check_runtime(const struct engine_host *host, const struct policy *policy,
			 struct err *err)
{
	if (!policy->runtime || strcmp(policy->runtime, host->runtime) == 0)
		return 0;
	return err_set(err, ERR_REFUSED, -EPERM,
		       "runtime: the policy asks for %.60s, this service runs "
		       "%.60s; " PODMAN_REMEDY_RUNTIME,
		       policy->runtime, host->runtime);
}

static int check_seccomp(const struct engine_host *host, const struct policy *policy,
			 struct err *err)
{
	bool is_kept = policy->seccomp_profile ? host->takes_seccomp : host->has_seccomp;

	if (is_kept || (policy->unenforced & WAIVE_SECCOMP))
		return 0;
	return refuse(WAIVE_SECCOMP,
		      "this Podman filters no system calls; use one that has seccomp, and take "
		      "`seccomp_profile` out of containers.conf",
		      err);
}

int podman_check_host(const struct probe *probe, const struct policy *policy, struct err *err)
{
	const struct engine_host *host = &probe->host;
	unsigned promised = ALL_LIMITS & ~policy->unenforced;
	int r = 0;

	if (policy->unenforced & WAIVE_MEMORY)
		promised &= ~(unsigned)WAIVE_SWAP;
	if (promised && host->is_rootless)
		r = check_rootless(host, promised, err);
	if (r == 0)
		r = check_controllers(host, promised, err);
	if (r == 0)
		r = check_seccomp(host, policy, err);
	if (r == 0)
		r = check_runtime(host, policy, err);
	return r == 0 ? probe_check_confinement(host, policy, "use rootless Podman", err) : r;
}
