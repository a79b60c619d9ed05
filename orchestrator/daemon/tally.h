#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process has done since it started, in numbers: the last line of a drain. The claimants
 * count, leaving.c says it.
 */
#include <stdint.h>

struct daemon;

/* Of sessions; each is counted once in each. Those found at start count from their end on. */
struct tally {
	int64_t claimed; /* taken from a queue, to be run */
	int64_t started; /* containers that this process has started */
	int64_t ended;	 /* ran, and were followed to their end */
	int64_t refused; /* items that are not run for what they are */
	int64_t failed;	 /* not launched, died before a heartbeat, or left in part */
};

/* Logs event=drained: as information, or as a warning when something went wrong on the way (the
 * exit code will not be 0, or a session has failed). */
void tally_report(struct daemon *daemon);
