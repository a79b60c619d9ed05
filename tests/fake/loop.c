/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers live in a binary heap whose slots start at 1; each timer knows its slot, so that stopping
 * one among ten thousand is cheap. A watch stopped during a turn is struck from the turn's batch.
 */
#include "loop.h"

#include "text.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BATCH 64

struct loop {
	int epoll;
	struct timer **heap;
	size_t count;
	size_t cap;
	struct epoll_event batch[BATCH];
	int batch_len;
};

struct loop *loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		abort();
	return loop;
}

void loop_free(struct loop *loop)
{
	close(loop->epoll);
	free(loop->heap);
	free(loop);
}

static void heap_place(struct loop *loop, size_t slot, struct timer *timer)
{
	loop->heap[slot] = timer;
	timer->slot = slot;
}

static void heap_up(struct loop *loop, struct timer *timer, size_t slot)
{
	for (; slot > 1 && loop->heap[slot / 2]->due_ms > timer->due_ms; slot /= 2)
		heap_place(loop, slot, loop->heap[slot / 2]);
	heap_place(loop, slot, timer);
}

static void heap_down(struct loop *loop, struct timer *timer, size_t slot)
{
	for (;;) {
		size_t child = slot * 2;

		if (child > loop->count)
			break;
		if (child < loop->count &&
		    loop->heap[child + 1]->due_ms < loop->heap[child]->due_ms)
			child++;
		if (loop->heap[child]->due_ms >= timer->due_ms)
			break;
		heap_place(loop, slot, loop->heap[child]);
		slot = child;
	}
	heap_place(loop, slot, timer);
}

void timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms, void (*fire)(void *arg),
		 void *arg)
{
	timer_stop(loop, timer);
	timer->due_ms = monotonic_ms() + (delay_ms > 0 ? delay_ms : 1);
	timer->fire = fire;
	timer->arg = arg;
	if (loop->count + 2 > loop->cap) {
		loop->cap = loop->cap ? loop->cap * 2 : 64;
		loop->heap = reallocarray(loop->heap, loop->cap, sizeof(*loop->heap));
		if (!loop->heap)
			abort();
	}
	heap_up(loop, timer, ++loop->count);
}

void timer_stop(struct loop *loop, struct timer *timer)
{
	size_t slot = timer->slot;
	struct timer *last;

	if (slot == 0)
		return;
	timer->slot = 0;
	last = loop->heap[loop->count--];
	if (last == timer)
		return;
	if (slot > 1 && loop->heap[slot / 2]->due_ms > last->due_ms)
		heap_up(loop, last, slot);
	else
		heap_down(loop, last, slot);
}

void watch_start(struct loop *loop, struct watch *watch, int fd, uint32_t events,
		 void (*ready)(void *arg), void *arg)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	watch->fd = fd;
	watch->ready = ready;
	watch->arg = arg;
	watch->active = epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void watch_stop(struct loop *loop, struct watch *watch)
{
	if (!watch->active)
		return;
	watch->active = false;
	(void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	for (int i = 0; i < loop->batch_len; i++) {
		if (loop->batch[i].data.ptr == watch)
			loop->batch[i].data.ptr = NULL;
	}
}

static int64_t wait_limit(const struct loop *loop, int64_t limit_ms)
{
	int64_t until_timer;

	if (loop->count == 0)
		return limit_ms;
	until_timer = loop->heap[1]->due_ms - monotonic_ms();
	if (until_timer < 0)
		until_timer = 0;
	return limit_ms >= 0 && limit_ms < until_timer ? limit_ms : until_timer;
}

void loop_turn(struct loop *loop, int64_t limit_ms)
{
	int64_t wait_ms = wait_limit(loop, limit_ms);
	int64_t clock;

	if (wait_ms > 60000)
		wait_ms = 60000;
	loop->batch_len = epoll_wait(loop->epoll, loop->batch, BATCH, (int)wait_ms);
	for (int i = 0; i < loop->batch_len; i++) {
		struct watch *watch = loop->batch[i].data.ptr;

		if (watch)
			watch->ready(watch->arg);
	}
	loop->batch_len = 0;

	/* The clock is read once: a timer armed by a timer of this turn waits for the next turn. */
	clock = monotonic_ms();
	while (loop->count && loop->heap[1]->due_ms <= clock) {
		struct timer *timer = loop->heap[1];

		timer_stop(loop, timer);
		timer->fire(timer->arg);
	}
}
