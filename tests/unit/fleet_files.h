#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of its own for each test about configuration: with a private key file `key`, a policy
 * `hardened` in policies/, no variable of berth's set, and this process in it.
 */
#include "config/fleet.h"

int fleet_files_setup(void **state);
int fleet_files_teardown(void **state);

/* The folder the test was started in: the root of the source tree. */
const char *fleet_files_source(void);

/* Writes `text` to `path`, making its folder. */
void write_file(const char *path, unsigned mode, const char *text);

/* Loads fleet.yaml with this text (NULL: no file), which must be fine. Free the result. */
struct fleet *loaded(const char *yaml, struct fleet_flags flags);

/* Loads it; exactly these lines must be the problems. */
void assert_problems(const char *yaml, struct fleet_flags flags, const char *lines);
