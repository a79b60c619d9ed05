#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fuzz target is: a file of tests/fuzz with this one function, called with any bytes there
 * are. Linked with libFuzzer it gets what that thinks of (make fuzz); linked with replay.c it gets
 * the files of tests/fuzz/corpus/TARGET (make unit).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input is. */
#define must(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,    \
				      #condition);                                                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Where an input is cut: its first bytes say how long the pieces are that the others come in, by
 * turns. */
#define FUZZ_CUTS 4

static inline size_t fuzz_piece(const uint8_t *data, size_t i, size_t left)
{
	size_t piece = (size_t)data[i % FUZZ_CUTS] + 1;

	return piece < left ? piece : left;
}

/* What may be printed as one line: not empty, and nothing in it that a terminal would obey. */
static inline bool fuzz_is_message(const char *text)
{
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == '\x7f')
			return false;
	return text[0] != '\0';
}
