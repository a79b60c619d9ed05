/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three functions move the poller: on_due() when its timer fires, on_turn() when the budget has a
 * request for it, on_reply() when a poll ends. Each arms what comes next and returns, also when
 * that is due at once, so nothing recurses however fast the queue answers.
 *
 * The owner's functions may stop or free the poller. Therefore every state is set before the owner
 * is called, on_reply() goes on only if it finds the state it left, and the storage of a poller
 * freed from within goes when the outermost of its functions returns (enter, leave).
 */
#include "queue/poller.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "queue/budget.h"
#include "queue/skipped.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MAX_MS	 60000
#define SAME_PAUSE_MS	 1000 /* at least, where idle waits are shorter */
/* After an unusable item. Short, because more of them may stand before an item that can be run, and
 * all must be passed before the first is offered again: else nothing behind them ever is. */
#define SKIP_PAUSE_MS 100
#define SOON_MS	      2000 /* an unusable item that comes again sooner is paused on as on the same */
#define REMINDER_MS   300000
#define APART_MS      100 /* at least, between polls that the control plane does not hold */

enum poller_state {
	POLLER_NEW,
	POLLER_WAITING,	   /* the timer is armed */
	POLLER_WANTS_TURN, /* in the budget's line */
	POLLER_WANTS_SLOT, /* until poller_wake() */
	POLLER_POLLING,	   /* a call is under way, with a slot */
	POLLER_DECIDING,   /* on_reply() has not come to an end */
	POLLER_STOPPED,
};

/* Says something at once, then at most every REMINDER_MS until it is over. */
struct reminder {
	bool is_on;
	uint64_t next_ms;
};

struct poller {
	struct queue_peer *peer;
	const struct poll_settings *settings;
	struct poller_owner owner;
	enum poller_state state;
	struct queue_call call;
	struct timer timer;
	struct budget_turn turn;
	enum budget_class class; /* of the next poll, with what goes with it: budget_wait() */
	uint64_t since_ms;
	uint64_t polled_ms; /* when the last poll was sent */
	bool holds_slot;
	bool is_stopping;
	bool is_freed;
	unsigned depth; /* of our functions on the stack that may call the owner */

	unsigned failures;   /* in a row */
	unsigned rejections; /* in a row */
	unsigned unanswered; /* in a row */
	char last_item[129]; /* the id of the last poll's item, if it was usable */
	uint64_t used_ms;    /* when a poll last brought a usable one */
	struct reminder idle, paused;
	struct skipped skipped;
};

static void enter(struct poller *poller)
{
	poller->depth++;
}

static void leave(struct poller *poller)
{
	if (--poller->depth > 0 || !poller->is_freed)
		return;
	skipped_done(&poller->skipped);
	free(poller);
}

static void log_about(struct poller *poller, enum log_level level, const char *event,
		      const struct log_field *fields, const char *message)
{
	const struct log_ids ids = {.environment = poller->peer->name};

	log_event(level, event, &ids, fields, "%s", message);
}

/* The level of what goes on for long: `level` now and then, debug in between. */
static enum log_level remind(struct poller *poller, struct reminder *reminder, enum log_level level)
{
	uint64_t now = loop_now_ms(poller->peer->loop);

	if (reminder->is_on && now < reminder->next_ms)
		return LOG_DEBUG;
	reminder->is_on = true;
	reminder->next_ms = now + REMINDER_MS;
	return level;
}

static void release_slot(struct poller *poller)
{
	if (!poller->holds_slot)
		return;
	poller->holds_slot = false;
	poller->owner.release_slot(poller->owner.arg);
}

static void on_due(void *arg);
static bool on_turn(void *arg);

static void arm(struct poller *poller, uint64_t delay_ms)
{
	if (poller->is_stopping) {
		poller->state = POLLER_STOPPED;
		return;
	}
	poller->state = POLLER_WAITING;
	timer_arm(&poller->timer, poller->peer->loop, delay_ms, on_due, poller);
}

static void wait_for(struct poller *poller, uint64_t delay_ms, enum budget_class class)
{
	poller->class = class;
	poller->since_ms = class == BUDGET_IDLE ? poller->polled_ms
						: loop_now_ms(poller->peer->loop) + delay_ms;
	arm(poller, delay_ms);
}

static void on_due(void *arg)
{
	struct poller *poller = arg;

	if (poller->peer->budget) {
		poller->state = POLLER_WANTS_TURN;
		budget_wait(poller->peer->budget, &poller->turn, poller->class, poller->since_ms);
	} else {
		(void)on_turn(poller);
	}
}

static bool on_turn(void *arg)
{
	struct poller *poller = arg;
	bool no_block = false, polls = false;

	enter(poller);
	poller->state = POLLER_WANTS_SLOT;
	poller->holds_slot = poller->owner.take_slot(&no_block, poller->owner.arg);
	if (poller->is_stopping) {
		release_slot(poller);
	} else if (poller->holds_slot) {
		polls = true;
		timer_cancel(&poller->timer);
		poller->state = POLLER_POLLING;
		poller->polled_ms = loop_now_ms(poller->peer->loop);
		queue_poll(poller->peer, &poller->call, no_block ? 0 : poller->settings->block_ms,
			   poller->settings->reclaim_older_than_ms);
	}
	leave(poller);
	return polls;
}

