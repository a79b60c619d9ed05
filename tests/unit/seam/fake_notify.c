/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_notify.h"

#include "base/cleanup.h"

#include <string.h>

#define MESSAGES_MAX 1000

static char *messages[MESSAGES_MAX];
static size_t message_count;
static uint64_t watched_ms;

void notify_send(const char *assignments)
{
	if (message_count == MESSAGES_MAX)
		abort();
	messages[message_count++] = xstrdup(assignments);
}

void notify_reloading(void)
{
	notify_send("RELOADING=1");
}

uint64_t notify_watchdog_ms(void)
{
	return watched_ms;
}

void fake_notify_watch(uint64_t ms)
{
	watched_ms = ms;
}

size_t fake_notify_count(const char *beginning)
{
	size_t count = 0;

	for (size_t i = 0; i < message_count; i++)
		count += strncmp(messages[i], beginning, strlen(beginning)) == 0;
	return count;
}

const char *fake_notify_last(const char *beginning)
{
	for (size_t i = message_count; i > 0; i--)
		if (strncmp(messages[i - 1], beginning, strlen(beginning)) == 0)
			return messages[i - 1];
	return "";
}

void fake_notify_end(void)
{
	while (message_count > 0)
		free(messages[--message_count]);
	watched_ms = 0;
}
