/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a C program needs to make a request: libcurl's easy interface, one request after
 * the other on one connection.
 *
 *   bench-curl-loop URL COUNT
 *
 * prints the requests per second; exits 1 if one fails.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static size_t drop(char *data, size_t size, size_t count, void *arg)
{
	(void)data;
	(void)arg;
	return size * count;
}

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	long count = argc == 3 ? atol(argv[2]) : 0;
	double began;
	CURL *easy;

	if (count <= 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return 64;
	easy = curl_easy_init();
	(void)curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
	began = seconds();
	for (long i = 0; i < count; i++)
		if (curl_easy_perform(easy) != CURLE_OK)
			return 1;
	printf("%.1f\n", (double)count / (seconds() - began));
	curl_easy_cleanup(easy);
	curl_global_cleanup();
	return 0;
}
