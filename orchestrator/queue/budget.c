/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The level of the bucket is brought up to date (settle) before it is used and before the rate
 * changes. One timer stands for when the first in line may go, one for the end of a quiet minute.
 *
 * Why no 60 s see more than the limit: they begin with a full bucket at most, and what flows in
 * meanwhile is the limit less a full bucket.
 */
#include "queue/budget.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "io/loop.h"
#include "queue/waiters.h"

#include <inttypes.h>
#include <stdio.h>

#define MINUTE_MS     60000u
#define DUE_MS	      27000u /* of the 30 s, so that 3 are left for those who are due as well */
#define HALVINGS_MAX  4u
#define SLOW_LEAST_MS 1000u /* 429 without Retry-After */
#define NO_LIMIT      6000  /* requests a minute, for the pace of idle polls where none is set */

/* One request. Refilled by so many requests a minute, a bucket gains as many units in a ms; the
 * factor leaves whole numbers when the rate is halved. */
#define TOKEN ((int64_t)MINUTE_MS << HALVINGS_MAX)

struct budget {
	struct loop *loop;
	int64_t limit;	  /* requests a minute; 0: none, and the rest is without meaning */
	int64_t capacity; /* of the bucket, in requests */
	int64_t refill;	  /* requests a minute, while not slowed */
	int64_t members;  /* who share it */
	int64_t level;	  /* units as of settled_ms; below 0: in debt */
	uint64_t settled_ms;
	uint64_t spread_until_ms;    /* before, no poll that is spread goes */
	uint64_t paused_until_ms;    /* before, no poll goes */
	unsigned halvings;	     /* above 0: slowed */
	struct waiters work, others; /* BUDGET_WORK, and the rest */
	struct timer timer, quiet_timer;
};

/* Units a millisecond. */
static int64_t rate(const struct budget *budget)
{
	return budget->refill << (HALVINGS_MAX - budget->halvings);
}

static void settle(struct budget *budget)
{
	uint64_t now = loop_now_ms(budget->loop);

	budget->level += (int64_t)(now - budget->settled_ms) * rate(budget);
	if (budget->level > budget->capacity * TOKEN)
		budget->level = budget->capacity * TOKEN;
	budget->settled_ms = now;
}

static uint64_t latest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* When the bucket holds so many requests, if none is sent until then. */
static uint64_t filled_ms(const struct budget *budget, int64_t requests)
{
	int64_t missing = requests * TOKEN - budget->level;

	return missing <= 0 ? budget->settled_ms
			    : budget->settled_ms +
				      (uint64_t)((missing + rate(budget) - 1) / rate(budget));
}

static bool is_spread(const struct budget *budget, const struct budget_turn *turn)
{
	return budget->limit > 0 && (turn->class != BUDGET_WORK || budget->halvings > 0);
}

static bool is_due(const struct budget *budget, const struct budget_turn *turn)
{
	return turn->due_ms <= budget->settled_ms;
}

/* When `turn` may go, as things stand; settled_ms: now. */
static uint64_t turn_ms(const struct budget *budget, const struct budget_turn *turn)
{
	if (budget->limit == 0)
		return budget->settled_ms;
	uint64_t when = filled_ms(budget, budget->capacity / 8 + 1);

	if (turn->class == BUDGET_IDLE && !is_due(budget, turn)) {
		uint64_t early = filled_ms(budget, budget->capacity / 2 + 1);
		when = latest(when, turn->due_ms);
		when = early < when ? early : when;
	}
	when = latest(when, budget->paused_until_ms);
	return is_spread(budget, turn) ? latest(when, budget->spread_until_ms) : when;
}

static struct waiters *line_of(struct budget_turn *turn)
{
	return turn->class == BUDGET_WORK ? &turn->budget->work : &turn->budget->others;
}

static void leave_line(struct budget_turn *turn)
{
	waiters_remove(line_of(turn), turn);
	turn->budget = NULL;
}

/* Whose turn it is: who may go first, and of two who may now, who is due. NULL if nobody waits. */
static struct budget_turn *next_turn(struct budget *budget)
{
	struct budget_turn *work = waiters_first(&budget->work);
	struct budget_turn *other = waiters_first(&budget->others);

	if (!work || !other)
		return work ? work : other;
	settle(budget);
	uint64_t work_ms = turn_ms(budget, work), other_ms = turn_ms(budget, other);
	if (work_ms != other_ms)
		return work_ms < other_ms ? work : other;
	return is_due(budget, other) && other->due_ms <= work->due_ms ? other : work;
}

/* Lets all go that may, and has itself called again when the next one may. */
static void review(void *arg)
{
	struct budget *budget = arg;
	struct budget_turn *turn;

	while ((turn = next_turn(budget))) {
		settle(budget);
		uint64_t now = budget->settled_ms, when = turn_ms(budget, turn);
		if (when > now) {
			timer_arm(&budget->timer, budget->loop, when - now, review, budget);
			return;
		}
		bool spreads = is_spread(budget, turn);
		leave_line(turn);
		if (turn->go(turn->arg) && spreads)
			budget->spread_until_ms = now + ((uint64_t)MINUTE_MS << budget->halvings) /
								(uint64_t)budget->limit;
	}
}

