#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a table of rows allows, as JSON Schema (2020-12), for editors and for whoever writes files
 * by program. It is one-sided on purpose: what is read without a problem is valid, and most of what
 * is refused is not. What it leaves to option_read() and to whoever reads on: limits of durations
 * and sizes, what fits together, what the host has. Pure.
 *
 * A file is YAML 1.2 to a schema: there a plain 5 is a number, which berth also takes for the text
 * "5"; and null stands for the default wherever a key need not be there.
 */
#include "base/json.h"
#include "policy/option.h"

/* The caller's. `rows` describe the file as a whole. */
struct json_object *schema_new(const struct option *rows, const char *title,
			       const char *description);

/* "from 1s to 1h", "at most 64 characters": what `row` allows beside its type, into `into`; the
 * empty text if that is anything. */
void schema_limits(const struct option *row, char into[96]);
