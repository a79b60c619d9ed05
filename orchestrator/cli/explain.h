#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What a command says on stderr that quotes its arguments. */

/* Keys in it are masked (text_mask_keys()). */
void explain(const char *format, ...) __attribute__((format(printf, 1, 2)));
