#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* The generated parts of the manual pages, in mdoc(7), on stdout. */

/* From the table of commands. */
void manual_commands(void);
void manual_flags(void);

/* From the rows of options. */
void manual_fleet(void);
void manual_policy(void);

/* Text with what roff would take for its own made harmless; `code` in quotes. */
void manual_text(const char *text);

/* The same on lines of its own, one sentence each. */
void manual_sentences(const char *text);
