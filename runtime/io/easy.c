/* SPDX-License-Identifier: Apache-2.0 */
#include "io/easy.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#ifndef BERTH_VERSION
#define BERTH_VERSION "unknown"
#endif

#define KEEPALIVE_IDLE_S   30L
#define KEEPALIVE_EVERY_S  10L
#define SHORT_REPLY	   2048L /* read at once; libcurl would keep 16 KiB for each request */
#define UNACKED_TIMEOUT_MS 60000 /* data sent and not acknowledged for so long: give up */

/* Notes a refusal of libcurl in the local variable `failed`. */
#define SET(option, value) (failed |= curl_easy_setopt(easy, (option), (value)) != CURLE_OK)

/* A peer that vanished without a word is noticed even where no deadline runs. */
static int on_socket_made(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	const unsigned timeout_ms = UNACKED_TIMEOUT_MS;

	(void)arg;
	(void)purpose;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
	return CURL_SOCKOPT_OK;
}

/* A file without a certificate would only show at the first connection. */
int easy_read_ca(const char *path, struct buf *ca, struct err *err)
{
	int r = file_read(path, ca, err);
	if (r < 0)
		return r;

	BIO *text = BIO_new_mem_buf(ca->data, (int)ca->len);
	X509 *certificate = text ? PEM_read_bio_X509(text, NULL, NULL, NULL) : NULL;
	bool is_usable = certificate;
	X509_free(certificate);
	BIO_free(text);
	if (!is_usable)
		return err_set(err, ERR_INPUT, -EINVAL, "'%s' holds no certificate in PEM form",
			       path);
	return 0;
}

static bool set_rules(CURL *easy)
{
	bool failed = false;

	SET(CURLOPT_NOSIGNAL, 1L);
	/* Giving up while a name is being looked up must not wait for the resolver's thread. */
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_USERAGENT, "berth/" BERTH_VERSION);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	return !failed;
}

