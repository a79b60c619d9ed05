/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop on sd-event. An armed timer is one sd_event_source; it is released before its function
 * runs, so that a timer needs no destructor and its owner may disappear in the function.
 *
 * Deadlines are computed from the clock, not from sd_event_now(), which stands still while a
 * callback runs: a timer armed at the end of a long callback would fire early.
 */
#include "io/loop.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "io/loop_event.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define USEC_PER_MSEC UINT64_C(1000)

/* How far sd-event may move a timer to let several share one wake-up; its default is 250 ms. */
#define ACCURACY_USEC	   USEC_PER_MSEC
#define ACCURACY_SOON_USEC UINT64_C(1)

struct signal_watch {
	sd_event_source *source;
	loop_fn fn;
	void *arg;
	struct signal_watch *next;
};

struct loop {
	sd_event *event;
	struct signal_watch *signals;
	uint64_t random;
	bool stopped;
};

sd_event *loop_event(struct loop *loop)
{
	return loop->event;
}

void loop_must(int result, const char *what)
{
	if (result >= 0)
		return;
	log_event(LOG_ERROR, "bug", /* ids= */ NULL, /* fields= */ NULL, "%s: %s", what,
		  strerror(-result));
	abort();
}

/* A thread started by a library must not receive the signals that the loop waits for, so they are
 * blocked before any library is initialised. */
static int prepare_signals(void)
{
	static const int of_loop[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1};
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(of_loop); i++)
		(void)sigaddset(&set, of_loop[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	if (sigaction(SIGPIPE, &ignore, NULL) < 0)
		return -errno;
	return 0;
}

static int ignore_time(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source;
	(void)usec;
	(void)arg;
	return 0;
}

static int build(struct loop *loop)
{
	sd_event_source *source = NULL;
	int r = prepare_signals();
	if (r < 0)
		return r;
	if (getrandom(&loop->random, sizeof(loop->random), 0) != (ssize_t)sizeof(loop->random))
		return -EIO;
	r = sd_event_new(&loop->event);
	if (r < 0)
		return r;
	/* The first timer opens a file descriptor that the rest share: do it while it may fail. */
	r = sd_event_add_time(loop->event, &source, CLOCK_MONOTONIC, UINT64_MAX, 0, ignore_time,
			      NULL);
	sd_event_source_disable_unref(source);
	return r;
}

int loop_new(struct loop **ret, struct err *err)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	int r = build(loop);
	if (r < 0) {
		loop_free(loop);
		return err_set(err, ERR_BUG, r, "cannot build the event loop: %s", strerror(-r));
	}
	*ret = loop;
	return 0;
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	while (loop->signals) {
		struct signal_watch *watch = loop->signals;
		loop->signals = watch->next;
		sd_event_source_disable_unref(watch->source);
		free(watch);
	}
	sd_event_unref(loop->event);
	free(loop);
	return NULL;
}

int loop_run(struct loop *loop, struct err *err)
{
	while (!loop->stopped) {
		int r = sd_event_run(loop->event, UINT64_MAX);
		if (r < 0)
			return err_set(err, ERR_BUG, r, "the event loop failed: %s", strerror(-r));
	}
	loop->stopped = false;
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

uint64_t loop_now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t loop_now_ms(struct loop *loop)
{
	(void)loop;
	return loop_now_usec() / USEC_PER_MSEC;
}

int64_t loop_wall_ms(struct loop *loop)
{
	struct timespec now;

	(void)loop;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
static uint64_t next_random(struct loop *loop)
{
	uint64_t z = loop->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t loop_random(struct loop *loop, uint64_t from, uint64_t to)
{
	if (to <= from)
		return from;

	/* The first 2^64 mod range values would make the small results more likely. */
	uint64_t range = to - from;
	uint64_t skip = -range % range;
	uint64_t value = next_random(loop);
	while (value < skip)
		value = next_random(loop);
	return from + value % range;
}

static int on_time(sd_event_source *source, uint64_t usec, void *arg)
{
	struct timer *timer = arg;
	loop_fn fn = timer->fn;
	void *fn_arg = timer->arg;

	(void)source;
	(void)usec;
	timer_cancel(timer);
	fn(fn_arg);
	return 0;
}

static uint64_t usec_after(uint64_t delay_ms)
{
	uint64_t now = loop_now_usec();

	if (delay_ms > (UINT64_MAX - now) / USEC_PER_MSEC)
		return UINT64_MAX;
	return now + delay_ms * USEC_PER_MSEC;
}

void timer_arm(struct timer *timer, struct loop *loop, uint64_t delay_ms, loop_fn fn, void *arg)
{
	uint64_t usec = usec_after(delay_ms);
	uint64_t accuracy = delay_ms == 0 ? ACCURACY_SOON_USEC : ACCURACY_USEC;

	if (timer->source && timer->loop != loop)
		timer_cancel(timer);
	timer->loop = loop;
	timer->fn = fn;
	timer->arg = arg;
	if (!timer->source) {
		sd_event_source *source = NULL;
		loop_must(sd_event_add_time(loop->event, &source, CLOCK_MONOTONIC, usec, accuracy,
					    on_time, timer),
			  "sd_event_add_time");
		timer->source = source;
		return;
	}
	loop_must(sd_event_source_set_time(timer->source, usec), "sd_event_source_set_time");
	loop_must(sd_event_source_set_time_accuracy(timer->source, accuracy),
		  "sd_event_source_set_time_accuracy");
}

void timer_cancel(struct timer *timer)
{
	sd_event_source_disable_unref(timer->source);
	timer->source = NULL;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	const struct signal_watch *watch = arg;

	(void)source;
	(void)info;
	watch->fn(watch->arg);
	return 0;
}

int loop_on_signal(struct loop *loop, int signo, loop_fn fn, void *arg, struct err *err)
{
	struct signal_watch *watch;
	sigset_t set;

	(void)sigemptyset(&set);
	if (sigaddset(&set, signo) < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_set(err, ERR_BUG, -EINVAL, "signal %d cannot be waited for", signo);

	watch = xcalloc(1, sizeof(*watch));
	watch->fn = fn;
	watch->arg = arg;
	int r = sd_event_add_signal(loop->event, &watch->source, signo, on_signal, watch);
	if (r < 0) {
		free(watch);
		return err_set(err, ERR_BUG, r, "signal %d cannot be waited for: %s", signo,
			       strerror(-r));
	}
	watch->next = loop->signals;
	loop->signals = watch;
	return 0;
}
