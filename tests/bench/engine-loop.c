/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine takes when nobody adds anything: containers created, prepared on an engine that
 * does that apart from the start, looked at and started, by so many threads with a connection each,
 * and nothing else.
 *
 *   bench-engine-loop SOCKET API BODY COUNT THREADS [init]
 *
 * `API` is the path before /containers, `BODY` a file with the create request. Prints when it
 * began, in seconds since the epoch; exits 1 if a request fails.
 */
#include <curl/curl.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX 64
#define REPLY_MAX   (1u << 20)

static const char *socket_path, *api;
static char *create;
static long count;
static bool prepares;
static atomic_long taken;
static atomic_bool has_failed;

struct reply {
	char data[REPLY_MAX];
	size_t len;
};

static size_t keep(char *data, size_t size, size_t items, void *arg)
{
	struct reply *reply = arg;
	size_t len = size * items;

	if (len >= sizeof(reply->data) - reply->len)
		return 0;
	memcpy(reply->data + reply->len, data, len);
	reply->len += len;
	reply->data[reply->len] = '\0';
	return len;
}

/* `body` NULL: a GET. */
static bool ask(CURL *easy, struct reply *reply, const char *path, const char *body)
{
	char url[512];
	long status = 0;

	(void)snprintf(url, sizeof(url), "http://localhost%s/containers/%s", api, path);
	reply->len = 0;
	(void)curl_easy_setopt(easy, CURLOPT_URL, url);
	if (body)
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	else
		(void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	if (curl_easy_perform(easy) != CURLE_OK ||
	    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK || status >= 400) {
		(void)fprintf(stderr, "%s: %ld %.*s\n", path, status, (int)reply->len, reply->data);
		return false;
	}
	return true;
}

static bool launch(CURL *easy, struct reply *reply)
{
	char path[160];

	if (!ask(easy, reply, "create", create))
		return false;
	struct json_object *made = json_tokener_parse(reply->data);
	const char *id = json_object_get_string(json_object_object_get(made, "Id"));
	(void)snprintf(path, sizeof(path), "%s/init", id);
	bool is_done = !prepares || ask(easy, reply, path, "");
	(void)snprintf(path, sizeof(path), "%s/json", id);
	is_done = is_done && ask(easy, reply, path, NULL);
	(void)snprintf(path, sizeof(path), "%s/start", id);
	is_done = is_done && ask(easy, reply, path, "");
	(void)json_object_put(made);
	return is_done;
}

static void *run(void *arg)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	struct reply *reply = calloc(1, sizeof(*reply));
	CURL *easy = curl_easy_init();

	(void)curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, reply);
	while (!has_failed && atomic_fetch_add(&taken, 1) < count)
		if (!launch(easy, reply))
			has_failed = true;
	curl_easy_cleanup(easy);
	curl_slist_free_all(headers);
	free(reply);
	return arg;
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	if (!file || getdelim(&text, &room, '\0', file) < 0) {
		perror(path);
		exit(64);
	}
	(void)fclose(file);
	return text;
}

int main(int argc, char **argv)
{
	long threads = argc >= 6 ? atol(argv[5]) : 0;
	pthread_t ids[THREADS_MAX];
	struct timespec began;

	if (threads <= 0 || threads > THREADS_MAX ||
	    curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return 64;
	socket_path = argv[1];
	api = argv[2];
	create = read_file(argv[3]);
	count = atol(argv[4]);
	prepares = argc > 6 && strcmp(argv[6], "init") == 0;
	(void)clock_gettime(CLOCK_REALTIME, &began);
	for (long i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, run, NULL) != 0)
			return 70;
	for (long i = 0; i < threads; i++)
		(void)pthread_join(ids[i], NULL);
	printf("%.6f\n", (double)began.tv_sec + (double)began.tv_nsec / 1e9);
	free(create);
	curl_global_cleanup();
	return has_failed ? 1 : 0;
}
