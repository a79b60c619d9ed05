#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine has left. Part of the seam: nothing else asks. */
#include <stdint.h>

/* Bytes that may be written below `path`. INT64_MAX if that cannot be told: a data root may be on
 * another machine, or behind a wall. */
int64_t space_on_disk(const char *path);

/* Bytes of memory that a new program could take without swapping: MemAvailable of proc(5)'s
 * meminfo. INT64_MAX if that cannot be told. */
int64_t space_in_memory(void);
