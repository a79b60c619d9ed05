#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* `defaults:` of a fleet file: what every environment has unless it says otherwise. */
#include "policy/option.h"

struct merged_tree;

/* The read function of the row `defaults`: reports what is wrong with it, stores nothing. */
void defaults_read(const struct option *row, const struct yaml_node *node, void *target,
		   const char *file, struct problems *problems);

/* A copy of the map `root` whose environments each carry what `defaults` says and they do not: key
 * by key, and within poll, timeouts, env and labels likewise. Nodes keep the positions they were
 * written at. Defaults that are wrong are not merged, so that their problems are named once. The
 * copy shares nodes with `root`. */
struct merged_tree *defaults_merge(const struct yaml_node *root);

/* The file's defaults if they are there and fine, else NULL. `root` may be NULL. */
const struct yaml_node *defaults_usable(const struct yaml_node *root);

const struct yaml_node *merged_tree_root(const struct merged_tree *tree);

/* NULL is fine; returns NULL. */
struct merged_tree *merged_tree_free(struct merged_tree *tree);
void merged_tree_freep(struct merged_tree **tree);
