/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/columns.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void columns_init(struct columns *columns, const char *const *titles, size_t width)
{
	*columns = (struct columns){.titles = titles, .width = width};
}

void columns_add(struct columns *columns, const char *const *cells)
{
	columns->cells = xreallocarray(columns->cells, columns->cell_count + columns->width,
				       sizeof(*columns->cells));
	for (size_t i = 0; i < columns->width; i++) {
		char *cell = xstrdup(cells[i] ? cells[i] : "-");
		(void)text_mask_keys(cell);
		text_show(cell);
		columns->cells[columns->cell_count++] = cell;
	}
}

static int width_of(const struct columns *columns, size_t column)
{
	size_t width = strlen(columns->titles[column]);

	for (size_t i = column; i < columns->cell_count; i += columns->width)
		if (strlen(columns->cells[i]) > width)
			width = strlen(columns->cells[i]);
	return (int)width;
}

static void print_cell(const struct columns *columns, size_t column, const char *text)
{
	bool last = column + 1 == columns->width;

	printf("%-*s%s", last ? 0 : width_of(columns, column), text, last ? "\n" : "  ");
}

void columns_print(const struct columns *columns)
{
	for (size_t i = 0; i < columns->width; i++)
		print_cell(columns, i, columns->titles[i]);
	for (size_t row = 0; row < columns->cell_count; row += columns->width)
		for (size_t i = 0; i < columns->width; i++)
			print_cell(columns, i, columns->cells[row + i]);
}

void columns_done(struct columns *columns)
{
	for (size_t i = 0; i < columns->cell_count; i++)
		free(columns->cells[i]);
	free(columns->cells);
	columns->cells = NULL;
	columns->cell_count = 0;
}
