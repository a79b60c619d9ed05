#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* The promises that a policy can waive with `unenforced:`, in words. */
#include "base/err.h"
#include "policy/policy.h"

/* Its bit of enum policy_waiver. ERR_INPUT, with all there are, for a name that is none. */
int waiver_parse(const char *name, unsigned *ret_bit, struct err *err);

/* Bits of enum policy_waiver as "memory,pids", "none" without any; a text of the caller's. What a
 * policy does not promise is shown wherever its containers are. */
char *waivers_text(unsigned waivers);
