/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The words that say how a container's worker behaves, alone or as parts of a session id
 * (sesn_crash-after-beat_7). Both programs read them: fake-worker does what they say, fake-engine
 * imitates ignore-term, exit-N and run-MS where it runs no workers.
 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct behaviour {
	bool crash_before_beat; /* exit 1 at once */
	bool crash_after_beat;	/* heartbeat once, then exit 1 without a stop */
	bool hang;		/* keep heartbeating until told to end */
	bool silent;		/* never heartbeat, run until told to end */
	bool ignore_term;	/* as hang, and SIGTERM does not end it (with silent: as silent) */
	bool no_stop;		/* leave without posting the stop */
	int exit_code;		/* exit-N: the exit code of an ordered end */
	long delay_ms;		/* delay-MS: wait before the first heartbeat */
	long run_ms;		/* run-MS: keep heartbeating for so long before the stop */
};

static inline void behaviour_read_word(struct behaviour *b, const char *word)
{
	if (strcmp(word, "crash-before-beat") == 0)
		b->crash_before_beat = true;
	else if (strcmp(word, "crash-after-beat") == 0)
		b->crash_after_beat = true;
	else if (strcmp(word, "hang") == 0)
		b->hang = true;
	else if (strcmp(word, "silent") == 0)
		b->silent = true;
	else if (strcmp(word, "ignore-term") == 0)
		b->hang = b->ignore_term = true;
	else if (strcmp(word, "no-stop") == 0)
		b->no_stop = true;
	else if (strncmp(word, "exit-", 5) == 0)
		b->exit_code = atoi(word + 5);
	else if (strncmp(word, "delay-", 6) == 0)
		b->delay_ms = atol(word + 6);
	else if (strncmp(word, "run-", 4) == 0)
		b->run_ms = atol(word + 4);
}

static inline void behaviour_read_session(struct behaviour *b, const char *session)
{
	char *copy = strdup(session);
	char *rest = copy;
	char *word;

	while (rest && (word = strsep(&rest, "_")))
		behaviour_read_word(b, word);
	free(copy);
}