static void say(const struct budget *budget, enum log_level level, const char *event,
		const char *name, const char *message)
{
	char now_rate[32], until[32];
	int64_t pause_ms = (int64_t)(budget->paused_until_ms - budget->settled_ms);

	(void)snprintf(now_rate, sizeof(now_rate), "%" PRId64 "/min",
		       budget->limit >> budget->halvings);
	text_format_time(until, loop_wall_ms(budget->loop) + pause_ms);
	log_event(level, event, &(struct log_ids){.environment = name},
		  (struct log_field[]){{"rate", now_rate},
				       {budget->halvings > 0 ? "until" : NULL, until},
				       {NULL}},
		  "%s", message);
}

static void on_quiet(void *arg)
{
	struct budget *budget = arg;

	settle(budget);
	if (--budget->halvings > 0)
		timer_arm(&budget->quiet_timer, budget->loop, MINUTE_MS, on_quiet, budget);
	else
		say(budget, LOG_INFO, "recovered", NULL,
		    "the control plane has not asked for fewer requests any more");
	review(budget);
}

void budget_slow(struct budget *budget, const char *name, uint64_t sent_ms, uint64_t retry_after_ms)
{
	if (!budget || budget->limit == 0)
		return;
	settle(budget);
	bool begins = budget->halvings == 0;
	bool lowers =
		begins || (sent_ms >= budget->paused_until_ms && budget->halvings < HALVINGS_MAX);
	uint64_t now = budget->settled_ms, until = now + latest(retry_after_ms, SLOW_LEAST_MS);

	budget->halvings += lowers ? 1 : 0;
	budget->paused_until_ms = latest(budget->paused_until_ms, until);
	timer_arm(&budget->quiet_timer, budget->loop, budget->paused_until_ms - now + MINUTE_MS,
		  on_quiet, budget);
	if (lowers)
		say(budget, begins ? LOG_WARNING : LOG_DEBUG, "slowed", name,
		    "the control plane asks for fewer requests: nothing is polled until then, and "
		    "less often from then on");
}

void budget_join(struct budget *budget)
{
	if (budget)
		budget->members++;
}

void budget_leave(struct budget *budget)
{
	if (budget)
		budget->members--;
}

int64_t budget_idle_ms(const struct budget *budget)
{
	if (!budget)
		return INT64_MAX;
	return budget->members * MINUTE_MS /
	       (budget->limit > 0 ? (budget->limit + 1) / 2 : NO_LIMIT / 2);
}

bool budget_is_in_debt(struct budget *budget)
{
	if (!budget || budget->limit == 0)
		return false;
	settle(budget);
	return budget->level < 0;
}

void budget_charge(struct budget *budget)
{
	if (!budget)
		return;
	settle(budget);
	budget->level -= TOKEN;
}

void budget_turn_init(struct budget_turn *turn, bool (*go)(void *arg), void *arg)
{
	*turn = (struct budget_turn){.go = go, .arg = arg};
}

void budget_wait(struct budget *budget, struct budget_turn *turn, enum budget_class class,
		 uint64_t since_ms)
{
	turn->budget = budget;
	turn->class = class;
	turn->due_ms = class == BUDGET_SOON ? since_ms : since_ms + DUE_MS;
	waiters_add(line_of(turn), turn);
	if (next_turn(budget) == turn)
		timer_arm(&budget->timer, budget->loop, 0, review, budget);
}

void budget_cancel(struct budget_turn *turn)
{
	if (turn->budget)
		leave_line(turn);
}

struct budget *budget_new(struct loop *loop, int64_t requests_per_minute)
{
	struct budget *budget = xcalloc(1, sizeof(*budget));

	budget->loop = loop;
	budget->settled_ms = loop_now_ms(loop);
	budget_set_limit(budget, requests_per_minute);
	return budget;
}

void budget_set_limit(struct budget *budget, int64_t requests_per_minute)
{
	bool starts = budget->limit == 0;

	settle(budget);
	budget->limit = requests_per_minute;
	budget->capacity = requests_per_minute >= 4 ? requests_per_minute / 4 : 1;
	/* With a limit of one, a bucket of one must be refilled, too. */
	budget->refill = requests_per_minute > 1 ? requests_per_minute - budget->capacity : 1;
	if (starts)
		budget->level = budget->capacity * TOKEN;
	if (requests_per_minute == 0) {
		budget->halvings = 0;
		budget->paused_until_ms = budget->spread_until_ms = 0;
		timer_cancel(&budget->quiet_timer);
	}
	timer_arm(&budget->timer, budget->loop, 0, review, budget);
}

struct budget *budget_free(struct budget *budget)
{
	if (!budget)
		return NULL;
	timer_cancel(&budget->timer);
	timer_cancel(&budget->quiet_timer);
	waiters_done(&budget->work);
	waiters_done(&budget->others);
	free(budget);
	return NULL;
}
