/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging happens in the tree, before any value is read: so a key that an environment leaves out is
 * read from the default's own node, and a problem with it is named where it was written.
 */
#include "config/defaults.h"

#include "base/cleanup.h"
#include "config/fleet.h"
#include "config/rows.h"

#include <string.h>

/* Maps that are merged member by member instead of being replaced. */
static const char *const mergeable_keys[] = {"poll", "timeouts", "env", "labels"};

static bool is_one_of(const char *key, const char *const *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

void defaults_read(const struct option *row, const struct yaml_node *node, void *target,
		   struct problems *problems)
{
	struct environment scratch = {.id = NULL};

	(void)target;
	if (node->kind != YAML_MAP) {
		problems_at(problems, node, "%s: a section of KEY: value is expected here",
			    row->key);
		return;
	}
	(void)option_read(environment_rows, node, &scratch, problems);
	option_free(environment_rows, &scratch);
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const struct option *own = option_find(environment_rows, key->text);
		if (own && own->singular)
			problems_at(problems, key,
				    "'%s' belongs to one environment and has no default",
				    key->text);
	}
}

const struct yaml_node *defaults_usable(const struct yaml_node *root)
{
	const struct yaml_node *defaults = yaml_get(root, "defaults");
	struct problems problems;

	if (!defaults || defaults->kind != YAML_MAP)
		return NULL;
	problems_init(&problems);
	defaults_read(NULL, defaults, NULL, &problems);
	bool fine = problems.count == 0;
	problems_done(&problems);
	return fine ? defaults : NULL;
}

bool defaults_are_lost(const struct yaml_node *root)
{
	const struct yaml_node *defaults = yaml_get(root, "defaults");

	return defaults && !yaml_is_null(defaults) && !defaults_usable(root);
}

static struct yaml_node *merge_environment(struct merged_tree *tree, struct yaml_node *own,
					   const struct yaml_node *defaults)
{
	if (own->kind != YAML_MAP)
		return own;

	struct yaml_node *merged = merged_tree_union(tree, own, defaults);
	for (size_t i = 0; i < merged->count; i++) {
		struct yaml_pair *pair = &merged->pairs[i];
		const struct yaml_node *fallback = yaml_get(defaults, pair->key->text);
		if (is_one_of(pair->key->text, mergeable_keys, ARRAY_SIZE(mergeable_keys)) &&
		    fallback && fallback != pair->value && fallback->kind == YAML_MAP &&
		    pair->value->kind == YAML_MAP)
			pair->value = merged_tree_union(tree, pair->value, fallback);
	}
	return merged;
}

static struct yaml_node *merge_environments(struct merged_tree *tree, struct yaml_node *list,
					    const struct yaml_node *defaults)
{
	if (list->kind != YAML_LIST)
		return list;

	struct yaml_node *merged = merged_tree_make(tree, YAML_LIST, list, list->count);
	for (size_t i = 0; i < list->count; i++)
		merged->items[merged->count++] = merge_environment(tree, list->items[i], defaults);
	return merged;
}

const struct yaml_node *defaults_merge(struct merged_tree *tree, const struct yaml_node *root)
{
	const struct yaml_node *defaults = defaults_usable(root);

	for (size_t i = 0; defaults && i < root->count; i++)
		if (strcmp(root->pairs[i].key->text, "environments") == 0)
			return merged_tree_with(
				tree, root, "environments",
				merge_environments(tree, root->pairs[i].value, defaults));
	return root;
}
