/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/policy_read.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Names with a meaning of their own to Docker (API v1.41, HostConfig.NetworkMode) or Podman (4.3,
 * --network): not networks that an operator made, or not kept apart from the host. On "bridge", or
 * "default", all containers reach each other. */
static bool is_reserved_network(const char *name)
{
	static const char *const reserved[] = {"host",	      "none",	   "default",
					       "bridge",      "container", "private",
					       "slirp4netns", "pasta",	   "ns"};

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

static void check_disk(const struct policy *policy, const struct yaml_node *root,
		       struct problems *problems)
{
	if (policy->disk_bytes != OPTION_NOT_SET && policy->read_only_root)
		problems_at(problems, yaml_get(root, "disk"),
			    "disk: nothing is written to disk where the root is read-only: leave "
			    "it out, or say `read_only_root: false`");
}

void policy_freep(struct policy **policy)
{
	*policy = policy_free(*policy);
}

int policy_read(const char *name, const struct yaml_node *root, struct problems *problems,
		struct policy **ret)
{
	_cleanup_(policy_freep) struct policy *policy = xcalloc(1, sizeof(*policy));
	unsigned before = problems->count;

	policy->name = xstrdup(name);
	(void)option_read(policy_options, root, policy, problems);
	check_tmpfs(policy, root, problems);
	check_disk(policy, root, problems);
	if (problems->count > before)
		return -EINVAL;
	*ret = TAKE(policy);
	return 0;
}

int policy_parse(const char *name, const char *file, const char *text, size_t len,
		 struct problems *problems, struct policy **ret)
{
	_cleanup_(yaml_tree_freep) struct yaml_tree *yaml = NULL;

	int r = yaml_tree_parse(file, text, len, problems, &yaml);
	if (r == 0)
		r = policy_read(name, yaml_tree_root(yaml), problems, ret);
	if (r == 0)
		text_sha256((*ret)->digest, text, len);
	return r;
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
