#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life under a service manager: when berth is ready, how it is doing in one line, and whether the
 * watchdog is fed.
 *
 *	STARTING -ready-> READY -reloading-> RELOADING -reloaded-> READY
 *	      any of these -finishing-> FINISHING -stopping-> STOPPING
 *
 * READY means that what an earlier run left is adopted, so claims begin. FINISHING has no end that
 * berth could name (SIGQUIT: the sessions take what they take). The manager is not told, because
 * from STOPPING=1 on it kills at its TimeoutStopSec.
 *
 * The watchdog is fed at half its interval as long as the loop turns, unless every environment that
 * polls goes unheard. A poll is heard when there is an HTTP answer of any status, and also when
 * there is no connection: that the network is down is no news of berth. It goes unheard when it has
 * a connection and no answer POLLER_MARGIN_MS after the time that the control plane was asked to
 * hold it, POLLER_UNHEARD_POLLS times in a row (queue/poller.h). An environment that does not poll
 * is not counted, whatever the reason: no slot, no engine, an open breaker, a rejected key. With
 * none that polls, while starting, finishing and stopping, the watchdog is fed.
 *
 * Once unheard, each second is looked for an answer; the first one feeds at once.
 */
#include "daemon/claimant.h"
#include "io/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What there is to tell. */
struct service_facts {
	size_t sessions; /* whose container runs */
	int64_t slots, slots_at_most;
	unsigned engines, engines_away;
	unsigned environments[CLAIMANT_STANDINGS]; /* how many of each */
	unsigned polling, unheard; /* environments; the second are some of the first */
};

enum service_phase {
	SERVICE_STARTING,
	SERVICE_READY,
	SERVICE_RELOADING,
	SERVICE_FINISHING,
	SERVICE_STOPPING,
};

struct service {
	struct loop *loop;
	void (*look)(struct service_facts *ret, void *arg); /* fills in a zeroed one */
	void *arg;
	enum service_phase phase;
	uint64_t watchdog_ms; /* 0: nobody watches */
	bool is_unheard;      /* so the watchdog is not fed */
	bool has_looked;      /* at the facts, at looked_ms */
	uint64_t looked_ms;
	char told[256]; /* the last status */
	struct timer status_timer, watchdog_timer;
};

/* STARTING. `loop` and `arg` outlive the service. */
void service_init(struct service *service, struct loop *loop,
		  void (*look)(struct service_facts *ret, void *arg), void *arg);
/* Safe on a zeroed struct. */
void service_done(struct service *service);

/* The facts may have changed. They are looked at again at most once a second, and told if so. */
void service_changed(struct service *service);

/* Each does nothing where the picture has no such edge: reloading while starting, say. */
void service_ready(struct service *service);
void service_reloading(struct service *service);
void service_reloaded(struct service *service);
void service_finishing(struct service *service);
/* The end comes within `within_ms`, for which the manager is asked to wait, at least. */
void service_stopping(struct service *service, uint64_t within_ms);
