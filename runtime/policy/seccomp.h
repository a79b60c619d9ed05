#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System call filters of the operator's own: JSON files in the form that Docker and Podman share.
 * What they say of each call is for the engine to read; here is checked that they filter at all.
 */
#include "base/err.h"
#include "policy/policy.h"

/* What `seccomp` of a policy file may say: "engine", the name of a file beside the policy, or an
 * absolute path. ERR_INPUT. */
int seccomp_check_name(const char *text, struct err *err);

/* What seccomp_check_name() takes, see struct option. */
#define SECCOMP_PATTERN "^(engine|/.+|[A-Za-z0-9_][A-Za-z0-9_.-]*[.]json)$"

/* The text of a profile as one line without spaces; the caller's. ERR_INPUT if it is no profile. */
int seccomp_parse(const char *text, size_t len, char **ret, struct err *err);

/* Reads the profile that a policy names, if it is one of the operator's own; one without a slash is
 * beside `policy_file`. ERR_INPUT; ERR_REFUSED for a file that others could change. */
int seccomp_load(struct policy *policy, const char *policy_file, struct err *err);