/* Polls that follow each other at once: each is held until there is work, or should be. */
static uint64_t continuous_wait_ms(const struct poller *poller)
{
	uint64_t passed_ms = loop_now_ms(poller->peer->loop) - poller->polled_ms;

	return passed_ms < APART_MS ? APART_MS - passed_ms : 0;
}

/* Between one half and the whole of what there is for each who shares the budget, within the bounds
 * that are set. */
static uint64_t idle_wait_ms(struct poller *poller)
{
	int64_t least = poller->settings->idle_min_ms, most = poller->settings->idle_max_ms;
	int64_t whole = budget_idle_ms(poller->peer->budget);

	if (least == 0)
		return continuous_wait_ms(poller);
	if (whole < least + least / 4)
		whole = least + least / 4; /* some chance in any case */
	if (whole > most)
		whole = most;
	if (least < whole / 2)
		least = whole / 2;
	return loop_random(poller->peer->loop, (uint64_t)least, (uint64_t)whole + 1);
}

/* The n-th failure in a row waits between one half and the whole of 1 s * 2^(n-1), up to 60 s. */
static uint64_t backoff_ms(struct poller *poller)
{
	unsigned doublings = poller->failures - 1;
	uint64_t whole = BACKOFF_MAX_MS;

	if (doublings < 6 && (uint64_t)BACKOFF_FIRST_MS << doublings < whole)
		whole = (uint64_t)BACKOFF_FIRST_MS << doublings;
	return loop_random(poller->peer->loop, whole / 2 + 1, whole + 1);
}

static void back_off(struct poller *poller)
{
	const struct queue_call *call = &poller->call;
	char duration[32];

	if (poller->is_stopping) {
		poller->state = POLLER_STOPPED;
		return;
	}
	poller->failures++;
	uint64_t delay = backoff_ms(poller);
	if (delay < call->retry_after_ms)
		delay = call->retry_after_ms;
	text_format_duration(duration, (int64_t)delay);
	const struct log_field fields[] = {{"retry_in", duration}, {NULL, NULL}};
	log_about(poller, remind(poller, &poller->paused, LOG_WARNING), "paused", fields,
		  call->err.text);
	wait_for(poller, delay, BUDGET_SOON);
}

/* The queue answers: whatever was counted against it is over. */
static void note_success(struct poller *poller)
{
	if (poller->paused.is_on)
		log_about(poller, LOG_INFO, "resumed", NULL, "the queue answers again");
	poller->paused.is_on = false;
	poller->failures = 0;
	poller->rejections = 0;
}

/* For the item that the next poll may well bring again: nothing must loop on it. */
static void pause_after_item(struct poller *poller)
{
	uint64_t delay = idle_wait_ms(poller);

	wait_for(poller, delay > SAME_PAUSE_MS ? delay : SAME_PAUSE_MS, BUDGET_SOON);
}

/* Notes what this poll brought, and says whether the poll before brought the same. */
static bool is_same_again(struct poller *poller, const char *item)
{
	bool is_same = strcmp(poller->last_item, item) == 0;

	(void)snprintf(poller->last_item, sizeof(poller->last_item), "%s", item);
	return is_same;
}

static void report_empty(struct poller *poller)
{
	if (poller->is_freed)
		return;
	log_about(poller, remind(poller, &poller->idle, LOG_INFO), "idle", NULL,
		  "no work in the queue");
	poller->owner.empty(poller->owner.arg);
}

static void on_empty(struct poller *poller)
{
	poller->last_item[0] = '\0';
	release_slot(poller);
	report_empty(poller);
	if (poller->state == POLLER_DECIDING)
		wait_for(poller, idle_wait_ms(poller), BUDGET_IDLE);
}

static void on_unusable(struct poller *poller, const struct err *why)
{
	char fingerprint[17];
	const struct log_field fields[] = {{"fingerprint", fingerprint}, {NULL, NULL}};
	uint64_t now = loop_now_ms(poller->peer->loop), seen_ms = 0;

	work_fingerprint(fingerprint, poller->call.json);
	json_putp(&poller->call.json);
	poller->last_item[0] = '\0';
	bool is_new = skipped_add(&poller->skipped, fingerprint, now, &seen_ms);
	if (is_new)
		log_about(poller, LOG_WARNING, "skipped", fields, why->text);
	release_slot(poller);
	if (!is_new && seen_ms >= poller->used_ms)
		report_empty(poller);
	if (poller->state != POLLER_DECIDING)
		return;
	if (!is_new && now - seen_ms < SOON_MS)
		pause_after_item(poller);
	else
		wait_for(poller, SKIP_PAUSE_MS, BUDGET_WORK);
}

