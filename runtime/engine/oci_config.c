/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/oci_config.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "engine/podman_value.h"
#include "engine/render.h"
#include "engine/verify.h"

#include <inttypes.h>
#include <string.h>

/* --- the process -------------------------------------------------------------------------------
 */

static int check_user(const struct plan *plan, struct json_object *user, struct err *err)
{
	_cleanup_free_ char *asked = render_user(plan->policy);
	struct json_object *groups = json_get_array(user, "additionalGids");
	int64_t uid = json_get_int(user, "uid", 0), gid = json_get_int(user, "gid", 0);

	if (uid != plan->policy->uid || gid != plan->policy->gid) {
		_cleanup_free_ char *got = xasprintf("%" PRId64 ":%" PRId64, uid, gid);
		return verify_refuse(plan, "process.user", asked, got, REMEDY_TAMPERED, err);
	}
	for (size_t i = 0; groups && i < json_object_array_length(groups); i++) {
		if (json_object_get_int64(json_object_array_get_idx(groups, i)) !=
		    plan->policy->gid)
			return verify_refuse(plan, "process.user.additionalGids",
					     "no further group", json_text(groups), REMEDY_TAMPERED,
					     err);
	}
	return 0;
}

static int check_capabilities(const struct plan *plan, struct json_object *sets, struct err *err)
{
	_cleanup_(json_putp) struct json_object *asked = render_capabilities(plan->policy);

	if (!sets)
		return 0;
	json_object_object_foreach (sets, name, set) {
		if (json_contains(set, asked))
			continue;
		_cleanup_free_ char *field = xasprintf("process.capabilities.%s", name);
		return verify_refuse(plan, field, json_text(asked), json_text(set), REMEDY_TAMPERED,
				     err);
	}
	return 0;
}

static int check_process(const struct plan *plan, struct json_object *process, struct err *err)
{
	const struct policy *policy = plan->policy;
	int64_t score = json_get_int(process, "oomScoreAdj", 0);

	int r = check_user(plan, json_get_object(process, "user"), err);
	if (r == 0)
		r = check_capabilities(plan, json_get_object(process, "capabilities"), err);
	if (r == 0 && policy->no_new_privileges &&
	    !json_get_bool(process, "noNewPrivileges", false))
		r = verify_refuse(plan, "process.noNewPrivileges", "true", "nothing",
				  REMEDY_TAMPERED, err);
	if (r == 0 && score < policy->oom_score_adj) {
		_cleanup_free_ char *asked = xasprintf("%" PRId64, policy->oom_score_adj);
		_cleanup_free_ char *got = xasprintf("%" PRId64, score);
		r = verify_refuse(plan, "process.oomScoreAdj", asked, got, REMEDY_TAMPERED, err);
	}
	return r;
}

/* --- mounts ------------------------------------------------------------------------------------
 */

/* What the engine mounts by itself: kernel file systems, of these types only. */
static const struct {
	const char *target, *type;
} own_mounts[] = {
	{"/dev", "tmpfs"},
	{"/dev/pts", "devpts"},
	{"/dev/mqueue", "mqueue"},
	{"/dev/shm", "tmpfs"},
	{"/proc", "proc"},
	{"/sys", "sysfs"},
	{"/sys/fs/cgroup", "cgroup"},
	{"/sys/fs/cgroup", "cgroup2"},
};

/* Where it mounts its init; by version. */
static const char *const init_targets[] = {"/run/podman-init", "/dev/init"};

static bool is_own_mount(const char *id, const char *target, const char *type, const char *source)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_mounts); i++)
		if (strcmp(own_mounts[i].target, target) == 0 &&
		    strcmp(own_mounts[i].type, type) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(init_targets); i++)
		if (strcmp(init_targets[i], target) == 0)
			return true;
	/* Its own files for that container: host name, name server, shared memory. */
	return strcmp(type, "bind") == 0 && strstr(source, id);
}

static bool has_option(struct json_object *mount, const char *option)
{
	struct json_object *options = json_get_array(mount, "options");

	for (size_t i = 0; options && i < json_object_array_length(options); i++) {
		const char *text = json_string(json_object_array_get_idx(options, i));
		if (text && strcmp(text, option) == 0)
			return true;
	}
	return false;
}

static int refuse_option(const struct plan *plan, const char *target, const char *option,
			 struct json_object *mount, struct err *err)
{
	_cleanup_free_ char *field = xasprintf("mounts[%s]", target);

	return verify_refuse(plan, field, option, json_text(json_get(mount, "options")),
			     REMEDY_TAMPERED, err);
}

static int check_tmpfs(const struct plan *plan, const struct policy_tmpfs *tmpfs,
		       struct json_object *mount, struct err *err)
{
	_cleanup_free_ char *size = podman_tmpfs_size(tmpfs);
	const char *const options[] = {"nosuid", "nodev", tmpfs->exec ? NULL : "noexec", size};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i] && !has_option(mount, options[i]))
			return refuse_option(plan, tmpfs->path, options[i], mount, err);
	return 0;
}

