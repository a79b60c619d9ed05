/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the peer may have seen the request is not left to libcurl's result code: before_send() is
 * called once the connection stands (name, proxy and TLS included), and libcurl counts the bytes
 * that it sent after that.
 */
#include "io/exchange.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 5000

/* Tries on a unix socket whose accept queue is full: 4, 8, ... 64 ms apart, with jitter. */
#define RETRY_FOR_MS	   2000
#define RETRY_FIRST_MS	   4
#define RETRY_MAX_DOUBLING 4

static bool is_repeatable(const struct http_request *request)
{
	return strcmp(request->method, "POST") != 0;
}

/* CURLINFO_REQUEST_SIZE alone would count what was said to a proxy. */
static bool may_have_been_seen(const struct exchange *exchange)
{
	long bytes_sent = 0;

	(void)curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &bytes_sent);
	return exchange->is_connected && bytes_sent > 0;
}

/*
 * libcurl (7.88, Curl_retry_request) silently repeats any request, POST included, when a connection
 * that it re-used closes before the first byte of the reply. The peer may have acted on the first
 * one, so what must not be done twice stops here.
 */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static int before_send(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct exchange *exchange = arg;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	if (may_have_been_seen(exchange) && !is_repeatable(exchange->request))
		return CURL_PREREQFUNC_ABORT;
	exchange->is_connected = true;
	return CURL_PREREQFUNC_OK;
}

static bool is_success(const struct exchange *exchange)
{
	return exchange->status >= 200 && exchange->status <= 299;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct exchange *exchange = arg;
	struct http_request *request = exchange->request;
	size_t len = size * count;

	if (request->on_data && is_success(exchange)) {
		if (request->on_data(data, len, request->arg))
			return len;
		exchange->is_unwanted = true;
		return CURL_WRITEFUNC_ERROR;
	}
	if (buf_add(&request->reply, data, len) < 0) {
		exchange->is_too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	return len;
}

/* "HTTP/1.1 200 OK": the start of the reply, or of the next one after "100 Continue". */
static bool read_status_line(struct exchange *exchange, const char *line, size_t len)
{
	static const char http[] = "HTTP/";
	const char *space = memchr(line, ' ', len);
	long status = 0;

	if (!space || len < strlen(http) || memcmp(line, http, strlen(http)) != 0)
		return false;
	for (const char *p = space + 1; p < line + len && isdigit((unsigned char)*p); p++)
		if (status < 1000)
			status = status * 10 + (*p - '0');
	exchange->status = status;
	buf_reset(&exchange->request->reply_headers);
	return true;
}

/* "Name:  value \r\n" becomes "name: value\n". A line of another form is left out. */
static int add_header(struct buf *headers, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	size_t name_at = headers->len;

	if (!colon)
		return 0;
	const char *value = colon + 1, *end = line + len;
	while (value < end && isspace((unsigned char)*value))
		value++;
	while (end > value && isspace((unsigned char)end[-1]))
		end--;
	if (buf_add(headers, line, (size_t)(colon - line)) < 0)
		return -E2BIG;
	for (char *p = headers->data + name_at; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	if (buf_adds(headers, ": ") < 0 || buf_add(headers, value, (size_t)(end - value)) < 0 ||
	    buf_adds(headers, "\n") < 0)
		return -E2BIG;
	return 0;
}

static bool is_end_of_head(const char *line, size_t len)
{
	return len == strlen("\r\n") && line[0] == '\r';
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct exchange *exchange = arg;
	size_t len = size * count;

	if (read_status_line(exchange, line, len))
		return len;
	if (is_end_of_head(line, len) && is_success(exchange) && exchange->request->on_accepted)
		exchange->request->on_accepted(exchange->request->arg);
	if (add_header(&exchange->request->reply_headers, line, len) < 0) {
		exchange->is_too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	return len;
}

static bool set_callbacks(CURL *easy, struct exchange *exchange)
{
	return curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_send) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) == CURLE_OK;
}

struct exchange *exchange_new(struct lane *lane, const struct easy_settings *settings)
{
	struct exchange *exchange = xcalloc(1, sizeof(*exchange));

	exchange->lane = lane;
	exchange->settings = settings;
	exchange->easy = curl_easy_init();
	if (!exchange->easy || !easy_set_up(exchange->easy, settings) ||
	    !set_callbacks(exchange->easy, exchange))
		return exchange_free(exchange);
	return exchange;
}

struct exchange *exchange_free(struct exchange *exchange)
{
	if (!exchange)
		return NULL;
	exchange_end(exchange);
	curl_easy_cleanup(exchange->easy);
	free(exchange);
	return NULL;
}

static long to_long(uint64_t ms)
{
	return ms < LONG_MAX ? (long)ms : LONG_MAX;
}

/* What is left of `timeout_ms`; 0 stands for no limit, so at least 1. */
static long time_left_ms(const struct exchange *exchange, uint64_t now_ms)
{
	uint64_t limit_ms = exchange->request->timeout_ms;
	uint64_t passed_ms = now_ms - exchange->started_ms;

	if (limit_ms == 0)
		return 0;
	return passed_ms < limit_ms ? to_long(limit_ms - passed_ms) : 1;
}

static void set_time(struct exchange *exchange, uint64_t now_ms)
{
	uint64_t connect_ms = exchange->request->connect_timeout_ms;

	if (connect_ms == 0)
		connect_ms = CONNECT_TIMEOUT_MS;
	(void)curl_easy_setopt(exchange->easy, CURLOPT_CONNECTTIMEOUT_MS, to_long(connect_ms));
	(void)curl_easy_setopt(exchange->easy, CURLOPT_TIMEOUT_MS, time_left_ms(exchange, now_ms));
}

bool exchange_begin(struct exchange *exchange, struct http_request *request, uint64_t now_ms)
{
	exchange->request = request;
	exchange->started_ms = now_ms;
	exchange->retries = 0;
	exchange->is_connected = false;
	exchange->status = 0;
	exchange->is_too_large = false;
	exchange->is_unwanted = false;
	exchange->error[0] = '\0';
	set_time(exchange, now_ms);
	return easy_set_request(exchange->easy, exchange->settings, request, &exchange->headers);
}

/* Errors of connect() on a unix socket that the next few milliseconds will not change. A full
 * accept queue is EAGAIN, which libcurl reports without an errno or with that one. */
static bool is_lasting(long os_errno)
{
	return os_errno != 0 && os_errno != EAGAIN;
}

static long os_errno_of(const struct exchange *exchange)
{
	long os_errno = 0;

	(void)curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &os_errno);
	return os_errno;
}

