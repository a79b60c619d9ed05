/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a container that are lists of names: variables, labels, mounts. */
#include "base/cleanup.h"
#include "base/text.h"
#include "engine/message.h"
#include "engine/verify.h"
#include "policy/host_path.h"

#include <errno.h>
#include <string.h>

/* Whether `entry`, NAME=VALUE, sets that variable. */
static bool sets(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

/* The value behind "NAME=" in an array of such texts, NULL if it is not there. A second one would
 * be what counts. */
static const char *variable_value(struct json_object *environment, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; environment && i < json_object_array_length(environment); i++) {
		const char *entry = json_string(json_object_array_get_idx(environment, i));
		if (entry && sets(entry, name))
			value = entry + strlen(name) + 1;
	}
	return value;
}

static bool is_planned_variable(const struct plan *plan, const char *entry)
{
	for (size_t i = 0; i < plan->variable_count; i++)
		if (sets(entry, plan->variables[i].name))
			return true;
	return false;
}

/* What an image sets has the image's value. */
static bool is_of_image(const struct plan *plan, const char *entry)
{
	for (char **own = plan->image_environment; own && *own; own++)
		if (strcmp(entry, *own) == 0)
			return true;
	return false;
}

static bool image_sets(const struct plan *plan, const char *name)
{
	for (char **own = plan->image_environment; own && *own; own++)
		if (sets(*own, name))
			return true;
	return false;
}

/* What an engine gives to each container, where neither plan nor image have that. */
static bool is_of_engine(const struct plan *plan, const char *const *own, const char *entry)
{
	static const char usual_path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
					 "/sbin:/bin";

	for (; *own; own++)
		if (sets(entry, *own) && !image_sets(plan, *own))
			return !sets(entry, "PATH") || strcmp(entry, usual_path) == 0;
	return false;
}

static int refuse_variable(const struct plan *plan, const char *entry, const char *what,
			   struct err *err)
{
	char name[MESSAGE_MAX];

	message_clean(name, entry, strcspn(entry, "="), plan);
	return err_set(
		err, ERR_REFUSED, -EPERM,
		"Config.Env: the variable %.200s %s; remove what changes the request between "
		"berth and the engine, or take `env` out of the engine's containers.conf",
		name, what);
}

static int check_variables(const struct plan *plan, const char *const *own,
			   struct json_object *config, struct err *err)
{
	struct json_object *environment = json_get_array(config, "Env");

	for (size_t i = 0; i < plan->variable_count; i++) {
		const struct plan_variable *variable = &plan->variables[i];
		const char *value = variable_value(environment, variable->name);
		if (!value)
			return refuse_variable(plan, variable->name, "is missing", err);
		if (strcmp(value, secret_reveal(variable->value)) != 0)
			return refuse_variable(plan, variable->name, "is not the one we sent", err);
	}
	for (size_t i = 0; environment && i < json_object_array_length(environment); i++) {
		const char *entry = json_string(json_object_array_get_idx(environment, i));
		if (!entry)
			return refuse_variable(plan, "?", "is not a text", err);
		if (!is_planned_variable(plan, entry) && !is_of_image(plan, entry) &&
		    !is_of_engine(plan, own, entry))
			return refuse_variable(plan, entry, "is neither ours nor the image's", err);
	}
	return 0;
}

static int check_labels(const struct plan *plan, struct json_object *config, struct err *err)
{
	struct json_object *labels = json_get_object(config, "Labels");

	for (size_t i = 0; i < plan->label_count; i++) {
		const struct name_value *label = &plan->labels[i];
		const char *value = json_get_string(labels, label->name);
		if (!value || strcmp(value, label->value) != 0) {
			_cleanup_free_ char *field = xasprintf("Config.Labels[%s]", label->name);
			return verify_refuse(plan, field, label->value, value ? value : "nothing",
					     REMEDY_TAMPERED, err);
		}
	}
	return 0;
}

static const struct plan_mount *find_mount(const struct plan *plan, const char *target)
{
	for (size_t i = 0; i < plan->mount_count; i++)
		if (strcmp(plan->mounts[i].target, target) == 0)
			return &plan->mounts[i];
	return NULL;
}

static int refuse_mount(const struct plan *plan, const char *type, const char *target,
			struct err *err)
{
	char what[MESSAGE_MAX], where[MESSAGE_MAX];

	message_clean(what, type, strlen(type), plan);
	message_clean(where, target, strlen(target), plan);
	return err_set(
		err, ERR_REFUSED, -EPERM,
		"Mounts: the engine mounts a %.100s at '%.200s' that nobody asked for; cover "
		"it by a tmpfs of the policy, or remove what adds it",
		what, where);
}

