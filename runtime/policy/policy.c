/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>

/* Where policies are named in an error message, no more than these. */
#define NAMED_MAX 32

/* Names with a meaning of their own to Docker (API v1.41, HostConfig.NetworkMode) or Podman (4.3,
 * --network): not networks that an operator made, or not kept apart from the host. */
static bool is_reserved_network(const char *name)
{
	static const char *const reserved[] = {"host",	  "none",	 "default", "container",
					       "private", "slirp4netns", "pasta",   "ns"};

	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strcmp(name, reserved[i]) == 0)
			return true;
	return false;
}

static bool is_network_name(const char *name)
{
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				  "_.-");

	return name[len] == '\0' && len >= 1 && len <= 128 && isalnum((unsigned char)name[0]) &&
	       !is_reserved_network(name);
}

int policy_parse_network(const char *text, enum policy_network *ret, char **ret_name)
{
	static const char prefix[] = "engine:";
	enum policy_network network;
	const char *name = NULL;

	if (strcmp(text, "none") == 0) {
		network = NETWORK_NONE;
	} else if (strcmp(text, "unrestricted") == 0) {
		network = NETWORK_UNRESTRICTED;
	} else if (text_starts_with(text, prefix) && is_network_name(text + strlen(prefix))) {
		network = NETWORK_ENGINE;
		name = text + strlen(prefix);
	} else {
		return -EINVAL;
	}
	*ret = network;
	*ret_name = xstrdup_or_null(name);
	return 0;
}

int policy_refuse_network(const char *text, struct err *err)
{
	static const char *const words[] = {"none", "unrestricted"};
	const char *meant = text_nearest(text, words, ARRAY_SIZE(words));

	return err_set(err, ERR_INPUT, -EINVAL,
		       "must be none, unrestricted or engine:NAME of a network of the operator's "
		       "(never the host's), not '%.140s'%s%s%s",
		       text, meant ? ": did you mean '" : "", meant ? meant : "",
		       meant ? "'?" : "");
}

static void check_tmpfs(const struct policy *policy, const struct yaml_node *root,
			struct problems *problems)
{
	const struct yaml_node *list = yaml_get(root, "tmpfs");

	for (size_t i = 0; i < policy->tmpfs_count; i++) {
		for (size_t j = 0; j < i; j++) {
			const char *path = policy->tmpfs[i].path, *other = policy->tmpfs[j].path;
			if (!path || !other || strcmp(path, other) != 0)
				continue;
			const struct yaml_node *node = yaml_get(list->items[i], "path");
			problems_at(problems, node, "path: there is a tmpfs at '%s' already", path);
			break;
		}
	}
}

static void policy_freep(struct policy **policy)
{
	*policy = policy_free(*policy);
}

int policy_parse(const char *name, const char *file, const char *text, size_t len,
		 struct problems *problems, struct policy **ret)
{
	_cleanup_(yaml_tree_freep) struct yaml_tree *yaml = NULL;
	_cleanup_(policy_freep) struct policy *policy = NULL;
	unsigned before = problems->count;

	int r = yaml_tree_parse(file, text, len, problems, &yaml);
	if (r < 0)
		return r;
	policy = xcalloc(1, sizeof(*policy));
	policy->name = xstrdup(name);
	text_sha256(policy->digest, text, len);
	(void)option_read(policy_options, yaml_tree_root(yaml), policy, problems);
	check_tmpfs(policy, yaml_tree_root(yaml), problems);
	if (problems->count > before)
		return -EINVAL;
	*ret = TAKE(policy);
	return 0;
}

/* Adds the names of a directory's policies to a list of at most NAMED_MAX. */
static void list_policies(const char *directory, char *names[NAMED_MAX], size_t *count)
{
	static const char suffix[] = ".yaml";
	DIR *entries = opendir(directory);
	const struct dirent *entry;

	if (!entries)
		return;
	/* One thread reads this directory stream. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (*count < NAMED_MAX && (entry = readdir(entries))) {
		size_t len = strlen(entry->d_name);
		if (len > strlen(suffix) &&
		    strcmp(entry->d_name + len - strlen(suffix), suffix) == 0)
			names[(*count)++] = xstrndup(entry->d_name, len - strlen(suffix));
	}
	(void)closedir(entries);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_word(struct buf *words, const char *word)
{
	/* A list that is too long for one message is cut. */
	(void)!buf_addf(words, "%s%s", words->len > 0 ? ", " : "", word);
}

/* Says where the policy was looked for, and which ones there are. */
static void report_missing(const char *name, const char *const *directories,
			   struct problems *problems)
{
	_cleanup_free_ char *who = xasprintf("policy '%s'", name);
	_cleanup_(buf_done) struct buf searched, known;
	char *names[NAMED_MAX] = {NULL};
	size_t count = 0;

	buf_init(&searched, BUF_MAX_LOG_LINE);
	buf_init(&known, BUF_MAX_LOG_LINE);
	for (const char *const *directory = directories; *directory; directory++) {
		add_word(&searched, *directory);
		list_policies(*directory, names, &count);
	}
	qsort(names, count, sizeof(names[0]), compare_names);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(names[i - 1], names[i]) != 0)
			add_word(&known, names[i]);
	const char *meant = text_nearest(name, (const char *const *)names, count);
	if (searched.len == 0)
		problems_add(problems, who, 0, 0,
			     "not found: there is no directory of policies; install berth's, "
			     "or say --policy-dir DIRECTORY, or policy_dir: in a fleet file");
	else
		problems_add(problems, who, 0, 0, "not found in %s%s%s%s (there: %s)",
			     searched.data, meant ? ": did you mean '" : "", meant ? meant : "",
			     meant ? "'?" : "", known.len > 0 ? known.data : "none");
	for (size_t i = 0; i < count; i++)
		free(names[i]);
}

int policy_load(const char *name, const char *const *directories, struct problems *problems,
		struct policy **ret)
{
	for (const char *const *directory = directories; *directory && text_is_id(name);
	     directory++) {
		_cleanup_free_ char *file = xasprintf("%s/%s.yaml", *directory, name);
		_cleanup_(buf_done) struct buf text;
		struct err err;

		buf_init(&text, BUF_MAX_CONFIG_FILE);
		int r = file_read(file, &text, &err);
		if (r == -ENOENT)
			continue;
		if (r < 0) {
			problems_add(problems, file, 0, 0, "%s", err.text);
			return r;
		}
		return policy_parse(name, file, text.data, text.len, problems, ret);
	}
	report_missing(name, directories, problems);
	return -ENOENT;
}

struct policy *policy_free(struct policy *policy)
{
	if (!policy)
		return NULL;
	option_free(policy_options, policy);
	free(policy->name);
	free(policy);
	return NULL;
}
