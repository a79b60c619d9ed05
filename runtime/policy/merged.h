#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree put together from nodes of other trees: what `include`, `defaults` and a policy's
 * `extends` make of a file. Nodes keep the file and position they were written at, so that a
 * problem is named there.
 */
#include "policy/yaml.h"

struct merged_tree;

struct merged_tree *merged_tree_new(void);

/* NULL is fine; returns NULL. Frees the nodes that were made here. */
struct merged_tree *merged_tree_free(struct merged_tree *tree);
void merged_tree_freep(struct merged_tree **tree);

/* An empty map or list at the position of `like`, which is of that `kind` or stands in for one,
 * with room for `room` members. The tree's. */
struct yaml_node *merged_tree_make(struct merged_tree *tree, enum yaml_kind kind,
				   const struct yaml_node *like, size_t room);

/* The union of two maps; where both have a key, `own` wins. Not recursive. */
struct yaml_node *merged_tree_union(struct merged_tree *tree, const struct yaml_node *own,
				    const struct yaml_node *defaults);

/* A copy of the map `root` whose value of `key` is `value`. */
const struct yaml_node *merged_tree_with(struct merged_tree *tree, const struct yaml_node *root,
					 const char *key, struct yaml_node *value);
