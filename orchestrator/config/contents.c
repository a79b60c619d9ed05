/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the configuration points to: policies are read, keys are looked at, and for each environment
 * it is asked what its container would be refused for, so that this is known before an item is
 * claimed for it.
 */
#include "base/cleanup.h"
#include "config/defaults.h"
#include "config/loader.h"
#include "config/mount_reach.h"
#include "policy/host_path.h"
#include "policy/path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const struct yaml_node *place_of(const struct loader *loader, size_t i, const char *key)
{
	const struct yaml_node *node = yaml_get(loader->origins[i].node, key);

	return node ? node : loader->origins[i].node;
}

static bool is_no_section(const struct loader *loader, size_t i, const char *key)
{
	const struct yaml_node *node = yaml_get(loader->origins[i].node, key);

	return node && node->kind != YAML_MAP && !yaml_is_null(node);
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
			 origin ? origin : "policy", "%s", problems.items[0].text);
	} else {
		problems_append(loader->problems, &problems);
	}
	problems_done(&problems);
}

/* What somebody wrote to say where the key is; NULL: nothing. */
static const char *key_as_written(const struct loader *loader, size_t i)
{
	static const char *const members[] = {"file", "env", "credential"};
	const struct yaml_node *node = yaml_get(loader->origins[i].node, "key");

	if (loader->origins[i].key)
		return loader->fleet->environments[i].key.file;
	if (node && node->kind == YAML_SCALAR)
		return node->text;
	for (size_t j = 0; j < ARRAY_SIZE(members); j++) {
		const struct yaml_node *member = yaml_get(node, members[j]);
		if (member && member->kind == YAML_SCALAR)
			return member->text;
	}
	return NULL;
}

/* Complains of a key itself, where the place of one is to be said. */
static bool is_key_itself(struct loader *loader, size_t i)
{
	const char *written = key_as_written(loader, i), *origin = loader->origins[i].key;
	struct err err;

	if (!written || key_check_source(written, &err) == 0)
		return false;
	complain(loader, origin ? NULL : place_of(loader, i, "key"), origin, "%s%s",
		 origin ? "" : "key: ", err.text);
	return true;
}

static void check_key(struct loader *loader, size_t i)
{
	const struct environment *environment = &loader->fleet->environments[i];
	const struct key_source *key = &environment->key;
	_cleanup_(secret_freep) struct secret *secret = NULL;
	const char *origin = loader->origins[i].key;
	const struct yaml_node *node = place_of(loader, i, "key");
	struct err err;

	if (is_key_itself(loader, i))
		return;
	if (!key->file && !key->variable && !key->credential) {
		/* What is no section has been reported. */
		if (defaults_are_lost(loader->root) || is_no_section(loader, i, "key"))
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

/* An environment whose container is asked about, and where its mounts were written: those that are
 * complete, since what is missing in the others has been reported. */
struct question {
	struct loader *loader;
	size_t i; /* of the environment */
	const struct yaml_node **mounts;
};

/* Where the member of a map that is called `name` was written; the map if there is none. */
static const struct yaml_node *place_of_member(const struct yaml_node *map, const char *name)
{
	for (size_t i = 0; map->kind == YAML_MAP && i < map->count; i++)
		if (strcmp(map->pairs[i].key->text, name) == 0)
			return map->pairs[i].key;
	return map;
}

static const struct yaml_node *place_of_refusal(const struct question *question, const char *field,
						size_t entry)
{
	const struct environment *environment = &question->loader->fleet->environments[question->i];
	const struct yaml_node *place = place_of(question->loader, question->i, field);

	if (!place)
		return NULL;
	if (strcmp(field, "env") == 0)
		return place_of_member(place, environment->env[entry].name);
	if (strcmp(field, "labels") == 0)
		return place_of_member(place, environment->labels[entry].name);
	return strcmp(field, "mounts") == 0 ? question->mounts[entry] : place;
}

/* What a value itself was refused for is not said in other words; of mounts, only those are asked
 * about whose values were not. */
static bool on_refused(const char *field, size_t entry, const struct err *err, void *arg)
{
	const struct question *question = arg;
	struct loader *loader = question->loader;
	const struct yaml_node *place = place_of_refusal(question, field, entry);
	bool is_of_mount = strcmp(field, "mounts") == 0;

	if (is_of_mount || !place ||
	    !problems_are_at(loader->problems, place->file, place->line, place->column))
		complain(loader, place, "environment", "%s", err->text);
	return true;
}

/* Nobody else may put another thing in its place. */
static int check_place(const struct policy *policy, const char *source, struct err *err)
{
	for (char **root = policy->mount_roots; root && *root; root++)
		if (path_is_within(source, *root))
			return host_path_check_source(*root, source, err);
	return 0;
}

/* A link in a directory that the policy opens can lead out of it, and what it opens can have berth
 * itself in it. What has been refused anyway is not looked at. */
static void check_source(struct loader *loader, const struct policy *policy,
			 const struct plan_mount *mount, const struct yaml_node *place)
{
	struct err err;

	if (problems_are_at(loader->problems, place->file, place->line, place->column))
		return;
	int r = host_path_check_link(mount->source, &err);
	if (r == 0)
		r = check_place(policy, mount->source, &err);
	if (r < 0)
		complain(loader, place, "environment", "mounts: source %s", err.text);
	else if (mount_check_reach(loader->fleet, mount->source, &err) < 0)
		complain(loader, place, "environment", "mounts: %s", err.text);
}

static void check_container(struct loader *loader, size_t i)
{
	struct environment complete = loader->fleet->environments[i];
	const struct yaml_node *list = yaml_get(loader->origins[i].node, "mounts");
	_cleanup_free_ struct plan_mount *mounts =
		xcalloc(complete.mount_count + 1, sizeof(struct plan_mount));
	_cleanup_free_ const struct yaml_node **places =
		xcalloc(complete.mount_count + 1, sizeof(struct yaml_node *));
	size_t count = 0;

	for (size_t j = 0; j < complete.mount_count; j++) {
		if (!complete.mounts[j].source || !complete.mounts[j].target)
			continue;
		mounts[count] = complete.mounts[j];
		places[count++] = list->items[j];
	}
	complete.mounts = mounts;
	complete.mount_count = count;
	fleet_sample_admit(loader->fleet, &complete, on_refused,
			   &(struct question){loader, i, places});
	for (size_t j = 0; j < count; j++)
		check_source(loader, complete.policy, &mounts[j], places[j]);
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
		if (fleet->environments[i].policy)
			check_container(loader, i);
	}
}