static void on_item(struct poller *poller)
{
	struct work_item item;
	struct err why;
	enum work_verdict verdict =
		work_parse(poller->call.json, poller->peer->environment_id, &item, &why);

	if (verdict == WORK_SKIP) {
		on_unusable(poller, &why);
		return;
	}
	json_putp(&poller->call.json);
	/* The same item is offered again while its ack is still to come. */
	bool is_same = is_same_again(poller, item.id);
	poller->used_ms = loop_now_ms(poller->peer->loop);
	poller->idle.is_on = false;
	poller->holds_slot = false;
	if (verdict == WORK_RUN)
		poller->owner.claimed(&item, poller->owner.arg);
	else
		poller->owner.refused(&item, &why, poller->owner.arg);
	if (poller->state != POLLER_DECIDING)
		return;
	if (is_same)
		pause_after_item(poller);
	else
		wait_for(poller, 0, BUDGET_WORK);
}

static void on_rejected(struct poller *poller)
{
	const struct err why = poller->call.err;

	release_slot(poller);
	if (poller->is_freed)
		return;
	bool has_new_key = poller->owner.rejected(&why, poller->owner.arg);
	if (poller->state != POLLER_DECIDING)
		return;
	if (!has_new_key)
		poller->state = POLLER_STOPPED;
	else if (poller->rejections++ == 0)
		wait_for(poller, 0, BUDGET_SOON);
	else
		back_off(poller);
}

static void on_failed(struct poller *poller)
{
	const struct err why = poller->call.err;

	poller->state = POLLER_STOPPED;
	release_slot(poller);
	if (!poller->is_freed)
		poller->owner.failed(&why, poller->owner.arg);
}

static void on_trouble(struct poller *poller)
{
	const struct err why = poller->call.err;

	release_slot(poller);
	if (poller->owner.trouble && !poller->is_freed)
		poller->owner.trouble(&why, poller->failures + 1, poller->owner.arg);
	if (poller->state == POLLER_DECIDING)
		back_off(poller);
}

static void note_pulse(struct poller *poller)
{
	const struct queue_call *call = &poller->call;
	uint64_t hold_ms = poller->settings->block_ms;

	if (call->http_status == 0 && call->duration_ms >= hold_ms + POLLER_MARGIN_MS)
		poller->unanswered++;
	else
		poller->unanswered = 0;
}

static void on_reply(struct queue_call *call, void *arg)
{
	struct poller *poller = arg;

	enter(poller);
	poller->state = POLLER_DECIDING;
	note_pulse(poller);
	switch (call->outcome) {
	case QUEUE_OK:
		note_success(poller);
		on_item(poller);
		break;
	case QUEUE_EMPTY:
		note_success(poller);
		on_empty(poller);
		break;
	case QUEUE_REJECTED:
		on_rejected(poller);
		break;
	case QUEUE_LOST:
	case QUEUE_INVALID:
		on_failed(poller);
		break;
	case QUEUE_CONFLICT:
	case QUEUE_TEMPORARY:
	case QUEUE_UNKNOWN:
		on_trouble(poller);
		break;
	}
	leave(poller);
}

struct poller *poller_new(struct queue_peer *peer, const struct poll_settings *settings,
			  const struct poller_owner *owner)
{
	struct poller *poller = xcalloc(1, sizeof(*poller));

	poller->peer = peer;
	poller->settings = settings;
	poller->owner = *owner;
	queue_call_init(&poller->call, on_reply, poller);
	budget_turn_init(&poller->turn, on_turn, poller);
	budget_join(peer->budget);
	return poller;
}

struct poller *poller_free(struct poller *poller)
{
	if (!poller || poller->is_freed)
		return NULL;
	enter(poller);
	poller->is_freed = true;
	poller->is_stopping = true;
	poller->state = POLLER_STOPPED;
	timer_cancel(&poller->timer);
	budget_cancel(&poller->turn);
	budget_leave(poller->peer->budget);
	queue_call_done(&poller->call);
	release_slot(poller);
	leave(poller);
	return NULL;
}

void poller_wake(struct poller *poller)
{
	if (poller->state == POLLER_NEW) {
		wait_for(poller, 0, BUDGET_SOON);
	} else if (poller->state == POLLER_WANTS_SLOT) {
		/* It has had its turn once, and others may be kept from the slot that it now has.
		 */
		if (poller->class == BUDGET_IDLE)
			poller->class = BUDGET_SOON;
		arm(poller, 0);
	}
}

void poller_stop(struct poller *poller)
{
	poller->is_stopping = true;
	if (poller->state == POLLER_POLLING || poller->state == POLLER_DECIDING)
		return;
	timer_cancel(&poller->timer);
	budget_cancel(&poller->turn);
	poller->state = POLLER_STOPPED;
}

bool poller_is_idle(const struct poller *poller)
{
	return poller->state != POLLER_POLLING;
}

enum poller_pulse poller_pulse(const struct poller *poller)
{
	bool polls = poller->state == POLLER_WAITING || poller->state == POLLER_WANTS_TURN ||
		     poller->state == POLLER_POLLING || poller->state == POLLER_DECIDING;

	if (!polls)
		return POLLER_RESTS;
	return poller->unanswered < POLLER_UNHEARD_POLLS ? POLLER_HEARD : POLLER_UNHEARD;
}

bool poller_is_backing_off(const struct poller *poller)
{
	return poller->failures > 0;
}
