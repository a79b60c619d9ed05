#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the seam know of each other. Private to host.c and seam_*.c. */
#include "world/host.h"

/* A step of the host begins and ends: a callback of its loop. After leaving, the host may be gone:
 * nothing of it may be touched. */
void seam_enter(struct host *host);
void seam_leave(struct host *host);
/* Whose code runs from here on, without a step. */
void seam_be(struct host *host);

/* The host that is being started, for loop_new(); then of the loop. */
struct host *seam_host_of(const struct loop *loop);
bool seam_is_stopped(const struct loop *loop);
void seam_signal(struct loop *loop, int signo);
