/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/seccomp.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "policy/path.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* What a profile and its entries are made of (containers/common pkg/seccomp, moby
 * profiles/seccomp). */
static const char *const names_of_profiles[] = {
	"defaultAction", "defaultErrnoRet", "defaultErrno",	"architectures", "archMap",
	"flags",	 "listenerPath",    "listenerMetadata", "syscalls",	 NULL,
};
static const char *const names_of_entries[] = {
	"name", "names",   "action",   "errnoRet", "errno",
	"args", "comment", "includes", "excludes", NULL,
};

/* What a filter can do with a system call: SCMP_ACT_* of libseccomp. */
static const struct {
	const char *name;
	bool lets_pass;
} actions[] = {
	{"SCMP_ACT_KILL", false},	 {"SCMP_ACT_KILL_PROCESS", false},
	{"SCMP_ACT_KILL_THREAD", false}, {"SCMP_ACT_TRAP", false},
	{"SCMP_ACT_ERRNO", false},	 {"SCMP_ACT_TRACE", false},
	{"SCMP_ACT_NOTIFY", false},	 {"SCMP_ACT_ALLOW", true},
	{"SCMP_ACT_LOG", true},
};

static bool is_file_name(const char *text)
{
	static const char suffix[] = ".json";
	size_t len = strlen(text);

	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") ==
		       len &&
	       len > strlen(suffix) && text[0] != '.' && text[0] != '-' &&
	       strcmp(text + len - strlen(suffix), suffix) == 0;
}

int seccomp_check_name(const char *text, struct err *err)
{
	if (strcmp(text, "engine") == 0 || is_file_name(text) ||
	    (path_is_normal(text) && strcmp(text, "/") != 0))
		return 0;
	return err_set(err, ERR_INPUT, -EINVAL,
		       "must be 'engine' (the profile that the engine brings), the name of a .json "
		       "file beside the policy, or an absolute path; %s'%s'",
		       strcmp(text, "unconfined") == 0 ? "a session never runs without one: not "
						       : "not ",
		       text);
}

/* -EINVAL: no action at all. */
static int find_action(const char *name, bool *ret_lets_pass)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(actions); i++) {
		if (strcmp(actions[i].name, name) != 0)
			continue;
		*ret_lets_pass = actions[i].lets_pass;
		return 0;
	}
	return -EINVAL;
}

/* Engines take a name in any case of letters for theirs, and of two they take the last (Go's
 * encoding/json, to which some letters beyond ASCII are the same as well). */
static bool is_mistakable(const char *key, const char *const *known)
{
	for (const char *letter = key; *letter; letter++)
		if ((unsigned char)*letter >= 0x80)
			return true;
	for (; *known; known++)
		if (strcasecmp(key, *known) == 0 && strcmp(key, *known) != 0)
			return true;
	return false;
}

static int check_names(struct json_object *object, const char *const *known, struct err *err)
{
	const char *wrong = NULL;

	if (!json_object_is_type(object, json_type_object))
		return 0;
	json_object_object_foreach (object, key, value) {
		(void)value;
		if (!wrong && is_mistakable(key, known))
			wrong = key;
	}
	return wrong ? err_set(err, ERR_INPUT, -EINVAL,
			       "'%.60s' is no name of a profile's as it is written: an engine may "
			       "take it for one; take it out",
			       wrong)
		     : 0;
}

/* Entries for some machines, kernels or capabilities only may come to nothing. */
static bool always_applies(struct json_object *entry, struct json_object *names)
{
	static const char *const conditions[] = {"includes", "excludes"};

	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
		struct json_object *condition = json_get_object(entry, conditions[i]);
		if (condition && json_object_object_length(condition) > 0)
			return false;
	}
	return !names || json_object_array_length(names) > 0;
}

