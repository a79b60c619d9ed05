/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "engine/podman.h"
#include "engine/verify.h"
#include "policy/caps.h"

#include <errno.h>
#include <string.h>

static int refuse(const char *why, struct err *err)
{
	return err_set(err, ERR_REFUSED, -EPERM,
		       "seccomp: %.200s; run berth where it can read what the engine writes for "
		       "its runtime, as the engine's user or root on its host, or list 'seccomp' "
		       "under `unenforced` of the policy",
		       why);
}

/* What a condition of an entry says, where it may be left out as well as be 0. */
static bool same_condition(struct json_object *a, struct json_object *b)
{
	static const char *const members[] = {"index", "value", "valueTwo"};
	const char *op = json_get_string(a, "op"), *other = json_get_string(b, "op");

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (!json_same(json_get(a, members[i]), json_get(b, members[i])))
			return false;
	return op && other && strcmp(op, other) == 0;
}

/* Without its conditions an entry is for every call of that name. */
static bool same_conditions(struct json_object *entry, struct json_object *other)
{
	struct json_object *own = json_get_array(entry, "args");
	struct json_object *theirs = json_get_array(other, "args");
	size_t count = own ? json_object_array_length(own) : 0;

	if (count != (theirs ? json_object_array_length(theirs) : 0))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!same_condition(json_object_array_get_idx(own, i),
				    json_object_array_get_idx(theirs, i)))
			return false;
	return true;
}

static bool is_text(struct json_object *value, const char *text)
{
	const char *own = json_string(value);

	return own && strcmp(own, text) == 0;
}

/* An entry of a profile names one call, in older ones, or several. */
static bool has_names(struct json_object *entry, struct json_object *names)
{
	struct json_object *own = json_get_array(entry, "names");
	const char *name = json_get_string(entry, "name");

	if (own)
		return json_object_equal(own, names);
	return name && names && json_object_array_length(names) == 1 &&
	       is_text(json_object_array_get_idx(names, 0), name);
}

/* Whether an entry of a profile is for containers with other capabilities than these. */
static bool is_for_others(struct json_object *entry, uint64_t capabilities)
{
	struct json_object *needed = json_get_array(json_get_object(entry, "includes"), "caps");

	for (size_t i = 0; needed && i < json_object_array_length(needed); i++) {
		const char *name = json_string(json_object_array_get_idx(needed, i));
		uint64_t bit;
		if (!name || caps_parse(name, &bit, NULL) < 0 || !(capabilities & bit))
			return true;
	}
	return false;
}

/* Whether `list` has an entry for the same calls that does the same, and is for containers with
 * these capabilities. */
static bool has_entry(struct json_object *list, struct json_object *entry, uint64_t capabilities)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *other = json_object_array_get_idx(list, i);
		if (is_for_others(other, capabilities))
			continue;
		bool is_same = has_names(other, json_get_array(entry, "names")) ||
			       has_names(entry, json_get_array(other, "names"));
		if (is_same && same_conditions(entry, other) &&
		    json_object_equal(json_get(other, "action"), json_get(entry, "action")))
			return true;
	}
	return false;
}

/* Entries for some machines or capabilities only may be left out. */
static bool is_conditional(struct json_object *entry)
{
	return !json_is_empty(json_get(entry, "includes")) ||
	       !json_is_empty(json_get(entry, "excludes"));
}

static bool is_filter_of(struct json_object *filter, struct json_object *profile,
			 uint64_t capabilities)
{
	struct json_object *asked = json_get_array(profile, "syscalls");
	struct json_object *got = json_get_array(filter, "syscalls");

	if (!json_object_equal(json_get(filter, "defaultAction"),
			       json_get(profile, "defaultAction")))
		return false;
	for (size_t i = 0; asked && i < json_object_array_length(asked); i++) {
		struct json_object *entry = json_object_array_get_idx(asked, i);
		if (!is_conditional(entry) && !has_entry(got, entry, capabilities))
			return false;
	}
	for (size_t i = 0; got && i < json_object_array_length(got); i++)
		if (!has_entry(asked, json_object_array_get_idx(got, i), capabilities))
			return false;
	return true;
}

int podman_refuse_profile(const struct policy *policy, const char *why, struct err *err)
{
	return policy->unenforced & WAIVE_SECCOMP ? 0 : refuse(why, err);
}

int podman_prove_profile(const struct policy *policy, const char *engines_own,
			 struct json_object *config, struct err *err)
{
	_cleanup_(json_putp) struct json_object *profile = NULL;
	const char *own = policy->seccomp_profile ? policy->seccomp_profile : engines_own;
	struct json_object *filter = json_at(config, "linux.seccomp");

	if (policy->unenforced & WAIVE_SECCOMP)
		return 0;
	if (own && json_parse(own, strlen(own), &profile) < 0)
		return refuse("the profile that the engine brings makes no sense", err);
	if (json_is_empty(filter))
		return refuse("the runtime is told to filter no system calls", err);
	if (own && !is_filter_of(filter, profile, policy->capabilities))
		return refuse(policy->seccomp_profile
				      ? "the runtime is told another profile than the policy's"
				      : "the runtime is told another profile than the engine's own",
			      err);
	return 0;
}
