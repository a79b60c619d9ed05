#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many requests the whole process sends to the control plane (`host.requests_per_minute`), and
 * whose poll goes next. One for all environments.
 *
 * It is a bucket of tokens, one for each request. The bucket holds a quarter of the limit (at least
 * one request) and is refilled at the rate of the rest, so in no 60 s do more requests start than
 * the limit allows, but for a debt. Every call takes a token when it is sent. Acks, stops, and
 * lists that somebody needs are never held up: they may leave the bucket in debt, and polls wait
 * until it is paid, as does what is only good to know (budget_is_in_debt). Polls leave an eighth of
 * the bucket to all these, so that a debt is rare.
 *
 * Polls wait for their turn:
 *
 *   - WORK, where the poll before brought an item, goes as soon as there is a request for it
 *   - IDLE, where it brought none, goes while the bucket is more than half full: the rest is kept
 *     for work. After 27 s it is due
 *   - SOON, the first poll of all, one after trouble, or one that lacked a slot when it had its
 *     turn, is due at once
 *
 * Who is due goes before WORK, unless that has waited for 27 s, too. So every environment is polled
 * at least every 30 s whatever the others do, as long as the refilled three quarters of the limit
 * are enough for that; where they are not, all take turns. An environment that never runs out of
 * work has what the others leave.
 *
 * IDLE and SOON are spread: between two of them are 60 s / limit, so that a hundred environments do
 * not poll in one burst when they start.
 *
 * Told to slow down (429, or 503 with Retry-After, on any call), it sends no polls until
 * Retry-After has passed, then fills the bucket half as fast and spreads all polls that much
 * further, WORK too. Told again, it halves the rate again, down to a sixteenth. After each minute
 * in which nobody told it so the rate doubles. The log says when that begins (`slowed`) and when it
 * is over (`recovered`).
 *
 * With a limit of 0 there is none: polls go at once, and who is told to slow down does so alone.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget;
struct loop;

enum budget_class { BUDGET_WORK, BUDGET_SOON, BUDGET_IDLE };

/* One poll that waits; embedded by whoever asks for it. */
struct budget_turn {
	struct budget *budget;	 /* private; NULL while it does not wait */
	enum budget_class class; /* private, like the rest */
	uint64_t due_ms;
	uint64_t number;
	size_t place;
	bool (*go)(void *arg);
	void *arg;
};

/* `requests_per_minute` >= 0; the bucket is full. `loop` outlives the budget. */
struct budget *budget_new(struct loop *loop, int64_t requests_per_minute);

/* Another limit from here on; what is in the bucket, if it fits, stays. */
void budget_set_limit(struct budget *budget, int64_t requests_per_minute);

/* Nobody waits any more. NULL is fine; returns NULL. */
struct budget *budget_free(struct budget *budget);

/* Who polls, idle or not, shares it from here on, and no more. `budget` may be NULL. */
void budget_join(struct budget *budget);
void budget_leave(struct budget *budget);

/* How long each may wait between polls that bring nothing, in ms, so that all who share it use half
 * of the limit for that: the more they are the longer. Without a limit, as if it were 6,000; and
 * without a budget, for ever. */
int64_t budget_idle_ms(const struct budget *budget);

/* What is not needed had better not be sent now. `budget` may be NULL. */
bool budget_is_in_debt(struct budget *budget);

/* A request is being sent. `budget` may be NULL: nobody counts. */
void budget_charge(struct budget *budget);

/* The control plane has answered, with 429 or 503, a request sent at `sent_ms`: `retry_after_ms` is
 * what it asks for, 0 if it does not say (1 s). `name` is the environment's, for the log. Only a
 * request that was sent after the last pause lowers the rate: one burst of refusals is one refusal.
 * `budget` may be NULL. */
void budget_slow(struct budget *budget, const char *name, uint64_t sent_ms,
		 uint64_t retry_after_ms);

/* Prepares `turn` for use. go(arg) is called from the loop: true if it has sent a request (which
 * charges itself), false if it has no use for its turn any more; then the next in line has it. It
 * may ask for another turn, cancel any, and free what embeds the turn. */
void budget_turn_init(struct budget_turn *turn, bool (*go)(void *arg), void *arg);

/* Asks for a turn. `budget` is not NULL, and `turn` does not wait. `since_ms` is when the last poll
 * was sent (IDLE), or since when this one is wanted; its 27 s count from there. */
void budget_wait(struct budget *budget, struct budget_turn *turn, enum budget_class class,
		 uint64_t since_ms);

/* Afterwards go() will not be called. Harmless on a turn that does not wait, and on a zeroed one.
 */
void budget_cancel(struct budget_turn *turn);
