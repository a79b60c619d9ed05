/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The event loop: one thread, one epoll set, one heap of timers. Nothing in the fake engine blocks;
 * whoever must wait arms a timer or watches a descriptor and returns.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

/* Embedded in its owner; zeroed means not armed. */
struct timer {
	int64_t due_ms;
	size_t slot;
	void (*fire)(void *arg);
	void *arg;
};

/* Embedded in its owner; zeroed means not watching. */
struct watch {
	bool active;
	int fd;
	void (*ready)(void *arg);
	void *arg;
};

struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* (Re-)arms a timer that fires once, `delay_ms` from now. */
void timer_start(struct loop *loop, struct timer *timer, int64_t delay_ms, void (*fire)(void *arg),
		 void *arg);
void timer_stop(struct loop *loop, struct timer *timer);

/* Calls `ready` while any of the epoll `events` holds; EPOLLHUP and EPOLLERR always count. */
void watch_start(struct loop *loop, struct watch *watch, int fd, uint32_t events,
		 void (*ready)(void *arg), void *arg);

/* Safe from inside any callback, also for a watch whose event is still to be delivered. */
void watch_stop(struct loop *loop, struct watch *watch);

/* Waits at most `limit_ms` (-1: no limit), then delivers what is due. */
void loop_turn(struct loop *loop, int64_t limit_ms);
