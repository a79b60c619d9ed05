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

/*
 * Podman's way: makes the process, with the limits that were asked for, and holds it back before
 * its program is loaded, as runc's init is; nothing of it has run when this returns.
 */
bool worker_hold(struct container *container);

/* What the program is called with, and an environment; to be freed. */
char **worker_arguments(const struct container *container);
char **worker_environment(const struct container *container);
void worker_free_list(char **list);

/* Lets it go, if it was held back. */
void worker_release(struct container *container);

/* Reads the words for an idle container; run-MS changes `*run_ms`. */
void worker_imitate(struct container *container, int64_t *run_ms);
