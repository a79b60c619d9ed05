#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of an operator's labels: {work_id} and {session_id} stand for the item's own. Other braces
 * stay as they are, so that a label can hold JSON; only another {word} is taken for a mistake.
 */
#include "base/err.h"
#include "base/name_value.h"

/* Refuses (ERR_REFUSED, -EPERM) a placeholder that does not exist, with the one that was meant. */
int label_check(const struct name_value *label, struct err *err);

/* The value with its placeholders replaced; the caller's. */
char *label_expand(const char *value, const char *work_id, const char *session_id);