static int check_bind(const struct plan *plan, const struct plan_mount *bind, const char *source,
		      struct json_object *mount, struct err *err)
{
	if (strcmp(source, bind->source) != 0) {
		_cleanup_free_ char *field = xasprintf("mounts[%s]", bind->target);
		return verify_refuse(plan, field, bind->source, source, REMEDY_TAMPERED, err);
	}
	if (bind->read_only && !has_option(mount, "ro"))
		return refuse_option(plan, bind->target, "ro", mount, err);
	if (bind->read_only && has_option(mount, "rbind"))
		return refuse_option(plan, bind->target, "bind", mount, err);
	return 0;
}

static int check_mount(const struct plan *plan, const char *id, struct json_object *mount,
		       struct err *err)
{
	const char *target = json_get_string(mount, "destination");
	const char *type = json_get_string(mount, "type");
	const char *source = json_get_string(mount, "source");

	if (!target || !type || !source)
		return verify_refuse(plan, "mounts", "a mount", json_text(mount), REMEDY_TAMPERED,
				     err);
	for (size_t i = 0; i < plan->tmpfs_count; i++)
		if (strcmp(type, "tmpfs") == 0 && strcmp(target, plan->tmpfs[i].path) == 0)
			return check_tmpfs(plan, &plan->tmpfs[i], mount, err);
	for (size_t i = 0; i < plan->mount_count; i++)
		if (strcmp(type, "bind") == 0 && strcmp(target, plan->mounts[i].target) == 0)
			return check_bind(plan, &plan->mounts[i], source, mount, err);
	if (is_own_mount(id, target, type, source))
		return 0;
	_cleanup_free_ char *field = xasprintf("mounts[%s]", target);
	return verify_refuse(plan, field, "nothing", source, REMEDY_TAMPERED, err);
}

static int check_mounts(const struct plan *plan, const char *id, struct json_object *mounts,
			struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && mounts && i < json_object_array_length(mounts); i++)
		r = check_mount(plan, id, json_object_array_get_idx(mounts, i), err);
	return r;
}

/* --- Linux -------------------------------------------------------------------------------------
 */

static bool has_namespace(struct json_object *list, const char *type)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		const char *own = json_get_string(entry, "type");
		const char *path = json_get_string(entry, "path");
		/* With a path it is somebody else's, save for the network, which is made first. */
		bool is_own = !path || (strcmp(type, "network") == 0 && strstr(path, "/netns-"));
		if (own && strcmp(own, type) == 0)
			return is_own;
	}
	return false;
}

static int check_namespaces(const struct plan *plan, struct json_object *list, struct err *err)
{
	static const char *const types[] = {"pid", "network", "ipc", "uts", "mount", "cgroup"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (has_namespace(list, types[i]))
			continue;
		_cleanup_free_ char *field = xasprintf("linux.namespaces[%s]", types[i]);
		return verify_refuse(plan, field, "one of its own", "another's", REMEDY_TAMPERED,
				     err);
	}
	return 0;
}

/* Podman's own default (containers.conf, 0.50). */
#define USUAL_SYSCTL "net.ipv4.ping_group_range"

static int check_sysctls(const struct plan *plan, struct json_object *sysctls, struct err *err)
{
	if (!sysctls)
		return 0;
	json_object_object_foreach (sysctls, name, value) {
		if (strcmp(name, USUAL_SYSCTL) == 0)
			continue;
		_cleanup_free_ char *field = xasprintf("linux.sysctl[%s]", name);
		return verify_refuse(plan, field, "nothing", json_text(value),
				     REMEDY_TAMPERED
				     ", or `default_sysctls` from the engine's containers.conf",
				     err);
	}
	return 0;
}

static int check_devices(const struct plan *plan, struct json_object *config, struct err *err)
{
	struct json_object *devices = json_at(config, "linux.devices");
	struct json_object *rules = json_at(config, "linux.resources.devices");

	if (!json_is_empty(devices))
		return verify_refuse(plan, "linux.devices", "nothing", json_text(devices),
				     REMEDY_TAMPERED, err);
	if (!json_object_is_type(rules, json_type_array))
		return 0;
	for (size_t i = 0; i < json_object_array_length(rules); i++) {
		struct json_object *rule = json_object_array_get_idx(rules, i);
		if (json_get_bool(rule, "allow", true))
			return verify_refuse(plan, "linux.resources.devices", "nothing",
					     json_text(rule), REMEDY_TAMPERED, err);
	}
	return 0;
}

int oci_config_verify(const struct plan *plan, const char *id, struct json_object *config,
		      struct err *err)
{
	int r = check_process(plan, json_get_object(config, "process"), err);

	if (r == 0 && plan->policy->read_only_root &&
	    !json_get_bool(json_get_object(config, "root"), "readonly", false))
		r = verify_refuse(plan, "root.readonly", "true", "nothing", REMEDY_TAMPERED, err);
	if (r == 0)
		r = check_mounts(plan, id, json_get_array(config, "mounts"), err);
	if (r == 0)
		r = check_namespaces(plan, json_at(config, "linux.namespaces"), err);
	if (r == 0)
		r = verify_covers(plan, "linux.maskedPaths", masked_paths, config, err);
	if (r == 0)
		r = verify_covers(plan, "linux.readonlyPaths", read_only_paths, config, err);
	if (r == 0)
		r = check_sysctls(plan, json_at(config, "linux.sysctl"), err);
	return r == 0 ? check_devices(plan, config, err) : r;
}
