/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers and replies are one list of events in the order of arming; the next one is the earliest,
 * and the first armed of several at the same moment. A reply is an event like a timer.
 */
#include "fake_io.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MAX_EVENTS_PER_MOMENT 100000

struct event {
	struct event *next;
	uint64_t due_ms;
	struct timer *timer;	      /* one of the two */
	struct http_request *request; /* with the reply it will get */
	struct fake_reply reply;
	size_t sent;
};

struct handler {
	struct handler *next;
	int signo;
	loop_fn fn;
	void *arg;
};

struct loop {
	uint64_t now_ms;
	int64_t wall_offset_ms;
	uint64_t random_state;
	enum fake_chance chance;
	bool is_stopped;
	struct event *events;
	struct handler *handlers;
	struct fake_reply *replies;
	size_t reply_count, replies_used;
	fake_answer_fn answer;
	void *answer_arg;
	struct fake_sent *sent;
	size_t sent_count;
};

struct lane {
	struct loop *loop;
	unsigned in_flight;
};

int loop_new(struct loop **ret, struct err *err)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	(void)err;
	loop->now_ms = 1000000;
	fake_set_wall(loop, 1795341600000);
	loop->random_state = 0x9e3779b97f4a7c15;
	loop->chance = FAKE_ANY;
	*ret = loop;
	return 0;
}

static void sent_done(struct fake_sent *sent)
{
	free(sent->method);
	free(sent->url);
	free(sent->headers);
	free(sent->bearer);
	free(sent->body);
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	if (loop->events) {
		(void)fputs("loop_free() with a timer or request left\n", stderr);
		abort();
	}
	for (size_t i = 0; i < loop->sent_count; i++)
		sent_done(&loop->sent[i]);
	for (struct handler *handler = loop->handlers, *next; handler; handler = next) {
		next = handler->next;
		free(handler);
	}
	free(loop->sent);
	free(loop->replies);
	free(loop);
	return NULL;
}

static void append(struct loop *loop, struct event event)
{
	struct event **end = &loop->events;

	while (*end)
		end = &(*end)->next;
	*end = xcalloc(1, sizeof(**end));
	**end = event;
	(*end)->next = NULL;
}

/* Takes `event` out of the list and frees it. */
static void drop(struct loop *loop, struct event *event)
{
	struct event **link = &loop->events;

	while (*link != event)
		link = &(*link)->next;
	*link = event->next;
	free(event);
}

static struct event *earliest(struct loop *loop, uint64_t until_ms)
{
	struct event *first = NULL;

	for (struct event *event = loop->events; event; event = event->next)
		if (event->due_ms <= until_ms && (!first || event->due_ms < first->due_ms))
			first = event;
	return first;
}

static void deliver_reply(struct http_request *request, const struct fake_reply *reply)
{
	const char *body = reply->body ? reply->body : "";
	size_t body_len = reply->body_len > 0 ? reply->body_len : strlen(body);
	const char *headers = reply->headers ? reply->headers : "";

	request->lane->in_flight--;
	request->lane = NULL;
	request->outcome = reply->outcome;
	if (reply->outcome == HTTP_REPLIED && body_len > request->max_reply)
		request->outcome = HTTP_TOO_LARGE;
	if (request->outcome == HTTP_REPLIED) {
		request->status = reply->status;
		buf_init(&request->reply, body_len);
		buf_init(&request->reply_headers, strlen(headers));
		bool is_streamed = request->on_data && reply->status / 100 == 2;
		if (!is_streamed)
			(void)!buf_add(&request->reply, body, body_len);
		else if (body_len > 0 && !request->on_data(body, body_len, request->arg))
			request->outcome = HTTP_NO_REPLY;
		(void)!buf_adds(&request->reply_headers, headers);
	} else {
		(void)snprintf(request->problem, sizeof(request->problem), "%s",
			       reply->problem ? reply->problem : "the network failed");
	}
	request->done(request, request->arg);
}

static void deliver(struct loop *loop, struct event *event)
{
	struct event due = *event;

	loop->now_ms = due.due_ms;
	drop(loop, event);
	if (due.timer) {
		due.timer->source = NULL;
		due.timer->fn(due.timer->arg);
	} else {
		due.request->duration_ms = due.reply.after_ms;
		deliver_reply(due.request, &due.reply);
	}
}

