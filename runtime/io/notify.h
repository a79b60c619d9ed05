#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service manager is told about this process, where there is one: systemd names a socket in
 * $NOTIFY_SOCKET, and in $WATCHDOG_USEC how often it wants to hear. Part of the seam: nothing else
 * speaks to it. Without a manager nothing happens. Source: sd_notify(3), sd_watchdog_enabled(3).
 */
#include <stdint.h>

/* Sends assignments, one a line: "READY=1\nSTATUS=...". A manager that cannot be reached is
 * ignored: it draws its own conclusions from silence. */
void notify_send(const char *assignments);

/* RELOADING=1 with the moment it was sent, by which the manager tells it from an older one. */
void notify_reloading(void);

/* After how many milliseconds without "WATCHDOG=1" the manager ends this process; 0: never, or it
 * watches another one. */
uint64_t notify_watchdog_ms(void);
