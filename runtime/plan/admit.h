#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a container may be built from these values at all: one rule after the other, without
 * building anything. */
#include "plan/plan.h"

/* 0, or ERR_REFUSED by the first rule that is broken, with the codes of plan_build(). */
int admit(const struct plan_input *input, struct err *err);
