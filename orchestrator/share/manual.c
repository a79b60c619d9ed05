/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manual <TEMPLATE >PAGE: a manual page in mdoc(7) from prose and tables. A line that is one of the
 * words in `parts` is replaced by what the tables say; every other line stays as it is. Run by
 * `make`, never installed.
 */
#include "share/manual.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *word;
	void (*print)(void);
} parts[] = {
	{"@commands@", manual_commands}, /* each with its own flags */
	{"@flags@", manual_flags},	 /* those that several commands have */
	{"@fleet@", manual_fleet},	 /* the keys of a fleet file */
	{"@policy@", manual_policy},	 /* the keys of a policy */
};

static bool print_part(const char *line)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(line, parts[i].word) != 0)
			continue;
		parts[i].print();
		return true;
	}
	return false;
}

int main(void)
{
	char line[1024];

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!print_part(line))
			(void)puts(line);
	}
	return ferror(stdin) || fflush(stdout) != 0;
}
