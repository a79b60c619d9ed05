/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake-worker PARENT_PID [WORD]...
 *
 * Plays the official SDK's worker in a container of the fake engine: heartbeat, session lookup,
 * further heartbeats, forced stop with the item's own credential. behaviour.h lists the words that
 * make it behave otherwise; they come as arguments or as parts of the session id. It dies with
 * PARENT_PID, which is the fake engine.
 */
#include "behaviour.h"

#include <curl/curl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX (1u << 20)

struct answer {
	long status; /* 0: none came */
	char body[ANSWER_MAX];
	size_t len;
};

struct worker {
	struct behaviour behaviour;
	char *work_url;
	char *session_url;
	char *token;
	char last_heartbeat[128];
	long interval_ms;
	long ttl_ms;
	bool terminated;
	CURL *curl;
	struct answer answer;
};

static long clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Sleeps so long (negative: for ever) or until SIGTERM, which is blocked elsewhere. */
static bool wait_or_term(struct worker *worker, long ms)
{
	long until = clock_ms() + ms;
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	while (!worker->terminated) {
		long left = ms < 0 ? 3600000 : until - clock_ms();
		struct timespec t = {left / 1000, left % 1000 * 1000000};

		if (left <= 0)
			return true;
		if (sigtimedwait(&term, NULL, &t) == SIGTERM && !worker->behaviour.ignore_term)
			worker->terminated = true;
	}
	return false;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct answer *answer = arg;
	size_t len = size * count;

	if (answer->len + len >= sizeof(answer->body))
		return 0;
	memcpy(answer->body + answer->len, bytes, len);
	answer->len += len;
	answer->body[answer->len] = '\0';
	return len;
}

/* `body` NULL posts an empty body, as the SDKs do for heartbeats. */
static long call(struct worker *worker, const char *method, const char *url, const char *body)
{
	struct curl_slist *headers = NULL;
	char authorization[4096];
	CURL *curl = worker->curl;

	snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s", worker->token);
	headers = curl_slist_append(headers, authorization);
	headers = curl_slist_append(headers, "anthropic-version: 2023-06-01");
	headers = curl_slist_append(headers, "anthropic-beta: managed-agents-2026-04-01");
	headers = curl_slist_append(headers, "Accept: application/json");
	headers = curl_slist_append(headers,
				    body ? "Content-Type: application/json" : "Content-Type:");
	worker->answer.len = 0;
	worker->answer.body[0] = '\0';
	worker->answer.status = 0;
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "fake-worker/1");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 10000L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &worker->answer);
	if (strcmp(method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, body ? (long)strlen(body) : 0L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body ? body : "");
	}
	if (curl_easy_perform(curl) == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &worker->answer.status);
	curl_slist_free_all(headers);
	return worker->answer.status;
}

static bool is_passing(long status)
{
	return status == 0 || status == 408 || status == 409 || status == 429 || status >= 500;
}

/* Three tries with pauses, as the SDKs' core client does; ends early on SIGTERM. */
static long call_with_retries(struct worker *worker, const char *method, const char *url,
			      const char *body)
{
	long status = call(worker, method, url, body);

	for (long pause_ms = 500; is_passing(status) && pause_ms <= 1000; pause_ms *= 2) {
		(void)wait_or_term(worker, pause_ms);
		status = call(worker, method, url, body);
	}
	return status;
}

enum beat { BEAT_HELD, BEAT_PASSING, BEAT_LOST, BEAT_ENDING };

static const char *member(struct json_object *json, const char *key)
{
	struct json_object *value = NULL;

	if (json)
		json_object_object_get_ex(json, key, &value);
	return value ? json_object_get_string(value) : "";
}

/* What the answer to a heartbeat means: keep going, or why not. */
static enum beat read_beat(struct worker *worker)
{
	struct json_object *json = json_tokener_parse(worker->answer.body);
	const char *state = member(json, "state");
	bool ending = strcmp(state, "stopping") == 0 || strcmp(state, "stopped") == 0 ||
		      strcmp(member(json, "lease_extended"), "false") == 0;
	long ttl_s = atol(member(json, "ttl_seconds"));

	snprintf(worker->last_heartbeat, sizeof(worker->last_heartbeat), "%s",
		 member(json, "last_heartbeat"));
	json_object_put(json);
	if (ttl_s > 0) {
		worker->ttl_ms = ttl_s * 1000;
		worker->interval_ms = worker->ttl_ms / 2;
		if (worker->interval_ms < 1000)
			worker->interval_ms = 1000;
		if (worker->interval_ms > 30000)
			worker->interval_ms = 30000;
	}
	return ending ? BEAT_ENDING : BEAT_HELD;
}

static enum beat heartbeat(struct worker *worker)
{
	char *expected = curl_easy_escape(worker->curl, worker->last_heartbeat, 0);
	char url[4096];
	long status;

	snprintf(url, sizeof(url), "%s/heartbeat?expected_last_heartbeat=%s", worker->work_url,
		 expected);
	curl_free(expected);
	status = call_with_retries(worker, "POST", url, NULL);
	if (status >= 200 && status < 300)
		return read_beat(worker);
	if (status == 412)
		return BEAT_LOST;
	return is_passing(status) ? BEAT_PASSING : BEAT_ENDING;
}

/* Heartbeats for `ms` (negative: until something ends it). */
static enum beat hold_lease(struct worker *worker, long ms)
{
	long until = clock_ms() + ms;
	long last_success = clock_ms();

