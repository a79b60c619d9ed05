/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/merged.h"

#include "base/cleanup.h"

#include <string.h>

/* Nodes made here, newest first. */
struct made_node {
	struct yaml_node node;
	struct made_node *next;
};

struct merged_tree {
	struct made_node *made;
};

struct merged_tree *merged_tree_new(void)
{
	return xcalloc(1, sizeof(struct merged_tree));
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

struct yaml_node *merged_tree_make(struct merged_tree *tree, enum yaml_kind kind,
				   const struct yaml_node *like, size_t room)
{
	struct made_node *made = xcalloc(1, sizeof(*made));

	made->node = (struct yaml_node){
		.kind = kind,
		.file = like->file,
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

struct yaml_node *merged_tree_union(struct merged_tree *tree, const struct yaml_node *own,
				    const struct yaml_node *defaults)
{
	struct yaml_node *merged =
		merged_tree_make(tree, YAML_MAP, own, own->count + defaults->count);

	for (size_t i = 0; i < own->count; i++)
		add_pair(merged, &own->pairs[i]);
	for (size_t i = 0; i < defaults->count; i++)
		if (!yaml_get(own, defaults->pairs[i].key->text))
			add_pair(merged, &defaults->pairs[i]);
	return merged;
}

const struct yaml_node *merged_tree_with(struct merged_tree *tree, const struct yaml_node *root,
					 const char *key, struct yaml_node *value)
{
	struct yaml_node *merged = merged_tree_make(tree, YAML_MAP, root, root->count + 1);
	bool is_there = false;

	for (size_t i = 0; i < root->count; i++) {
		struct yaml_pair pair = root->pairs[i];
		if (strcmp(pair.key->text, key) == 0) {
			pair.value = value;
			is_there = true;
		}
		add_pair(merged, &pair);
	}
	if (!is_there) {
		struct yaml_node *name = merged_tree_make(tree, YAML_SCALAR, value, 0);
		name->text = key;
		add_pair(merged, &(struct yaml_pair){name, value});
	}
	return merged;
}
