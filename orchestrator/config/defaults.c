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

/* Nodes made here, newest first. */
struct made_node {
	struct yaml_node node;
	struct made_node *next;
};

struct merged_tree {
	struct made_node *made;
	const struct yaml_node *root;
};

/* What only one environment can have. */
static const char *const singular_keys[] = {"id", "name"};

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
		   const char *file, struct problems *problems)
{
	struct environment scratch = {.id = NULL};

	(void)row;
	(void)target;
	(void)option_read(environment_rows, node, &scratch, file, problems);
	option_free(environment_rows, &scratch);
	for (size_t i = 0; node->kind == YAML_MAP && i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		if (is_one_of(key->text, singular_keys, ARRAY_SIZE(singular_keys)))
			problems_add(problems, file, key->line, key->column,
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
	defaults_read(NULL, defaults, NULL, "", &problems);
	bool fine = problems.count == 0;
	problems_done(&problems);
	return fine ? defaults : NULL;
}

/* An empty map or list at the position of `like`, which is one, with room for `room` members. */
static struct yaml_node *make_node(struct merged_tree *tree, const struct yaml_node *like,
				   size_t room)
{
	struct made_node *made = xcalloc(1, sizeof(*made));

	made->node = (struct yaml_node){
		.kind = like->kind,
		.line = like->line,
		.column = like->column,
		.items = xcalloc(room + 1, sizeof(struct yaml_node *)),
		.pairs = xcalloc(room + 1, sizeof(struct yaml_pair)),
	};
	made->next = tree->made;
	tree->made = made;
	return &made->node;
}

static void add_pair(struct yaml_node *map, const struct yaml_pair *pair)
{
	map->pairs[map->count++] = *pair;
}

/* The union of two maps; where both have a key, `own` wins. Not recursive: one level is enough. */
static struct yaml_node *merge_maps(struct merged_tree *tree, const struct yaml_node *own,
				    const struct yaml_node *defaults)
{
	struct yaml_node *merged = make_node(tree, own, own->count + defaults->count);

	for (size_t i = 0; i < own->count; i++)
		add_pair(merged, &own->pairs[i]);
	for (size_t i = 0; i < defaults->count; i++)
		if (!yaml_get(own, defaults->pairs[i].key->text))
			add_pair(merged, &defaults->pairs[i]);
	return merged;
}

static struct yaml_node *merge_environment(struct merged_tree *tree, struct yaml_node *own,
					   const struct yaml_node *defaults)
{
	if (own->kind != YAML_MAP)
		return own;

	struct yaml_node *merged = merge_maps(tree, own, defaults);
	for (size_t i = 0; i < merged->count; i++) {
		struct yaml_pair *pair = &merged->pairs[i];
		const struct yaml_node *fallback = yaml_get(defaults, pair->key->text);
		if (is_one_of(pair->key->text, mergeable_keys, ARRAY_SIZE(mergeable_keys)) &&
		    fallback && fallback != pair->value && fallback->kind == YAML_MAP &&
		    pair->value->kind == YAML_MAP)
			pair->value = merge_maps(tree, pair->value, fallback);
	}
	return merged;
}

static struct yaml_node *merge_environments(struct merged_tree *tree, struct yaml_node *list,
					    const struct yaml_node *defaults)
{
	if (list->kind != YAML_LIST)
		return list;

	struct yaml_node *merged = make_node(tree, list, list->count);
	for (size_t i = 0; i < list->count; i++)
		merged->items[merged->count++] = merge_environment(tree, list->items[i], defaults);
	return merged;
}

struct merged_tree *defaults_merge(const struct yaml_node *root)
{
	struct merged_tree *tree = xcalloc(1, sizeof(*tree));
	const struct yaml_node *defaults = defaults_usable(root);

	tree->root = root;
	if (!defaults)
		return tree;

	struct yaml_node *merged = make_node(tree, root, root->count);
	for (size_t i = 0; i < root->count; i++) {
		struct yaml_pair pair = root->pairs[i];
		if (strcmp(pair.key->text, "environments") == 0)
			pair.value = merge_environments(tree, pair.value, defaults);
		add_pair(merged, &pair);
	}
	tree->root = merged;
	return tree;
}

const struct yaml_node *merged_tree_root(const struct merged_tree *tree)
{
	return tree->root;
}

struct merged_tree *merged_tree_free(struct merged_tree *tree)
{
	while (tree && tree->made) {
		struct made_node *made = tree->made;
		tree->made = made->next;
		free(made->node.items);
		free(made->node.pairs);
		free(made);
	}
	free(tree);
	return NULL;
}

void merged_tree_freep(struct merged_tree **tree)
{
	*tree = merged_tree_free(*tree);
}
