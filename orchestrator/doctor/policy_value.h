#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy asks for, field by field, in a few words. Pure. */
#include "policy/policy.h"

/* The value of a key of policy files, as a text of the caller's: "2GiB", "10001:10001". */
char *policy_value(const struct policy *policy, const char *field);
