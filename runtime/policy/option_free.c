/* SPDX-License-Identifier: Apache-2.0 */
/* Giving back what options hold. */
#include "base/cleanup.h"
#include "policy/option.h"

static void free_strings(char ***field)
{
	for (char **text = *field; text && *text; text++)
		free(*text);
	free(*field);
	*field = NULL;
}

static void free_sections(const struct option *row, void **array, size_t *count)
{
	for (size_t i = 0; i < *count; i++) {
		char *item = (char *)*array + i * row->item_size;
		option_free(row->rows, item);
		if (row->type == OPTION_NAMED)
			free(*(char **)(void *)(item + row->item_name));
	}
	free(*array);
	*array = NULL;
	*count = 0;
}

static void free_value(const struct option *row, void *target)
{
	void *field = (char *)target + row->offset;
	size_t *count = (size_t *)(void *)((char *)target + row->count_offset);

	switch (row->type) {
	case OPTION_STRING:
		free(*(char **)field);
		*(char **)field = NULL;
		return;
	case OPTION_STRINGS:
		free_strings(field);
		return;
	case OPTION_MAP:
		*(struct name_value **)field =
			name_values_free(*(struct name_value **)field, *count);
		*count = 0;
		return;
	case OPTION_SECTION:
		option_free(row->rows, field);
		return;
	case OPTION_SECTIONS:
	case OPTION_NAMED:
		free_sections(row, field, count);
		return;
	case OPTION_PARSED:
	case OPTION_PARSED_LIST:
	case OPTION_CUSTOM:
		if (row->release)
			row->release(target);
		return;
	case OPTION_BOOL:
	case OPTION_INT:
	case OPTION_DURATION:
	case OPTION_SIZE:
	case OPTION_ENUM:
		return;
	}
}

void option_free(const struct option *rows, void *target)
{
	for (; rows->key; rows++)
		free_value(rows, target);
}