/* What is mounted below the source would come along, and stay writable. Podman shows it here. */
static bool is_recursive(struct json_object *mount)
{
	struct json_object *options = json_get_array(mount, "Options");
	size_t count = options ? json_object_array_length(options) : 0;

	for (size_t i = 0; i < count; i++) {
		const char *option = json_string(json_object_array_get_idx(options, i));
		if (option && strcmp(option, "rbind") == 0)
			return true;
	}
	return false;
}

/* One entry of what is mounted (a Tmpfs of HostConfig is none): a bind of the plan, or refused. */
static int check_mount(const struct plan *plan, struct json_object *got, struct err *err)
{
	const char *type = json_get_string(got, "Type");
	const char *source = json_get_string(got, "Source");
	const char *target = json_get_string(got, "Destination");
	const struct plan_mount *mount = target ? find_mount(plan, target) : NULL;

	if (!mount)
		return refuse_mount(plan, type ? type : "?", target ? target : "?", err);
	if (!type || strcmp(type, "bind") != 0 || !source || strcmp(source, mount->source) != 0)
		return verify_refuse(plan, "Mounts", mount->source, source ? source : "nothing",
				     REMEDY_TAMPERED, err);
	const char *propagation = json_get_string(got, "Propagation");
	if (propagation && *propagation && strcmp(propagation, "rprivate") != 0)
		return verify_refuse(plan, "Mounts", "rprivate", propagation, REMEDY_TAMPERED, err);
	if (mount->read_only && is_recursive(got))
		return verify_refuse(plan, "Mounts", "bind", "rbind", REMEDY_TAMPERED, err);
	if (json_get_bool(got, "RW", true) != !mount->read_only)
		return verify_refuse(plan, "Mounts", mount->read_only ? "read-only" : "writable",
				     mount->read_only ? "writable" : "read-only",
				     "this engine cannot mount it as asked: use another one", err);
	return 0;
}

static bool is_mounted(struct json_object *mounts, const char *target)
{
	for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++) {
		struct json_object *mount = json_object_array_get_idx(mounts, i);
		const char *destination = json_get_string(mount, "Destination");
		if (destination && strcmp(destination, target) == 0)
			return true;
	}
	return false;
}

static int check_mounts(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	struct json_object *mounts = json_get_array(inspect, "Mounts");

	for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++) {
		int r = check_mount(plan, json_object_array_get_idx(mounts, i), err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < plan->mount_count; i++)
		if (!is_mounted(mounts, plan->mounts[i].target))
			return verify_refuse(plan, "Mounts", plan->mounts[i].target, "nothing",
					     "this engine cannot mount it: use another one", err);
	return 0;
}

/* The third part of "user:role:type:level". */
static bool has_type(const char *label, const char *type)
{
	for (int i = 0; i < 2 && label; i++) {
		label = strchr(label, ':');
		label = label ? label + 1 : NULL;
	}
	size_t len = label ? strcspn(label, ":") : 0;
	return label && len == strlen(type) && strncmp(label, type, len) == 0;
}

/* Both engines show at the top what a container got, whatever was asked for. */
static int check_confinement(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	const struct policy *policy = plan->policy;
	const char *profile = json_get_string(inspect, "AppArmorProfile");
	const char *label = json_get_string(inspect, "ProcessLabel");

	if (policy->apparmor && !(profile && strcmp(profile, policy->apparmor) == 0))
		return verify_refuse(plan, "AppArmorProfile", policy->apparmor,
				     profile && *profile ? profile : "nothing", REMEDY_ENGINE, err);
	if (policy->selinux && !has_type(label, policy->selinux))
		return verify_refuse(plan, "ProcessLabel", policy->selinux,
				     label && *label ? label : "nothing", REMEDY_ENGINE, err);
	return 0;
}

int verify_contents(const struct plan *plan, const char *const *own, struct json_object *inspect,
		    struct err *err)
{
	struct json_object *config = json_get_object(inspect, "Config");

	int r = check_variables(plan, own, config, err);
	if (r == 0)
		r = check_labels(plan, config, err);
	if (r == 0)
		r = check_mounts(plan, inspect, err);
	return r == 0 ? check_confinement(plan, inspect, err) : r;
}

int verify_sources(const struct plan *plan, const char *data_root, struct err *err)
{
	for (size_t i = 0; data_root && i < plan->mount_count; i++) {
		const char *source = plan->mounts[i].source;
		if (!host_path_shares(source, data_root))
			continue;
		return err_set(err, ERR_REFUSED, -EPERM,
			       "mounts: source '%.150s' would give the session the engine's own "
			       "directory '%.150s'; mount a directory made for sessions",
			       source, data_root);
	}
	return 0;
}
