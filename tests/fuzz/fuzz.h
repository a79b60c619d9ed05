#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fuzz target is: a file of tests/fuzz with this one function, called with any bytes there
 * are. Linked with libFuzzer it gets what that thinks of (make fuzz); linked with replay.c it gets
 * the files of tests/fuzz/corpus/TARGET (make unit).
 */
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
