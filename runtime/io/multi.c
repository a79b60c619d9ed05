/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl_multi_socket_action on sd-event: one event source per socket that libcurl waits for (libcurl
 * keeps it with the socket, curl_multi_assign), and two for its timer, which it moves several times
 * during each request. Telling the kernel every time was half of the cost of a request, so:
 *
 * "now" is a deferred source, which needs no timer at all. A later time only arms the timer if it
 * is not armed for an earlier one; if it then fires too early, it is armed again for the right
 * time. Its accuracy is one microsecond: what sd-event adds would be added to every request.
 */
#include "io/multi.h"

#include "base/cleanup.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

static void must(CURLMcode code)
{
	loop_must(code == CURLM_OK ? 0 : -EIO, curl_multi_strerror(code));
}

static void drive(struct multi *multi, curl_socket_t fd, int events)
{
	int running = 0;

	multi->is_inside_curl = true;
	must(curl_multi_socket_action(multi->handle, fd, events, &running));
	multi->is_inside_curl = false;
	if ((unsigned)running < multi->count)
		multi->on_complete(multi->arg);
}

void multi_drive(struct multi *multi)
{
	drive(multi, CURL_SOCKET_TIMEOUT, 0);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	int events = 0;

	(void)source;
	if (revents & EPOLLIN)
		events |= CURL_CSELECT_IN;
	if (revents & EPOLLOUT)
		events |= CURL_CSELECT_OUT;
	if (revents & (EPOLLERR | EPOLLHUP))
		events |= CURL_CSELECT_ERR;
	drive(arg, fd, events);
	return 0;
}

static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
	struct multi *multi = arg;
	sd_event_source *source = assigned;
	uint32_t events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		sd_event_source_disable_unref(source);
		must(curl_multi_assign(multi->handle, fd, NULL));
		return 0;
	}
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= EPOLLOUT;
	if (source) {
		loop_must(sd_event_source_set_io_events(source, events),
			  "sd_event_source_set_io_events");
		return 0;
	}
	loop_must(sd_event_add_io(loop_event(multi->loop), &source, fd, events, on_io, multi),
		  "sd_event_add_io");
	must(curl_multi_assign(multi->handle, fd, source));
	return 0;
}

static void arm(struct multi *multi, uint64_t at_usec)
{
	multi->armed_usec = at_usec;
	loop_must(sd_event_source_set_time(multi->timeout, at_usec), "sd_event_source_set_time");
	loop_must(sd_event_source_set_enabled(multi->timeout, SD_EVENT_ONESHOT),
		  "sd_event_source_set_enabled");
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *arg)
{
	struct multi *multi = arg;

	(void)source;
	(void)usec;
	multi->armed_usec = UINT64_MAX;
	if (multi->wanted_usec == UINT64_MAX)
		return 0;
	if (multi->wanted_usec > loop_now_usec())
		arm(multi, multi->wanted_usec);
	else
		multi_drive(multi);
	return 0;
}

static int on_soon(sd_event_source *source, void *arg)
{
	(void)source;
	multi_drive(arg);
	return 0;
}

static int on_timeout_wanted(CURLM *handle, long timeout_ms, void *arg)
{
	struct multi *multi = arg;

	(void)handle;
	multi->wanted_usec = UINT64_MAX;
	loop_must(sd_event_source_set_enabled(multi->soon,
					      timeout_ms == 0 ? SD_EVENT_ONESHOT : SD_EVENT_OFF),
		  "sd_event_source_set_enabled");
	if (timeout_ms > 0) {
		multi->wanted_usec = loop_now_usec() + (uint64_t)timeout_ms * 1000;
		if (multi->wanted_usec < multi->armed_usec)
			arm(multi, multi->wanted_usec);
	}
	return 0;
}

static bool set_options(struct multi *multi, long connections)
{
	CURLM *handle = multi->handle;

	return curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, on_socket_wanted) == CURLM_OK &&
	       curl_multi_setopt(handle, CURLMOPT_SOCKETDATA, multi) == CURLM_OK &&
	       curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION, on_timeout_wanted) == CURLM_OK &&
	       curl_multi_setopt(handle, CURLMOPT_TIMERDATA, multi) == CURLM_OK &&
	       curl_multi_setopt(handle, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) == CURLM_OK &&
	       curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS, connections) == CURLM_OK;
}

static int add_sources(struct multi *multi)
{
	sd_event *event = loop_event(multi->loop);
	int r = sd_event_add_time(event, &multi->timeout, CLOCK_MONOTONIC, UINT64_MAX,
				  /* accuracy= */ 1, on_timeout, multi);
	if (r < 0)
		return r;
	r = sd_event_add_defer(event, &multi->soon, on_soon, multi);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(multi->soon, SD_EVENT_OFF);
}

int multi_init(struct multi *multi, struct loop *loop, long connections, loop_fn on_complete,
	       void *arg, struct err *err)
{
	*multi = (struct multi){
		.loop = loop,
		.on_complete = on_complete,
		.arg = arg,
		.wanted_usec = UINT64_MAX,
		.armed_usec = UINT64_MAX,
	};
	multi->handle = curl_multi_init();
	if (!multi->handle || !set_options(multi, connections))
		return err_set(err, ERR_BUG, -ENOTSUP, "libcurl refuses a multi handle's options");
	int r = add_sources(multi);
	if (r < 0)
		return err_set(err, ERR_BUG, r, "no timer for libcurl: %s", strerror(-r));
	return 0;
}

void multi_done(struct multi *multi)
{
	assert(!multi->is_inside_curl && multi->count == 0);
	curl_multi_cleanup(multi->handle); /* takes leave of its sockets */
	sd_event_source_disable_unref(multi->timeout);
	sd_event_source_disable_unref(multi->soon);
	*multi = (struct multi){0};
}

void multi_add(struct multi *multi, CURL *easy)
{
	assert(!multi->is_inside_curl);
	multi->count++;
	must(curl_multi_add_handle(multi->handle, easy));
}

void multi_remove(struct multi *multi, CURL *easy)
{
	assert(!multi->is_inside_curl);
	multi->count--;
	must(curl_multi_remove_handle(multi->handle, easy));
}

CURL *multi_completed(struct multi *multi, CURLcode *ret_code)
{
	int left;
	const CURLMsg *message = curl_multi_info_read(multi->handle, &left);

	if (!message)
		return NULL;
	*ret_code = message->data.result;
	return message->easy_handle;
}
