#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* A name with its value: environment variables and labels. */
#include <stddef.h>

struct name_value {
	char *name;
	char *value;
};

/* Frees the array and what it holds. NULL is fine; returns NULL. */
struct name_value *name_values_free(struct name_value *values, size_t count);

/* Appends copies of both to an array of `*count`. */
void name_values_add(struct name_value **values, size_t *count, const char *name,
		     const char *value);
