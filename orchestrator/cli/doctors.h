#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The containers with which `doctor --inside` looks around. They belong to an instance of their
 * own, so that no berth takes one for a session. A doctor removes its own, unless it is killed
 * (SIGKILL, a machine that goes down): then the next one does, or gc.
 */
#include "cli/visit.h"

/* "NAME-doctor", for a fleet of the instance NAME. The caller's. */
char *doctors_instance(const struct fleet *fleet);

/* True if no doctor can be at work on that container any more. */
bool doctors_have_left(const struct visit *visit, const struct container *container);
