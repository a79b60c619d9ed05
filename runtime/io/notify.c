/* SPDX-License-Identifier: Apache-2.0 */
#include "io/notify.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void notify_send(const char *assignments)
{
	(void)sd_notify(/* unset_environment= */ 0, assignments);
}

void notify_reloading(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)sd_notifyf(/* unset_environment= */ 0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
			 (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

uint64_t notify_watchdog_ms(void)
{
	uint64_t usec = 0;

	if (sd_watchdog_enabled(/* unset_environment= */ 0, &usec) <= 0)
		return 0;
	return usec / 1000;
}
