#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a lane's settings and a request to the options of a libcurl easy handle: every rule about
 * what may be sent where stands here. For io/exchange.c only.
 */
#include "base/buf.h"
#include "base/err.h"
#include "io/lane.h"

#include <curl/curl.h>
#include <stdbool.h>

/* What all exchanges of a lane have in common. */
struct easy_settings {
	char *unix_socket; /* or NULL */
	struct buf ca;	   /* certificates in PEM form, trusted instead of the system's; or empty */
	bool allow_http;
	bool use_proxy_environment;
	bool has_short_replies;
};

/* Appends the content of `path`, which must start with a certificate in PEM form. ERR_INPUT. */
int easy_read_ca(const char *path, struct buf *ca, struct err *err);

/* The options that never change. `settings` is borrowed by the handle. False if libcurl lacks one.
 */
bool easy_set_up(CURL *easy, const struct easy_settings *settings);

/* The options of one request, except its time; each is set every time, so that nothing is left over
 * from the request before. `*headers` is extended and stays the caller's, in use until the handle
 * is out of its multi handle. False if the request may not be made: its outcome and problem say
 * why. */
bool easy_set_request(CURL *easy, const struct easy_settings *settings,
		      struct http_request *request, struct curl_slist **headers);

/* Overwrites and frees a header list. Always returns NULL. */
struct curl_slist *easy_free_headers(struct curl_slist *headers);
