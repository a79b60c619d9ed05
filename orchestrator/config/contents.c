/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the configuration points to: policies are read, keys are looked at, and a sample item is
 * planned for each environment, so that what no container may have is refused before an item is
 * claimed for it.
 */
#include "base/cleanup.h"
#include "config/defaults.h"
#include "config/loader.h"
#include "policy/host_path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const struct yaml_node *place_of(const struct loader *loader, size_t i, const char *key)
{
	const struct yaml_node *node = yaml_get(loader->origins[i].node, key);

	return node ? node : loader->origins[i].node;
}

static void check_policy_dir(struct loader *loader)
{
	const struct fleet *fleet = loader->fleet;
	const char *flag = loader->flags->policy_dir ? "--policy-dir" : NULL;
	struct stat status;

	if (fleet->policy_dir && (stat(fleet->policy_dir, &status) < 0 || !S_ISDIR(status.st_mode)))
		complain(loader, flag ? NULL : yaml_get(loader->root, "policy_dir"), flag,
			 "policy_dir: '%s' is no directory", fleet->policy_dir);
}

/* True if an earlier environment has named the same policy in vain. */
static bool is_known_to_fail(const struct loader *loader, size_t i)
{
	const struct environment *environments = loader->fleet->environments;

	for (size_t j = 0; j < i; j++)
		if (!environments[j].policy &&
		    strcmp(environments[j].policy_name, environments[i].policy_name) == 0)
			return true;
	return false;
}

static void load_policy(struct loader *loader, size_t i)
{
	struct environment *environment = &loader->fleet->environments[i];
	const char *origin = loader->origins[i].policy;
	struct problems problems;

	if (is_known_to_fail(loader, i))
		return;
	problems_init(&problems);
	int r = fleet_read_policy(loader->fleet, environment->policy_name, &problems,
				  &environment->policy);
	if (r == -ENOENT) {
		/* Its message names no place: that is here. */
		complain(loader, origin ? NULL : place_of(loader, i, "policy"),
			 origin ? origin : "policy", "%.*s", (int)problems.text.len - 1,
			 problems.text.data);
	} else {
		(void)!buf_adds(&loader->problems->text, problems.text.data);
		loader->problems->count += problems.count;
	}
	problems_done(&problems);
}

static void check_key(struct loader *loader, size_t i)
{
	const struct environment *environment = &loader->fleet->environments[i];
	const struct key_source *key = &environment->key;
	_cleanup_(secret_freep) struct secret *secret = NULL;
	const char *origin = loader->origins[i].key;
	const struct yaml_node *node = place_of(loader, i, "key");
	struct err err;

	if (!key->file && !key->variable && !key->credential) {
		if (defaults_are_lost(loader->root))
			return;
		complain(loader, node, "key",
			 "%snone is given: say --environment-key-file FILE, "
			 "ANTHROPIC_ENVIRONMENT_KEY_FILE, or key: { file: FILE } in a fleet file",
			 node ? "key: " : "");
		return;
	}
	if (key_read(key, &secret, &err) < 0)
		complain(loader, origin ? NULL : node, origin, "%s", err.text);
}

/* A refusal starts with the key it is about: "network: ...". */
static const struct yaml_node *place_of_refusal(const struct loader *loader, size_t i,
						const struct err *err)
{
	_cleanup_free_ char *key = xstrndup(err->text, strcspn(err->text, ":"));

	return place_of(loader, i, key);
}

/* A link in a directory that the policy opens can lead out of it. */
static void check_mounts(struct loader *loader, size_t i)
{
	const struct environment *environment = &loader->fleet->environments[i];
	struct err err;

	for (size_t j = 0; j < environment->mount_count; j++)
		if (host_path_check_link(environment->mounts[j].source, &err) < 0)
			complain(loader, place_of(loader, i, "mounts"), "environment",
				 "mounts: source %s", err.text);
}

static void check_plan(struct loader *loader, size_t i)
{
	struct plan *plan = NULL;
	struct err err;

	if (fleet_sample_plan(loader->fleet, &loader->fleet->environments[i], "work", "session",
			      &plan, &err) < 0)
		complain(loader, place_of_refusal(loader, i, &err), "environment", "%s", err.text);
	else
		check_mounts(loader, i);
	plan_free(plan);
}

void contents_load(struct loader *loader)
{
	const struct fleet *fleet = loader->fleet;

	if (loader->flags->need == FLEET_ENGINE_ONLY)
		return;
	check_policy_dir(loader);
	for (size_t i = 0; i < fleet->environment_count; i++) {
		load_policy(loader, i);
		if (loader->flags->need == FLEET_ALL)
			check_key(loader, i);
		/* Values that were refused are not there to plan with. */
		if (!loader->has_bad_rows && !loader->origins[i].is_bad &&
		    fleet->environments[i].policy)
			check_plan(loader, i);
	}
}
