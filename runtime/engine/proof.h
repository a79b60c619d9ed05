#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the limits that the kernel applies to a container, and who its root is, are as its policy
 * promises. For engines whose own word proves nothing: Podman without a user session reports limits
 * that it does not set (4.3, rootless, cgroup v2). Pure.
 */
#include "base/err.h"
#include "io/process.h"
#include "policy/policy.h"

/* ERR_REFUSED (-EPERM) naming the first field that is wider than the policy, what was asked, what
 * holds, and the remedy. A stricter value is fine. What the policy waives is not looked at. */
int proof_check(const struct policy *policy, const struct process_limits *limits, struct err *err);

/* The limits could not be read, and `why`: 0 if the policy waives all of them, else a refusal. */
int proof_is_missing(const struct policy *policy, const struct err *why, struct err *err);
