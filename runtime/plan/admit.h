#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a container may be built from these values at all: one rule after the other, without
 * building anything. */
#include "plan/plan.h"

/* 0, or ERR_REFUSED by the first rule that is broken, with the codes of plan_build(). */
int admit(const struct plan_input *input, struct err *err);

/* `field` is the key of the configuration that a refusal is about; where that is `env`, `labels` or
 * `mounts`, `entry` says which of them. False: one is enough. */
typedef bool admit_refused_fn(const char *field, size_t entry, const struct err *err, void *arg);

/* Tells of every rule that is broken, of `env`, `labels` and `mounts` for each entry. */
void admit_each(const struct plan_input *input, admit_refused_fn *refused, void *arg);