void fake_run(struct loop *loop, uint64_t ms)
{
	uint64_t until_ms = loop->now_ms + ms, moment_ms = loop->now_ms;
	unsigned at_this_moment = 0;
	struct event *event;

	while ((event = earliest(loop, until_ms))) {
		at_this_moment = event->due_ms == moment_ms ? at_this_moment + 1 : 0;
		moment_ms = event->due_ms;
		if (at_this_moment > MAX_EVENTS_PER_MOMENT) {
			(void)fputs("fake_run(): this moment never ends\n", stderr);
			abort();
		}
		deliver(loop, event);
	}
	loop->now_ms = until_ms;
}

int loop_run(struct loop *loop, struct err *err)
{
	struct event *event;

	(void)err;
	loop->is_stopped = false;
	while (!loop->is_stopped && (event = earliest(loop, UINT64_MAX)))
		deliver(loop, event);
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->is_stopped = true;
}

uint64_t loop_now_ms(struct loop *loop)
{
	return loop->now_ms;
}

int64_t loop_wall_ms(struct loop *loop)
{
	return (int64_t)loop->now_ms + loop->wall_offset_ms;
}

void fake_set_wall(struct loop *loop, int64_t epoch_ms)
{
	loop->wall_offset_ms = epoch_ms - (int64_t)loop->now_ms;
}

void fake_chance(struct loop *loop, enum fake_chance chance)
{
	loop->chance = chance;
}

uint64_t loop_random(struct loop *loop, uint64_t from, uint64_t to)
{
	if (to <= from || loop->chance == FAKE_LOWEST)
		return from;
	if (loop->chance == FAKE_HIGHEST)
		return to - 1;
	loop->random_state ^= loop->random_state << 13;
	loop->random_state ^= loop->random_state >> 7;
	loop->random_state ^= loop->random_state << 17;
	return from + loop->random_state % (to - from);
}

void timer_arm(struct timer *timer, struct loop *loop, uint64_t delay_ms, loop_fn fn, void *arg)
{
	timer_cancel(timer);
	*timer = (struct timer){.loop = loop, .source = timer, .fn = fn, .arg = arg};
	append(loop, (struct event){.due_ms = loop->now_ms + delay_ms, .timer = timer});
}

void timer_cancel(struct timer *timer)
{
	if (!timer->source)
		return;
	for (struct event *event = timer->loop->events; event; event = event->next) {
		if (event->timer == timer) {
			drop(timer->loop, event);
			break;
		}
	}
	timer->source = NULL;
}

int loop_on_signal(struct loop *loop, int signo, loop_fn fn, void *arg, struct err *err)
{
	struct handler *handler = xcalloc(1, sizeof(*handler));

	(void)err;
	*handler = (struct handler){.next = loop->handlers, .signo = signo, .fn = fn, .arg = arg};
	loop->handlers = handler;
	return 0;
}

void fake_signal(struct loop *loop, int signo)
{
	for (struct handler *handler = loop->handlers; handler; handler = handler->next)
		if (handler->signo == signo)
			handler->fn(handler->arg);
}

int lane_global_init(struct err *err)
{
	(void)err;
	return 0;
}

int lane_new(struct loop *loop, const struct lane_options *options, struct lane **ret,
	     struct err *err)
{
	struct lane *lane = xcalloc(1, sizeof(*lane));

	(void)options;
	(void)err;
	lane->loop = loop;
	*ret = lane;
	return 0;
}

struct lane *fake_lane(struct loop *loop)
{
	struct lane *lane;

	(void)lane_new(loop, &(struct lane_options){.name = "fake"}, &lane, NULL);
	return lane;
}

struct lane *lane_free(struct lane *lane)
{
	if (lane && lane->in_flight > 0) {
		(void)fputs("lane_free() with a request left\n", stderr);
		abort();
	}
	free(lane);
	return NULL;
}

void http_request_init(struct http_request *request, const char *method, char *url)
{
	*request = (struct http_request){.method = method};
	request->url = url;
	buf_init(&request->body, BUF_MAX_ENGINE_REPLY);
	buf_init(&request->reply, 0);
	buf_init(&request->reply_headers, 0);
}

void http_request_done(struct http_request *request)
{
	lane_cancel(request);
	free(request->url);
	buf_done_wipe(&request->body);
	buf_done_wipe(&request->reply);
	buf_done(&request->reply_headers);
	*request = (struct http_request){0};
}

static char *join_lines(const char *const *lines)
{
	struct buf buf;

	buf_init(&buf, BUF_MAX_HEADERS);
	for (; *lines; lines++)
		(void)!buf_addf(&buf, "%s\n", *lines);
	return buf_take(&buf);
}

