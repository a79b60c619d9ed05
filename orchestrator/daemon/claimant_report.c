/* SPDX-License-Identifier: Apache-2.0 */
/* What an environment is doing, for an operator who asks (SIGUSR1). */
#include "daemon/claimant_parts.h"
#include "queue/budget.h"

#include <inttypes.h>
#include <stdio.h>

enum claimant_standing claimant_standing(const struct claimant *claimant)
{
	static const enum claimant_standing standings[] = {
		[CLAIMANT_PREPARING] = CLAIMANT_IS_PREPARING,
		[CLAIMANT_SERVING] = CLAIMANT_IS_SERVING,
		[CLAIMANT_FINISHED] = CLAIMANT_IS_FINISHED,
	};

	if (claimant->is_rejected)
		return CLAIMANT_IS_REJECTED;
	if (claimant->state != CLAIMANT_FINISHED &&
	    (claimant->is_paused || poller_is_backing_off(claimant->poller)))
		return CLAIMANT_IS_PAUSED;
	return standings[claimant->state];
}

const char *claimant_standing_name(enum claimant_standing standing)
{
	static const char *const names[CLAIMANT_STANDINGS] = {
		[CLAIMANT_IS_PREPARING] = "preparing", [CLAIMANT_IS_SERVING] = "serving",
		[CLAIMANT_IS_PAUSED] = "paused",       [CLAIMANT_IS_REJECTED] = "rejected",
		[CLAIMANT_IS_FINISHED] = "finished",
	};

	return standing < CLAIMANT_STANDINGS ? names[standing] : "unknown";
}

enum poller_pulse claimant_pulse(const struct claimant *claimant)
{
	if (claimant->state != CLAIMANT_SERVING || claimant->is_paused)
		return POLLER_RESTS;
	return poller_pulse(claimant->poller);
}

static void format_count(char into[24], int64_t count)
{
	(void)snprintf(into, 24, "%" PRId64, count);
}

static void on_stats(struct queue_call *call, void *arg)
{
	struct claimant *claimant = arg;
	struct log_ids ids = claimant_ids(claimant);
	char depth[24], pending[24], workers[24];

	if (call->outcome != QUEUE_OK) {
		(void)log_err(LOG_WARNING, "status", &ids, &call->err);
		return;
	}
	format_count(depth, json_get_int(call->json, "depth", 0));
	format_count(pending, json_get_int(call->json, "pending", 0));
	format_count(workers, json_get_int(call->json, "workers_polling", 0));
	log_event(LOG_INFO, "status", &ids,
		  (struct log_field[]){
			  {"queued", depth},
			  {"polled_not_acked", pending},
			  {"workers_polling", workers},
			  {"oldest_queued_at", json_get_string(call->json, "oldest_queued_at")},
			  {NULL},
		  },
		  NULL);
}

void claimant_report(struct claimant *claimant)
{
	struct log_ids ids = claimant_ids(claimant);
	char slots[24], launching[24], cap[24];

	format_count(slots, claimant->slots);
	format_count(launching, claimant->launching);
	format_count(cap, claimant_config(claimant)->sessions);
	log_event(LOG_INFO, "status", &ids,
		  (struct log_field[]){
			  {"state", claimant_standing_name(claimant_standing(claimant))},
			  {"slots_taken", slots},
			  {"launching", launching},
			  {"sessions", cap},
			  {NULL},
		  },
		  NULL);
	if (budget_is_in_debt(claimant->host->budget)) {
		log_event(LOG_INFO, "status", &ids, NULL,
			  "its queue is not asked for: host.requests_per_minute are used up");
		return;
	}
	queue_call_done(&claimant->stats_call);
	queue_call_init(&claimant->stats_call, on_stats, claimant);
	queue_stats(&claimant->peer, &claimant->stats_call);
}
