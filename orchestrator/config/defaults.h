#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* `defaults:` of a fleet file: what every environment has unless it says otherwise. */
#include "policy/merged.h"
#include "policy/option.h"

/* The read function of the row `defaults`: reports what is wrong with it, stores nothing. */
void defaults_read(const struct option *row, const struct yaml_node *node, void *target,
		   struct problems *problems);

/* The map `root` with environments that each carry what `defaults` says and they do not: key by
 * key, and within poll, timeouts, env and labels likewise. Defaults that are wrong are not merged,
 * so that their problems are named once. New nodes are the tree's. */
const struct yaml_node *defaults_merge(struct merged_tree *tree, const struct yaml_node *root);

/* The file's defaults if they are there and fine, else NULL. `root` may be NULL. */
const struct yaml_node *defaults_usable(const struct yaml_node *root);

/* True if there are defaults that could not be used: then what an environment does not say itself
 * may have been said there, and is not missing. */
bool defaults_are_lost(const struct yaml_node *root);