static void record(struct loop *loop, const struct http_request *request)
{
	loop->sent = xreallocarray(loop->sent, loop->sent_count + 1, sizeof(*loop->sent));
	loop->sent[loop->sent_count++] = (struct fake_sent){
		.method = xstrdup(request->method),
		.url = xstrdup(request->url),
		.headers = join_lines(request->headers),
		.bearer = xstrdup(request->bearer ? secret_reveal(request->bearer) : ""),
		.body = xstrdup(request->has_body ? request->body.data : ""),
		.has_body = request->has_body,
		.urgent = request->urgent,
		.is_fresh = request->is_fresh,
		.timeout_ms = request->timeout_ms,
		.connect_timeout_ms = request->connect_timeout_ms,
		.at_ms = loop->now_ms,
		.max_reply = request->max_reply,
	};
}

void lane_submit(struct lane *lane, struct http_request *request)
{
	struct loop *loop = lane->loop;
	const struct fake_reply none = {
		.after_ms = request->timeout_ms, .outcome = HTTP_NO_REPLY, .problem = "timed out"};
	struct fake_reply reply = none;

	record(loop, request);
	if (loop->replies_used < loop->reply_count)
		reply = loop->replies[loop->replies_used++];
	else if (loop->answer)
		reply = loop->answer(&loop->sent[loop->sent_count - 1], loop->answer_arg);
	if (request->timeout_ms > 0 && reply.after_ms > request->timeout_ms)
		reply = none;
	request->lane = lane;
	lane->in_flight++;
	append(loop, (struct event){.due_ms = loop->now_ms + reply.after_ms,
				    .request = request,
				    .reply = reply,
				    .sent = loop->sent_count - 1});
}

void lane_cancel(struct http_request *request)
{
	if (!request->lane)
		return;
	struct loop *loop = request->lane->loop;
	for (struct event *event = loop->events; event; event = event->next) {
		if (event->request == request) {
			loop->sent[event->sent].was_cancelled = true;
			drop(loop, event);
			break;
		}
	}
	request->lane->in_flight--;
	request->lane = NULL;
}

bool http_header(const struct http_request *request, const char *name, char *into, size_t size)
{
	for (const char *line = request->reply_headers.data; line && *line != '\0';) {
		size_t len = strcspn(line, "\n");
		if (text_starts_with(line, name) && line[strlen(name)] == ':') {
			const char *value = line + strlen(name) + 1;
			value += strspn(value, " ");
			size_t value_len = len - (size_t)(value - line);
			if (value_len >= size)
				return false;
			(void)snprintf(into, size, "%.*s", (int)value_len, value);
			return true;
		}
		line += len + (line[len] == '\n' ? 1 : 0);
	}
	return false;
}

static int64_t parse_date(const char *text)
{
	struct tm tm = {0};

	return strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm) ? (int64_t)timegm(&tm) * 1000 : 0;
}

uint64_t http_retry_after_ms(const struct http_request *request, struct loop *loop)
{
	char value[64];
	int64_t seconds;

	if (!http_header(request, "retry-after", value, sizeof(value)))
		return 0;
	if (text_parse_int(value, &seconds) == 0)
		return seconds > 0 ? (uint64_t)seconds * 1000 : 0;
	int64_t date = parse_date(value);
	return date > loop_wall_ms(loop) ? (uint64_t)(date - loop_wall_ms(loop)) : 0;
}

int64_t http_date_ms(const struct http_request *request)
{
	char value[64];

	return http_header(request, "date", value, sizeof(value)) ? parse_date(value) : 0;
}

unsigned lane_in_flight(const struct lane *lane)
{
	return lane->in_flight;
}

unsigned lane_waiting(const struct lane *lane)
{
	(void)lane;
	return 0;
}

void fake_reply(struct loop *loop, struct fake_reply reply)
{
	loop->replies = xreallocarray(loop->replies, loop->reply_count + 1, sizeof(*loop->replies));
	loop->replies[loop->reply_count++] = reply;
}

void fake_answer_with(struct loop *loop, fake_answer_fn fn, void *arg)
{
	loop->answer = fn;
	loop->answer_arg = arg;
}

const struct fake_sent *fake_sent(struct loop *loop, size_t n)
{
	if (n >= loop->sent_count) {
		(void)fprintf(stderr, "fake_sent(): no request %zu\n", n);
		abort();
	}
	return &loop->sent[n];
}

size_t fake_sent_count(struct loop *loop)
{
	return loop->sent_count;
}