static bool set_peer(CURL *easy, const struct easy_settings *settings)
{
	bool failed = false;

	if (settings->unix_socket) {
		SET(CURLOPT_UNIX_SOCKET_PATH, settings->unix_socket);
	} else {
		SET(CURLOPT_SOCKOPTFUNCTION, on_socket_made);
		SET(CURLOPT_TCP_KEEPALIVE, 1L);
		SET(CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
		SET(CURLOPT_TCP_KEEPINTVL, KEEPALIVE_EVERY_S);
	}
	if (settings->has_short_replies)
		SET(CURLOPT_BUFFERSIZE, SHORT_REPLY);
	if (settings->ca.len > 0) {
		struct curl_blob ca = {
			.data = settings->ca.data,
			.len = settings->ca.len,
			.flags = CURL_BLOB_NOCOPY,
		};
		SET(CURLOPT_CAINFO_BLOB, &ca);
		SET(CURLOPT_PROXY_CAINFO_BLOB, &ca);
		/* libcurl adds the system's directory of certificates unless told not to. */
		SET(CURLOPT_CAPATH, NULL);
		SET(CURLOPT_PROXY_CAPATH, NULL);
	}
	return !failed;
}

bool easy_set_up(CURL *easy, const struct easy_settings *settings)
{
	return set_rules(easy) && set_peer(easy, settings);
}

static bool refuse(struct http_request *request, const char *why)
{
	request->outcome = HTTP_FORBIDDEN;
	(void)snprintf(request->problem, sizeof(request->problem), "%s", why);
	return false;
}

static bool is_loopback(const char *host)
{
	struct in_addr address;

	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

/* The parts of the URL as libcurl itself understands them, so that no trick of spelling makes the
 * two disagree. `*ret_host` is to be freed with curl_free(). */
static bool parse_url(const char *url, bool *ret_is_plain, char **ret_host)
{
	CURLU *parts = curl_url();
	char *scheme = NULL;
	bool is_usable = parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
			 curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
			 (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
			 curl_url_get(parts, CURLUPART_HOST, ret_host, 0) == CURLUE_OK;

	*ret_is_plain = is_usable && strcmp(scheme, "http") == 0;
	curl_free(scheme);
	curl_url_cleanup(parts);
	return is_usable;
}

/* libcurl puts a URL together letter by letter wherever it uses one. On a unix socket only the path
 * says anything: it goes by itself. */
static bool set_url(CURL *easy, const struct easy_settings *settings, const char *url)
{
	static const char scheme[] = "http://";
	bool failed = false, is_http = strncmp(url, scheme, strlen(scheme)) == 0;
	const char *path =
		settings->unix_socket && is_http ? strchr(url + strlen(scheme), '/') : NULL;
	_cleanup_free_ char *host = path ? xstrndup(url, (size_t)(path - url)) : NULL;

	SET(CURLOPT_URL, host ? host : url);
	SET(CURLOPT_REQUEST_TARGET, path);
	return !failed;
}

/* Plain http stays on this machine unless it is allowed, and is then never given to a proxy. */
static bool set_way(CURL *easy, const struct easy_settings *settings, struct http_request *request)
{
	bool failed = false, is_plain = false, is_local = true;
	char *host = NULL;

	if (!settings->unix_socket) {
		if (!parse_url(request->url, &is_plain, &host))
			return refuse(request, "the URL is not a usable http or https URL");
		is_local = is_plain && is_loopback(host);
		curl_free(host);
		if (is_plain && !is_local && !settings->allow_http)
			return refuse(request, "plain http beyond this machine is refused: use "
					       "https, or set allow_http: true for a test");
	}
	failed |= !set_url(easy, settings, request->url);
	SET(CURLOPT_FRESH_CONNECT, request->is_fresh ? 1L : 0L);
	SET(CURLOPT_FORBID_REUSE, request->is_fresh ? 1L : 0L);
	SET(CURLOPT_PROXY, settings->use_proxy_environment && !is_local ? NULL : "");
	return !failed || refuse(request, "libcurl does not take the URL");
}

static bool set_method(CURL *easy, struct http_request *request)
{
	const char *method = request->method;
	bool is_post = strcmp(method, "POST") == 0;
	bool failed = false;

	SET(CURLOPT_HTTPGET, 1L); /* ends POST and NOBODY */
	SET(CURLOPT_CUSTOMREQUEST, NULL);
	if (request->has_body || is_post) {
		curl_off_t size = request->has_body ? (curl_off_t)request->body.len : 0;
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDS, request->has_body ? request->body.data : "");
		SET(CURLOPT_POSTFIELDSIZE_LARGE, size);
	}
	if (strcmp(method, "HEAD") == 0)
		SET(CURLOPT_NOBODY, 1L);
	else if (!is_post && strcmp(method, "GET") != 0)
		SET(CURLOPT_CUSTOMREQUEST, method);
	return !failed || refuse(request, "libcurl does not take the method");
}

static bool add_line(struct curl_slist **headers, const char *line)
{
	struct curl_slist *longer;

	if (strpbrk(line, "\r\n"))
		return false;
	longer = curl_slist_append(*headers, line);
	if (!longer)
		abort(); /* out of memory */
	*headers = longer;
	return true;
}

static bool add_bearer(struct curl_slist **headers, const struct http_request *request)
{
	const char *prefix = request->as_api_key ? "x-api-key: " : "Authorization: Bearer ";
	const char *token = secret_reveal(request->bearer);
	size_t size = strlen(prefix) + strlen(token) + 1;
	_cleanup_free_ char *line = xmalloc(size);

	(void)stpcpy(stpcpy(line, prefix), token);
	bool is_fine = add_line(headers, line);
	explicit_bzero(line, size);
	return is_fine;
}

static bool set_headers(CURL *easy, struct http_request *request, struct curl_slist **headers)
{
	bool failed = false, has_type = false;

	for (size_t i = 0; i < ARRAY_SIZE(request->headers) && request->headers[i]; i++) {
		if (strncasecmp(request->headers[i], "Content-Type:", 13) == 0)
			has_type = true;
		failed |= !add_line(headers, request->headers[i]);
	}
	/* A name without a value takes away a header that libcurl would send by itself. */
	failed |= !add_line(headers, "Expect:");
	if (!has_type)
		failed |= !add_line(headers, "Content-Type:");
	if (request->bearer)
		failed |= !add_bearer(headers, request);
	SET(CURLOPT_HTTPHEADER, *headers);
	return !failed || refuse(request, "a header holds a line break");
}

bool easy_set_request(CURL *easy, const struct easy_settings *settings,
		      struct http_request *request, struct curl_slist **headers)
{
	return set_way(easy, settings, request) && set_method(easy, request) &&
	       set_headers(easy, request, headers);
}

struct curl_slist *easy_free_headers(struct curl_slist *headers)
{
	for (struct curl_slist *line = headers; line; line = line->next)
		explicit_bzero(line->data, strlen(line->data));
	curl_slist_free_all(headers);
	return NULL;
}
