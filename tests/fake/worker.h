/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What runs "inside" a container: a fake-worker process with the container's environment, told how
 * to behave by the rules; or, without workers, a timer that follows the same words as far as they
 * concern the engine (ignore-term, exit-N, run-MS).
 */

#include "containers.h"

/* Sets container->pid; false and `container->error` when the program cannot be run. */
bool worker_start(struct container *container);

/* Reads the words for an idle container; run-MS changes `*run_ms`. */
void worker_imitate(struct container *container, int64_t *run_ms);
