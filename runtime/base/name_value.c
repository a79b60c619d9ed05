/* SPDX-License-Identifier: Apache-2.0 */
#include "base/name_value.h"

#include "base/cleanup.h"

struct name_value *name_values_free(struct name_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(values[i].name);
		free(values[i].value);
	}
	free(values);
	return NULL;
}

void name_values_add(struct name_value **values, size_t *count, const char *name, const char *value)
{
	*values = xreallocarray(*values, *count + 1, sizeof(**values));
	(*values)[*count] = (struct name_value){xstrdup(name), xstrdup(value)};
	(*count)++;
}
