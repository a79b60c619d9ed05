#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other implementation of io/notify.h for unit tests: a service manager that writes down what
 * it is told. Linked instead of runtime/io, like fake_io.c.
 */
#include "io/notify.h"

#include <stddef.h>

/* How long it waits for a sign of life; 0, as at the start: it watches nobody. */
void fake_notify_watch(uint64_t ms);

/* How many messages begin like this, and the last one that does ("" if none). */
size_t fake_notify_count(const char *beginning);
const char *fake_notify_last(const char *beginning);

/* Forgets everything; each test that looks ends with it. */
void fake_notify_end(void);
