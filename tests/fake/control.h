/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The control interface on the second socket: what a test reads (journal, containers, statistics)
 * and what it does to the engine (rules, events, foreign containers, exits, the listener). The
 * calls are described in fakeengine.py, their only client.
 */

#include "request.h"

void control_handle(struct request *request);
