#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether what confines the first process of a running container is as its policy promises: the
 * kernel's own word, against whatever an engine said that it did. Pure.
 */
#include "base/err.h"
#include "io/process.h"
#include "policy/policy.h"

/* True if the kernel has that file. */
typedef bool process_has_fn(const char *path);

/* ERR_REFUSED (-EPERM) naming the first field that is wider than the policy, what was asked, what
 * holds, and the remedy. What the policy waives is not looked at. */
int proof_check_state(const struct policy *policy, const struct process_state *state,
		      process_has_fn *has, struct err *err);

/* True for runtimes whose containers are processes of this kernel's. In others (gVisor, Kata) the
 * process that the engine names is the sandbox's, and shows nothing of what holds inside. */
bool proof_applies_to(const char *runtime);
