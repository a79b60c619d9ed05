#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* The promises that a policy can waive with `unenforced:`, in words. */
#include "base/err.h"
#include "policy/option.h"
#include "policy/policy.h"

/* Their names; the values are bits of enum policy_waiver. */
extern const struct option_choice waiver_choices[];

/* Bits of enum policy_waiver as "memory,pids", "none" without any; a text of the caller's. What a
 * policy does not promise is shown wherever its containers are. */
char *waivers_text(unsigned waivers);
