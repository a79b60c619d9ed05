#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy does not promise, in words: it is shown wherever containers are. */
#include "policy/policy.h"

/* "memory,pids", "none"; a text of the caller's. */
char *waivers_text(const struct policy *policy);