bool exchange_may_retry(struct exchange *exchange, CURLcode code, struct loop *loop,
			uint64_t *ret_delay_ms)
{
	uint64_t now_ms = loop_now_ms(loop);
	uint64_t limit_ms = exchange->request->timeout_ms;
	unsigned doublings = exchange->retries;

	if (code != CURLE_COULDNT_CONNECT || !exchange->settings->unix_socket ||
	    is_lasting(os_errno_of(exchange)))
		return false;
	if (limit_ms == 0 || limit_ms > RETRY_FOR_MS)
		limit_ms = RETRY_FOR_MS;
	if (doublings > RETRY_MAX_DOUBLING)
		doublings = RETRY_MAX_DOUBLING;
	uint64_t delay_ms = loop_random(loop, 1, (uint64_t)RETRY_FIRST_MS << doublings);
	if (now_ms - exchange->started_ms + delay_ms >= limit_ms)
		return false;
	exchange->retries++;
	set_time(exchange, now_ms + delay_ms);
	*ret_delay_ms = delay_ms;
	return true;
}

static enum http_outcome outcome_of(const struct exchange *exchange, CURLcode code)
{
	if (code == CURLE_OK)
		return HTTP_REPLIED;
	if (exchange->is_too_large)
		return HTTP_TOO_LARGE;
	if (may_have_been_seen(exchange))
		return HTTP_NO_REPLY;
	if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
		return HTTP_FORBIDDEN;
	return HTTP_NOT_SENT;
}

static void describe_socket(struct exchange *exchange)
{
	struct http_request *request = exchange->request;
	long os_errno = os_errno_of(exchange);

	(void)snprintf(request->problem, sizeof(request->problem), "cannot connect to %s: %s",
		       exchange->settings->unix_socket,
		       is_lasting(os_errno) ? strerror((int)os_errno)
					    : "its accept queue stays full");
}

/* libcurl's texts may quote what a peer said, and a peer may quote what we said. */
static void describe(struct exchange *exchange, CURLcode code)
{
	struct http_request *request = exchange->request;
	const char *text = exchange->error[0] != '\0' ? exchange->error : curl_easy_strerror(code);

	if (exchange->is_too_large)
		text = "the reply is larger than allowed";
	else if (exchange->is_unwanted)
		text = "the connection was cut on our side";
	else if (code == CURLE_ABORTED_BY_CALLBACK)
		text = "the connection was closed before the reply";
	else if (secret_appears_in(request->bearer, text))
		text = curl_easy_strerror(code);
	(void)snprintf(request->problem, sizeof(request->problem), "%.159s", text);
}

static void keep_to_one_line(char *text)
{
	for (; *text != '\0'; text++)
		if (iscntrl((unsigned char)*text))
			*text = ' ';
}

void exchange_finish(struct exchange *exchange, CURLcode code, uint64_t now_ms)
{
	struct http_request *request = exchange->request;

	request->duration_ms = now_ms - exchange->started_ms;
	request->outcome = outcome_of(exchange, code);
	if (request->outcome == HTTP_REPLIED)
		request->status = exchange->status;
	else if (code == CURLE_COULDNT_CONNECT && exchange->settings->unix_socket)
		describe_socket(exchange);
	else
		describe(exchange, code);
	keep_to_one_line(request->problem);
}

void exchange_end(struct exchange *exchange)
{
	timer_cancel(&exchange->retry);
	(void)curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, NULL);
	(void)curl_easy_setopt(exchange->easy, CURLOPT_POSTFIELDS, NULL);
	exchange->headers = easy_free_headers(exchange->headers);
	exchange->request = NULL;
}
