/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "engine/podman.h"
#include "engine/verify.h"

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

/* Whether `list` has an entry for the same calls that does the same. */
static bool has_entry(struct json_object *list, struct json_object *entry)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *other = json_object_array_get_idx(list, i);
		bool is_same = has_names(other, json_get_array(entry, "names")) ||
			       has_names(entry, json_get_array(other, "names"));
		if (is_same &&
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

static bool is_filter_of(struct json_object *filter, struct json_object *profile)
{
	struct json_object *asked = json_get_array(profile, "syscalls");
	struct json_object *got = json_get_array(filter, "syscalls");

	if (!json_object_equal(json_get(filter, "defaultAction"),
			       json_get(profile, "defaultAction")))
		return false;
	for (size_t i = 0; asked && i < json_object_array_length(asked); i++) {
		struct json_object *entry = json_object_array_get_idx(asked, i);
		if (!is_conditional(entry) && !has_entry(got, entry))
			return false;
	}
	for (size_t i = 0; got && i < json_object_array_length(got); i++)
		if (!has_entry(asked, json_object_array_get_idx(got, i)))
			return false;
	return true;
}

static int check_config(const char *own, const struct buf *text, struct err *err)
{
	_cleanup_(json_putp) struct json_object *config = NULL, *profile = NULL;

	if (json_parse(text->data, text->len, &config) < 0 ||
	    (own && json_parse(own, strlen(own), &profile) < 0))
		return refuse("what the engine writes for its runtime makes no sense", err);
	struct json_object *filter = json_at(config, "linux.seccomp");
	if (json_is_empty(filter))
		return refuse("the runtime is told to filter no system calls", err);
	if (own && !is_filter_of(filter, profile))
		return refuse("the runtime is told another profile than the policy's", err);
	return 0;
}

/* As the engine sees it, which may have mounts of its own: its monitor of the container sees what
 * it sees. Without that, or the right to look, as this process sees it. */
static int read_config(const struct container *container, const char *path, struct buf *text)
{
	_cleanup_free_ char *theirs = xasprintf("/proc/%d/root%s", container->monitor_pid, path);

	if (container->monitor_pid > 0 && file_read(theirs, text, NULL) == 0)
		return 0;
	buf_reset(text);
	return file_read(path, text, NULL);
}

int podman_prove_profile(const struct policy *policy, const struct container *container,
			 struct json_object *inspect, struct err *err)
{
	const char *path = json_get_string(inspect, "OCIConfigPath");
	/* It has the container's variables, and so its secrets. */
	_cleanup_(buf_done_wipe) struct buf text;

	buf_init(&text, BUF_MAX_ENGINE_REPLY);
	if (policy->unenforced & WAIVE_SECCOMP)
		return 0;
	bool is_read = path && read_config(container, path, &text) == 0;
	/* That the engine brings a profile of its own its host has said: podman_check_host(). */
	if (!is_read && !policy->seccomp_profile)
		return 0;
	if (!is_read)
		return refuse(path ? "what the engine writes for its runtime cannot be read"
				   : "the engine does not say what its runtime is told",
			      err);
	return check_config(policy->seccomp_profile, &text, err);
}
