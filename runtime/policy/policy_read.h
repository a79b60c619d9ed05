#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* For the files of this folder: a policy from a tree, whatever that was put together from. */
#include "policy/policy.h"

/* Its digest is left to the caller, who knows what the tree was read from. -EINVAL, with every
 * problem in `problems`. */
int policy_read(const char *name, const struct yaml_node *root, struct problems *problems,
		struct policy **ret);

void policy_freep(struct policy **policy);
