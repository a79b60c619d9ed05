/* SPDX-License-Identifier: Apache-2.0 */
#include "world/host.h"

#include "base/cleanup.h"
#include "daemon/state.h"
#include "world/seam.h"

#include <signal.h>

static struct host *current;

struct host *host_current(void)
{
	return current;
}

void seam_be(struct host *host)
{
	current = host;
}

void seam_enter(struct host *host)
{
	current = host;
	host->steps++;
}

/* Frees the process without a word, as its end would: what it sent is on its way. */
static unsigned end(struct host *host)
{
	current = host;
	struct daemon *daemon = TAKE(host->daemon);
	host->loop = NULL;
	unsigned verdict = daemon_free(daemon);
	current = NULL;
	return verdict;
}

void seam_leave(struct host *host)
{
	if (!host->daemon) /* it is still being started */
		return;
	if (seam_is_stopped(host->loop)) {
		if (host->options.drain)
			tally_report(host->daemon);
		unsigned verdict = end(host);
		host->owner.ended(host, verdict, host->owner.arg);
		return;
	}
	current = NULL;
	if (host->dies_at != 0 && host->steps >= host->dies_at)
		host_kill(host);
	host->owner.stepped(host, host->owner.arg);
}

bool host_start(struct host *host)
{
	unsigned verdict = 0;

	host->incarnation++;
	host->steps = 0;
	host->is_told_to_end = false;
	host->options.flags = &host->flags;
	current = host;
	host->daemon = daemon_new(host->fleet, &host->options, &verdict);
	current = NULL;
	if (!host->daemon) {
		host->owner.ended(host, verdict, host->owner.arg);
		return false;
	}
	host->loop = daemon_loop(host->daemon);
	return true;
}

void host_kill(struct host *host)
{
	host->dies_at = 0;
	if (host->daemon)
		(void)end(host);
}

void host_signal(struct host *host, int signo)
{
	if (!host->daemon)
		return;
	seam_enter(host);
	seam_signal(host->loop, signo);
	host->is_told_to_end |= signo == SIGTERM || signo == SIGQUIT;
	seam_leave(host);
}
