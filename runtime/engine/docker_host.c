/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Docker says of its host. A limit that its host cannot set shows in each container, as
 * inspect then has none (docker_verify.c); its system call filter shows nowhere else than here.
 * Field names: Docker Engine API v1.41, GET /info.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "engine/docker.h"
#include "engine/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *member;
	enum cgroup_controller bit;
} limits[] = {
	{"MemoryLimit", CONTROLLER_MEMORY},
	{"PidsLimit", CONTROLLER_PIDS},
	{"CpuCfsQuota", CONTROLLER_CPU},
};

/* "name=seccomp,profile=default": the entry of that name, or NULL. */
static const char *security_option(struct json_object *options, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; options && i < json_object_array_length(options); i++) {
		const char *text = json_string(json_object_array_get_idx(options, i));
		if (text && text_starts_with(text, "name=") &&
		    strncmp(text + strlen("name="), name, len) == 0 &&
		    strchr(",", text[strlen("name=") + len]))
			return text;
	}
	return NULL;
}

/* What is not said is nothing to refuse a policy for. */
static bool filters_system_calls(struct json_object *options)
{
	const char *seccomp = security_option(options, "seccomp");

	return !options || (seccomp && !strstr(seccomp, "profile=unconfined"));
}

void docker_read_host(struct engine_host *host, struct json_object *info)
{
	struct json_object *options = json_get_array(info, "SecurityOptions");
	const char *cgroup = json_get_string(info, "CgroupVersion");
	const char *manager = json_get_string(info, "CgroupDriver");
	char clean[MESSAGE_MAX];

	*host = (struct engine_host){
		.is_rootless = security_option(options, "rootless"),
		.has_cgroup_v2 = cgroup && strcmp(cgroup, "2") == 0,
		.has_seccomp = filters_system_calls(options),
		.lacks_swap_limit = !json_get_bool(info, "SwapLimit", true),
	};
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (json_get_bool(info, limits[i].member, false))
			host->controllers |= limits[i].bit;
	if (!cgroup || !manager)
		return;
	message_clean(clean, manager, strlen(manager), NULL);
	(void)snprintf(host->cgroup_manager, sizeof(host->cgroup_manager), "%.30s", clean);
}

int docker_check_host(const struct probe *probe, const struct policy *policy, struct err *err)
{
	if (probe->host.has_seccomp || (policy->unenforced & WAIVE_SECCOMP))
		return 0;
	return err_set(
		err, ERR_REFUSED, -EPERM,
		"seccomp: this Docker filters no system calls; take `seccomp-profile` out of "
		"its daemon.json, or list it under `unenforced` of the policy");
}
