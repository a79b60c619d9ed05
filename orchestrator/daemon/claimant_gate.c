/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold before an environment claims anything: the engine's host can keep its policy, its
 * image is on the engine, a plan can be made with it, and no launch has just failed for a reason
 * that the next one would share.
 */
#include "base/cleanup.h"
#include "daemon/claimant_parts.h"
#include "daemon/daemon.h"
#include "policy/waivers.h"

#define BREAKER_MIN_MS 1000u
#define BREAKER_MAX_MS 60000u
#define LOOK_AGAIN_MS  1000u
#define IMAGE_FRESH_MS 600000u /* `pull: always` asks the registry again after this long */

static void on_timer(void *arg);

unsigned claimant_verdict_of(const struct err *err)
{
	return err->kind == ERR_REFUSED ? VERDICT_CONFIG_REFUSED : VERDICT_PARTIAL;
}

void claimant_pause(struct claimant *claimant, const struct err *why)
{
	struct loop *loop = claimant->host->loop;
	unsigned shift = claimant->failures < 6 ? claimant->failures : 6;
	uint64_t pause_ms = (uint64_t)BREAKER_MIN_MS << shift;
	struct log_ids ids = claimant_ids(claimant);

	claimant->failures++;
	claimant->host->verdict(claimant_verdict_of(why), claimant->host->arg);
	if (claimant->host->is_drain) {
		log_event(LOG_ERROR, "paused", &ids, NULL,
			  "no more claims, the items stay queued: %s", why->text);
		claimant_stop(claimant);
		return;
	}
	if (pause_ms > BREAKER_MAX_MS)
		pause_ms = BREAKER_MAX_MS;
	pause_ms = loop_random(loop, pause_ms / 2, pause_ms + 1);
	claimant->is_paused = true;
	log_event(LOG_ERROR, "paused", &ids, NULL, "no claims for %u s: %s",
		  (unsigned)((pause_ms + 999) / 1000), why->text);
	timer_arm(&claimant->timer, loop, pause_ms, on_timer, claimant);
	claimant->host->changed(claimant->host->arg);
}

/* A host does not change by waiting: an environment that was never served is given up. */
static void refuse_host(struct claimant *claimant, const struct err *why)
{
	struct log_ids ids = claimant_ids(claimant);

	if (claimant->state != CLAIMANT_PREPARING || claimant->is_paused) {
		claimant_pause(claimant, why);
		return;
	}
	log_event(LOG_ERROR, "given_up", &ids, NULL, "%s", why->text);
	claimant->host->verdict(VERDICT_CONFIG_REFUSED, claimant->host->arg);
	claimant_stop(claimant);
}

/* Once per environment: what its policy lets the engine leave out is not to be overlooked. */
static void report_waivers(struct claimant *claimant)
{
	const struct policy *policy = claimant_config(claimant)->policy;
	struct log_ids ids = claimant_ids(claimant);

	if (policy->unenforced == 0 || claimant->has_reported_waivers)
		return;
	_cleanup_free_ char *fields = waivers_text(policy->unenforced);
	log_event(LOG_WARNING, "unenforced", &ids,
		  (struct log_field[]){{"policy", policy->name}, {"fields", fields}, {NULL}},
		  "the policy lets the engine leave these promises unkept");
	claimant->has_reported_waivers = true;
}

static int try_plan(struct claimant *claimant, struct err *err)
{
	_cleanup_(secret_freep) struct secret *token = secret_new("token", 5);
	const struct edition *newest = claimant->newest;
	struct plan_input input = {0};
	struct plan *plan = NULL;

	fleet_plan_input(newest->fleet, newest->site.config, &input);
	input.session_id = input.work_id = "check";
	input.work_secret = input.sessions_token = token;
	input.environment_key = claimant->key;
	input.image_facts = &newest->image;
	input.bridge = engine_bridge(claimant_backend(claimant)->engine);
	int r = plan_build(&input, &plan, err);
	(void)plan_free(plan);
	return r;
}

static void on_image(struct image_wait *wait, void *arg)
{
	struct claimant *claimant = arg;
	struct log_ids ids = claimant_ids(claimant);
	struct err err = wait->err;

	claimant->is_checking_image = false;
	claimant->image_checked_ms = loop_now_ms(claimant->host->loop);
	if (wait->outcome != ENGINE_OK) {
		if (wait->outcome != ENGINE_UNREACHABLE)
			claimant_pause(claimant, &err);
		else if (!claimant->is_paused) /* of an engine that is back at once nobody hears */
			timer_arm(&claimant->timer, claimant->host->loop, LOOK_AGAIN_MS, on_timer,
				  claimant);
		return;
	}
	image_facts_done(&claimant->newest->image);
	claimant->newest->image = wait->facts;
	wait->facts = (struct image_facts){0};
	if (try_plan(claimant, &err) < 0) {
		claimant_pause(claimant, &err);
		return;
	}
	claimant->has_image = true;
	claimant->serving = claimant->newest;
	claimant->state = CLAIMANT_SERVING;
	log_event(LOG_INFO, "image", &ids,
		  (struct log_field[]){{"image", claimant_config(claimant)->image},
				       {"id", claimant->newest->image.id},
				       {NULL}},
		  NULL);
	poller_wake(claimant->poller);
	claimant->host->changed(claimant->host->arg);
}

void claimant_check_image(struct claimant *claimant)
{
	struct err err;

	if (claimant->is_checking_image || claimant->state == CLAIMANT_FINISHED ||
	    !engine_is_healthy(claimant_backend(claimant)->engine))
		return;
	if (engine_check_policy(claimant_backend(claimant)->engine,
				claimant_config(claimant)->policy, &err) < 0) {
		refuse_host(claimant, &err);
		return;
	}
	report_waivers(claimant);
	claimant->is_checking_image = true;
	claimant->has_image = false;
	image_wait_done(&claimant->image_wait);
	image_wait_init(&claimant->image_wait, on_image, claimant);
	image_ensure(claimant_backend(claimant)->engine, &claimant->image_wait,
		     claimant_config(claimant)->image, claimant_config(claimant)->pull);
}

static void on_timer(void *arg)
{
	struct claimant *claimant = arg;

	claimant->is_paused = false;
	claimant_check_image(claimant);
}

static bool image_is_stale(const struct claimant *claimant)
{
	return claimant_config(claimant)->pull == PULL_ALWAYS &&
	       loop_now_ms(claimant->host->loop) - claimant->image_checked_ms > IMAGE_FRESH_MS;
}

bool claimant_gate_is_open(struct claimant *claimant)
{
	if (claimant->state != CLAIMANT_SERVING || claimant->is_paused)
		return false;
	if (!claimant->has_image || image_is_stale(claimant)) {
		claimant_check_image(claimant);
		return false;
	}
	if (claimant_awaits_verdict(claimant))
		return false;
	/* Half open: after a failure one launch at a time, until one goes well. */
	return claimant->failures == 0 || claimant->launching == 0;
}
