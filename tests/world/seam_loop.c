/* SPDX-License-Identifier: Apache-2.0 */
/* io/loop.h on the world's clock. Each host has a loop of its own and a clock that may be wrong. */
#include "base/cleanup.h"
#include "io/loop.h"
#include "world/seam.h"

#include <stdio.h>
#include <stdlib.h>

#define SIGNALS 8

struct loop {
	struct host *host;
	size_t armed;
	bool is_stopped;
	struct {
		int signo;
		loop_fn fn;
		void *arg;
	} handlers[SIGNALS];
	size_t handler_count;
};

/* What a timer's `source` is. */
struct alarm {
	struct sim_event event;
	struct timer *timer;
};

int loop_new(struct loop **ret, struct err *err)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	(void)err;
	loop->host = host_current();
	*ret = loop;
	return 0;
}

struct loop *loop_free(struct loop *loop)
{
	if (loop && loop->armed > 0) {
		(void)fprintf(stderr, "loop_free() with %zu timers left\n", loop->armed);
		abort();
	}
	free(loop);
	return NULL;
}

int loop_run(struct loop *loop, struct err *err)
{
	(void)loop;
	(void)err;
	(void)fputs("loop_run(): the world runs by itself\n", stderr);
	abort();
}

void loop_stop(struct loop *loop)
{
	loop->is_stopped = true;
}

uint64_t loop_now_ms(struct loop *loop)
{
	return sim_now_ms(loop->host->sim);
}

int64_t loop_wall_ms(struct loop *loop)
{
	return sim_wall_ms(loop->host->sim) + loop->host->wall_offset_ms;
}

uint64_t loop_random(struct loop *loop, uint64_t from, uint64_t to)
{
	return sim_random(loop->host->sim, from, to);
}

static struct timer *disarm(struct alarm *alarm)
{
	struct timer *timer = alarm->timer;

	timer->loop->armed--;
	timer->source = NULL;
	free(alarm);
	return timer;
}

static void on_alarm(void *arg)
{
	struct alarm *alarm = arg;
	struct host *host = alarm->timer->loop->host;

	seam_enter(host);
	struct timer *timer = disarm(alarm);
	timer->fn(timer->arg);
	seam_leave(host);
}

void timer_arm(struct timer *timer, struct loop *loop, uint64_t delay_ms, loop_fn fn, void *arg)
{
	timer_cancel(timer);
	struct alarm *alarm = xcalloc(1, sizeof(*alarm));
	alarm->timer = timer;
	*timer = (struct timer){.loop = loop, .source = alarm, .fn = fn, .arg = arg};
	loop->armed++;
	sim_at(loop->host->sim, &alarm->event, delay_ms, on_alarm, alarm);
}

void timer_cancel(struct timer *timer)
{
	struct alarm *alarm = timer->source;

	if (!alarm)
		return;
	sim_cancel(timer->loop->host->sim, &alarm->event);
	(void)disarm(alarm);
}

int loop_on_signal(struct loop *loop, int signo, loop_fn fn, void *arg, struct err *err)
{
	(void)err;
	loop->handlers[loop->handler_count].signo = signo;
	loop->handlers[loop->handler_count].fn = fn;
	loop->handlers[loop->handler_count++].arg = arg;
	return 0;
}

void seam_signal(struct loop *loop, int signo)
{
	for (size_t i = 0; i < loop->handler_count; i++)
		if (loop->handlers[i].signo == signo)
			loop->handlers[i].fn(loop->handlers[i].arg);
}

struct host *seam_host_of(const struct loop *loop)
{
	return loop->host;
}

bool seam_is_stopped(const struct loop *loop)
{
	return loop->is_stopped;
}
