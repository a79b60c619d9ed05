#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Names of Linux capabilities, as libcap knows them. */
#include "base/err.h"

#include <stdint.h>

/* The bit of a capability by its name, with or without CAP_, in any case. ERR_INPUT, with the name
 * that was probably meant, for one that does not exist, and for ALL. */
int caps_parse(const char *text, uint64_t *ret_bit, struct err *err);

/* The lowest capability of `set` and up from number `from`: its number, or -1. For loops. */
int caps_next(uint64_t set, int from);

/* "CAP_CHOWN", as engines want it. `number` comes from caps_next(). */
void caps_format(char into[64], int number);
