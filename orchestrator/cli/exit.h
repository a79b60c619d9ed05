#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Exit codes, numbered as in sysexits.h. Where several apply, the gravest wins: CONFIG,
 * CREDENTIALS, UNAVAILABLE, TEMPORARY. */

enum exit_code {
	EXIT_DONE = 0,
	EXIT_USAGE = 64,       /* the command line is wrong */
	EXIT_NO_INPUT = 66,    /* there is no such session or item */
	EXIT_UNAVAILABLE = 69, /* no container engine */
	EXIT_INTERNAL = 70,    /* a mistake of berth's own; its output cannot be written */
	EXIT_TEMPORARY = 75,   /* another berth holds the lock; part of the work was not launched */
	EXIT_CREDENTIALS = 77, /* the control plane rejects the key */
	EXIT_CONFIG = 78,      /* configuration or policy refused */
};

/* The graver of two; EXIT_DONE is the least grave. */
int exit_graver(int a, int b);