	for (;;) {
		long pause_ms = worker->interval_ms;
		enum beat beat;

		if (ms >= 0 && until - clock_ms() < pause_ms)
			pause_ms = until - clock_ms();
		if (!wait_or_term(worker, pause_ms > 0 ? pause_ms : 0) ||
		    (ms >= 0 && clock_ms() >= until))
			return BEAT_HELD;
		beat = heartbeat(worker);
		if (beat == BEAT_HELD)
			last_success = clock_ms();
		else if (beat != BEAT_PASSING)
			return beat;
		else if (clock_ms() - last_success > worker->ttl_ms)
			return BEAT_LOST;
	}
}

static int stop_work(struct worker *worker)
{
	char url[4096];

	snprintf(url, sizeof(url), "%s/stop", worker->work_url);
	if (!worker->behaviour.no_stop)
		(void)call_with_retries(worker, "POST", url, "{\"force\":true}");
	return worker->behaviour.exit_code;
}

static bool session_is_over(struct worker *worker)
{
	struct json_object *json;
	bool over;

	if (call_with_retries(worker, "GET", worker->session_url, NULL) != 200)
		return false;
	json = json_tokener_parse(worker->answer.body);
	over = strcmp(member(json, "status"), "terminated") == 0;
	json_object_put(json);
	return over;
}

static enum beat first_heartbeat(struct worker *worker)
{
	long until = clock_ms() + worker->ttl_ms;
	enum beat beat = heartbeat(worker);

	while (beat == BEAT_PASSING && clock_ms() < until && wait_or_term(worker, 1000))
		beat = heartbeat(worker);
	return beat;
}

static int run(struct worker *worker)
{
	const struct behaviour *b = &worker->behaviour;
	enum beat beat;

	if (b->crash_before_beat)
		return 1;
	if (b->silent) {
		(void)wait_or_term(worker, -1);
		return b->exit_code;
	}
	if (b->delay_ms && !wait_or_term(worker, b->delay_ms))
		return b->exit_code;
	beat = first_heartbeat(worker);
	if (beat == BEAT_LOST || beat == BEAT_PASSING)
		return 0;
	if (b->crash_after_beat)
		return 1;
	if (beat == BEAT_HELD && !session_is_over(worker) && (b->hang || b->run_ms))
		beat = hold_lease(worker, b->hang ? -1 : b->run_ms);
	return beat == BEAT_LOST ? 0 : stop_work(worker);
}

static int base64url_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *place;

	if (c == '+')
		c = '-';
	if (c == '/')
		c = '_';
	place = c ? strchr(digits, c) : NULL;
	return place ? (int)(place - digits) : -1;
}

static char *base64url_decode(const char *text)
{
	char *out = calloc(1, strlen(text) + 1);
	unsigned int bits = 0;
	int have = 0;
	size_t len = 0;

	for (; out && base64url_digit(*text) >= 0; text++) {
		bits = bits << 6 | (unsigned int)base64url_digit(*text);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[len++] = (char)(bits >> have & 0xff);
		}
	}
	return out;
}

/* The sessions token of the work secret, else the environment key; NULL when there is neither. */
static char *find_token(void)
{
	const char *secret = getenv("ANTHROPIC_WORK_SECRET");
	const char *key = getenv("ANTHROPIC_ENVIRONMENT_KEY");
	char *decoded = secret ? base64url_decode(secret) : NULL;
	struct json_object *json = decoded ? json_tokener_parse(decoded) : NULL;
	const char *token = member(json, "sessions_token");
	char *found = NULL;

	if (*token)
		found = strdup(token);
	else if (key && *key)
		found = strdup(key);
	json_object_put(json);
	free(decoded);
	return found;
}

static const char *need(const char *name)
{
	const char *value = getenv(name);

	if (value && *value)
		return value;
	fprintf(stderr, "fake-worker: %s is not set\n", name);
	exit(64);
}

static void prepare(struct worker *worker, const char *session)
{
	const char *base = need("ANTHROPIC_BASE_URL");
	const char *environment = need("ANTHROPIC_ENVIRONMENT_ID");
	const char *work = need("ANTHROPIC_WORK_ID");
	int base_len = (int)strlen(base);
	char url[4096];

	while (base_len > 0 && base[base_len - 1] == '/')
		base_len--;
	snprintf(url, sizeof(url), "%.*s/v1/environments/%s/work/%s", base_len, base, environment,
		 work);
	worker->work_url = strdup(url);
	snprintf(url, sizeof(url), "%.*s/v1/sessions/%s", base_len, base, session);
	worker->session_url = strdup(url);
	worker->token = find_token();
	if (!worker->token) {
		fprintf(stderr, "fake-worker: neither a work secret nor an environment key\n");
		exit(64);
	}
	snprintf(worker->last_heartbeat, sizeof(worker->last_heartbeat), "NO_HEARTBEAT");
	worker->interval_ms = 30000;
	worker->ttl_ms = 90000;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	worker->curl = curl_easy_init();
}

int main(int argc, char **argv)
{
	static struct worker worker;
	const char *session = getenv("ANTHROPIC_SESSION_ID");
	int code;

	/* The parent may have died before prctl(); then nobody would end us. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc < 2 || getppid() != (pid_t)atol(argv[1]))
		return 64;
	if (session)
		behaviour_read_session(&worker.behaviour, session);
	for (int i = 2; i < argc; i++)
		behaviour_read_word(&worker.behaviour, argv[i]);
	if (!worker.behaviour.crash_before_beat && !worker.behaviour.silent)
		prepare(&worker, need("ANTHROPIC_SESSION_ID"));
	code = run(&worker);
	if (worker.curl)
		curl_easy_cleanup(worker.curl);
	curl_global_cleanup();
	free(worker.work_url);
	free(worker.session_url);
	free(worker.token);
	return code;
}