/* Whether an entry of `syscalls` keeps anything from happening; -EINVAL if it makes no sense. */
static int entry_filters(struct json_object *entry, bool *filters, struct err *err)
{
	struct json_object *names = json_get_array(entry, "names");
	const char *action = json_get_string(entry, "action");
	bool lets_pass;

	int r = check_names(entry, names_of_entries, err);
	if (r < 0)
		return r;
	if (!names && !json_get_string(entry, "name"))
		return err_set(err, ERR_INPUT, -EINVAL,
			       "an entry of 'syscalls' has no 'names' (a list)");
	if (find_action(action, &lets_pass) < 0)
		return err_set(err, ERR_INPUT, -EINVAL,
			       "an entry of 'syscalls' has the action '%.60s': SCMP_ACT_ALLOW, "
			       "SCMP_ACT_ERRNO or another of libseccomp's is expected",
			       action ? action : "");
	*filters = *filters || (!lets_pass && always_applies(entry, names));
	return 0;
}

static int check_profile(struct json_object *profile, struct err *err)
{
	struct json_object *calls = json_get_array(profile, "syscalls");
	const char *action = json_get_string(profile, "defaultAction");
	bool lets_pass;

	int r = check_names(profile, names_of_profiles, err);
	if (r < 0)
		return r;
	if (find_action(action, &lets_pass) < 0)
		return err_set(err, ERR_INPUT, -EINVAL,
			       "'defaultAction' must be SCMP_ACT_ERRNO, SCMP_ACT_ALLOW or another "
			       "of libseccomp's actions, not '%.60s'",
			       action ? action : "");
	if (json_get(profile, "syscalls") && !calls)
		return err_set(err, ERR_INPUT, -EINVAL, "'syscalls' must be a list");
	bool filters = !lets_pass;
	for (size_t i = 0; calls && i < json_object_array_length(calls); i++) {
		r = entry_filters(json_object_array_get_idx(calls, i), &filters, err);
		if (r < 0)
			return r;
	}
	if (!filters)
		return err_set(err, ERR_INPUT, -EINVAL,
			       "lets every system call pass: a session never runs without a "
			       "filter");
	return 0;
}

int seccomp_parse(const char *text, size_t len, char **ret, struct err *err)
{
	_cleanup_(json_putp) struct json_object *profile = NULL;

	if (json_parse(text, len, &profile) < 0 || !json_object_is_type(profile, json_type_object))
		return err_set(err, ERR_INPUT, -EBADMSG,
			       "is not a JSON object: a profile has 'defaultAction' and "
			       "'syscalls'");
	int r = check_profile(profile, err);
	if (r == 0)
		*ret = xstrdup(json_line(profile));
	return r;
}

/* The absolute path of a profile, symbolic links resolved: another process may be asked to read it.
 * The caller's, NULL if there is no such file. */
static char *find_file(const char *name, const char *policy_file)
{
	const char *slash = strrchr(policy_file, '/');
	_cleanup_free_ char *beside =
		slash ? xasprintf("%.*s/%s", (int)(slash - policy_file), policy_file, name)
		      : xstrdup(name);

	return realpath(name[0] == '/' ? name : beside, NULL);
}

int seccomp_load(struct policy *policy, const char *policy_file, struct err *err)
{
	_cleanup_(buf_done) struct buf text;

	buf_init(&text, BUF_MAX_CONFIG_FILE);
	if (strcmp(policy->seccomp, "engine") == 0)
		return 0;
	_cleanup_free_ char *file = find_file(policy->seccomp, policy_file);
	if (!file)
		return err_set(err, ERR_INPUT, -errno, "cannot read '%s'%s: %s", policy->seccomp,
			       policy->seccomp[0] == '/' ? "" : " beside the policy",
			       strerror(errno));
	int r = file_read_trusted(file, &text, err);
	if (r < 0)
		return r;
	r = seccomp_parse(text.data, text.len, &policy->seccomp_profile, err);
	if (r < 0)
		return err_prefix(err, "%s", file);
	policy->seccomp_file = TAKE(file);
	return 0;
}
