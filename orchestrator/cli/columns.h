#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of text in columns that are as wide as they need to be, on stdout. */
#include <stddef.h>

struct columns {
	const char *const *titles;
	size_t width; /* number of columns */
	char **cells; /* row by row */
	size_t cell_count;
};

/* The titles are borrowed for as long as the columns live. */
void columns_init(struct columns *columns, const char *const *titles, size_t width);

/* Appends a row of `width` texts; copies are kept. NULL is shown as "-". Keys
 * are masked, and what a terminal does not show where it stands becomes '?' (text_show()). */
void columns_add(struct columns *columns, const char *const *cells);

void columns_print(const struct columns *columns);

void columns_done(struct columns *columns);
