#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* `include:` of a fleet file: further files that hold environments, one file each if one likes. */
#include "config/loader.h"
#include "policy/merged.h"

/* The trees of the files that were included. Zeroed means none. */
struct included {
	struct yaml_tree **trees;
	size_t count;
};

/* Reads the files that the pattern names, in the order of their names, and returns `root` with
 * their environments after its own. What is wrong with a file is a problem at its place there; at
 * the place of the pattern that a file or the folder to search is not there. A pattern with a
 * wildcard that nothing matches is a warning. */
const struct yaml_node *include_merge(struct loader *loader, struct merged_tree *tree,
				      const struct yaml_node *root, struct included *included);

void included_done(struct included *included);
