/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/tally.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/state.h"
#include "io/loop.h"

#include <inttypes.h>
#include <stdio.h>

static void count_running(struct session *session, void *arg)
{
	int64_t *running = arg;

	if (session->ran && session->times.exited == 0)
		++*running;
}

void tally_report(struct daemon *daemon)
{
	const struct tally *tally = &daemon->tally;
	bool went_wrong = daemon->verdict != 0 || tally->failed > 0;
	int64_t running = 0;

	table_each(&daemon->table, count_running, &running);
	const struct {
		const char *name;
		int64_t count;
	} rows[] = {
		{"claimed", tally->claimed},
		{"started", tally->started},
		{"ended", tally->ended},
		{"refused", tally->refused},
		{"left_running", running},
		{"failed", tally->failed},
		{"environments", (int64_t)daemon->fleet->environment_count},
	};
	struct log_field fields[ARRAY_SIZE(rows) + 2] = {0};
	char digits[ARRAY_SIZE(rows)][24], duration[32];
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		(void)snprintf(digits[i], sizeof(digits[i]), "%" PRId64, rows[i].count);
		fields[i] = (struct log_field){rows[i].name, digits[i]};
	}
	/* Without a loop it has not even begun. */
	uint64_t took_ms = daemon->loop ? loop_now_ms(daemon->loop) - daemon->began_ms : 0;
	text_format_duration(duration, (int64_t)took_ms);
	fields[ARRAY_SIZE(rows)] = (struct log_field){"duration", duration};
	log_event(went_wrong ? LOG_WARNING : LOG_INFO, "drained", NULL, fields, NULL);
}
