#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* How one environment is polled: configured in the fleet file, carried out by queue/poller.h. */
#include <stdint.h>

struct poll_settings {
	unsigned block_ms;		  /* 1..999; 0: leave it out */
	int64_t reclaim_older_than_ms;	  /* >= 1; 0: leave it out */
	int64_t idle_min_ms, idle_max_ms; /* idle_min 0: polls continuously */
	int64_t ack_within_ms;		  /* used by the session, not by the poller */
};
