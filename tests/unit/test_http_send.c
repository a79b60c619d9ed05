/* SPDX-License-Identifier: Apache-2.0 */
/* What a lane sends, and where it refuses to send anything. */
#include "base/cleanup.h"
#include "lane_fixture.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define TOKEN "sk-token/with+signs"

static void expect_echo(struct call *call, const char *text)
{
	assert_int_equal(call->request.outcome, HTTP_REPLIED);
	if (!strcasestr(call->request.reply.data, text))
		fail_msg("'%s' is not in: %.2000s", text, call->request.reply.data);
}

static void expect_no_echo(struct call *call, const char *text)
{
	if (strcasestr(call->request.reply.data, text))
		fail_msg("'%s' is in: %.2000s", text, call->request.reply.data);
}

static void get_sends_the_bearer_the_given_headers_and_nothing_surprising(void **state)
{
	struct lane_fixture *fixture = *state;
	struct secret *token = secret_new(TOKEN, strlen(TOKEN));
	struct call call;

	call_init(&call, fixture, "GET", "/echo?query=1");
	call.request.bearer = token;
	call.request.headers[0] = "Accept: application/json";
	call.request.headers[1] = "Anthropic-Beta: something";
	call_submit(&call);
	fixture_run(fixture);
	expect_echo(&call, "GET /echo?query=1 HTTP/1.1\r\n");
	expect_echo(&call, "\r\nAuthorization: Bearer " TOKEN "\r\n");
	expect_echo(&call, "\r\nAccept: application/json\r\n");
	expect_echo(&call, "\r\nAnthropic-Beta: something\r\n");
	expect_echo(&call, "\r\nUser-Agent: berth/");
	expect_no_echo(&call, "Accept-Encoding");
	expect_no_echo(&call, "Content-");
	expect_no_echo(&call, "Expect");
	expect_no_echo(&call, "Cookie");
	call_done(&call);
	secret_free(token);
}

static void an_api_key_is_sent_as_such_and_not_as_a_bearer(void **state)
{
	struct lane_fixture *fixture = *state;
	struct secret *key = secret_new(TOKEN, strlen(TOKEN));
	struct call call;

	call_init(&call, fixture, "GET", "/echo");
	call.request.bearer = key;
	call.request.as_api_key = true;
	call_submit(&call);
	fixture_run(fixture);
	expect_echo(&call, "\r\nx-api-key: " TOKEN "\r\n");
	expect_no_echo(&call, "Authorization");
	call_done(&call);
	secret_free(key);
}

static void bearer_of_one_request_is_not_sent_with_the_next(void **state)
{
	struct lane_fixture *fixture = *state;
	struct secret *token = secret_new(TOKEN, strlen(TOKEN));
	struct call first, second;

	call_init(&first, fixture, "POST", "/echo");
	first.request.bearer = token;
	first.request.headers[0] = "X-First: yes";
	first.request.has_body = true;
	assert_int_equal(buf_adds(&first.request.body, "first body"), 0);
	call_submit(&first);
	fixture_run(fixture);
	expect_echo(&first, TOKEN);
	call_make(&second, fixture, "GET", "/echo");
	expect_echo(&second, "GET /echo HTTP/1.1\r\n");
	expect_no_echo(&second, "Authorization");
	expect_no_echo(&second, "X-First");
	expect_no_echo(&second, "first body");
	assert_int_equal(peer_connections(fixture->peer), 1);
	call_done(&first);
	call_done(&second);
	secret_free(token);
}

static void post_without_a_body_says_so_and_names_no_type(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;

	call_make(&call, fixture, "POST", "/echo");
	expect_echo(&call, "POST /echo HTTP/1.1\r\n");
	expect_echo(&call, "\r\nContent-Length: 0\r\n");
	expect_no_echo(&call, "Content-Type");
	call_done(&call);
}

static void large_body_is_sent_whole_without_asking_first(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;
	size_t size = (size_t)3 << 20;
	_cleanup_free_ char *body = xmalloc(size);

	memset(body, 'b', size);
	call_init(&call, fixture, "PUT", "/echo");
	call.request.headers[0] = "Content-Type: application/x-tar";
	call.request.has_body = true;
	call.request.max_reply = size + 4096;
	assert_int_equal(buf_add(&call.request.body, body, size), 0);
	call_submit(&call);
	fixture_run(fixture);
	expect_echo(&call, "PUT /echo HTTP/1.1\r\n");
	expect_echo(&call, "\r\nContent-Length: 3145728\r\n");
	expect_echo(&call, "\r\nContent-Type: application/x-tar\r\n");
	expect_no_echo(&call, "Expect");
	assert_memory_equal(call.request.reply.data + call.request.reply.len - size, body, size);
	call_done(&call);
}

static void other_methods_are_sent_under_their_own_name(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;

	call_make(&call, fixture, "DELETE", "/echo");
	expect_echo(&call, "DELETE /echo HTTP/1.1\r\n");
	call_done(&call);
	call_make(&call, fixture, "HEAD", "/header/X-Stat/value");
	assert_int_equal(call.request.outcome, HTTP_REPLIED);
	assert_int_equal(call.request.reply.len, 0);
	call_done(&call);
	call_make(&call, fixture, "GET", "/echo");
	expect_echo(&call, "GET /echo HTTP/1.1\r\n");
	call_done(&call);
}

static void header_with_a_line_break_is_refused(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;

	call_init(&call, fixture, "GET", "/echo");
	call.request.headers[0] = "X-Name: value\r\nX-Smuggled: yes";
	call_submit(&call);
	fixture_run(fixture);
	assert_int_equal(call.request.outcome, HTTP_FORBIDDEN);
	assert_int_equal(peer_requests(fixture->peer), 0);
	call_done(&call);
}

static void plain_http_to_another_host_is_refused_with_the_remedy(void **state)
{
	static const char *const urls[] = {"http://192.0.2.1/",
					   "http://example.invalid/",
					   "http://[2001:db8::1]",
					   "http://128.0.0.1/",
					   "HTTP://127.0.0.1.example.invalid/",
					   "http://127.0.0.1@192.0.2.1/"};
	struct lane_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		struct call call;
		call_make(&call, fixture, "GET", urls[i]);
		assert_int_equal(call.request.outcome, HTTP_FORBIDDEN);
		assert_non_null(strstr(call.request.problem, "https"));
		assert_non_null(strstr(call.request.problem, "allow_http"));
		call_done(&call);
	}
}

static void plain_http_to_this_machine_is_allowed_however_it_is_spelled(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost", "LOCALHOST", "127.1",
					    "0x7f000001"};
	struct lane_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		_cleanup_free_ char *url =
			xasprintf("http://%s:%d/status/200", hosts[i], peer_port(fixture->peer));
		struct call call;
		call_make(&call, fixture, "GET", url);
		assert_string_equal(call.request.problem, "");
		assert_int_equal(call.request.status, 200);
		call_done(&call);
	}
	call_expect_failure(fixture, "GET", "http://[::1]:1/", HTTP_NOT_SENT);
	call_expect_failure(fixture, "GET", "http://127.9.9.9:1/", HTTP_NOT_SENT);
}

static void other_schemes_and_nonsense_are_refused(void **state)
{
	static const char *const urls[] = {
		"file:///etc/passwd",	   "ftp://127.0.0.1/",	 "nonsense:", "http://",
		"http://127.0.0.1:99999/", "gopher://127.0.0.1/"};
	struct lane_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++)
		call_expect_failure(fixture, "GET", urls[i], HTTP_FORBIDDEN);
}

static void unix_socket_lane_refuses_other_schemes_too(void **state)
{
	struct lane_fixture *fixture = *state;

	fixture_connect_unix(fixture, 4, 16, 0);
	call_expect_failure(fixture, "GET", "file:///etc/passwd", HTTP_FORBIDDEN);
	call_expect_failure(fixture, "GET", "http://engine:99999/", HTTP_FORBIDDEN);
}

static void unix_socket_lane_sends_host_path_and_query_as_the_url_has_them(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;

	fixture_connect_unix(fixture, 4, 16, 0);
	call_init(&call, fixture, "GET", "/echo");
	free(call.request.url);
	call.request.url = xstrdup("http://engine/echo?a=%7Bb%7D&c=d/e");
	call_submit(&call);
	fixture_run(fixture);
	expect_echo(&call, "GET /echo?a=%7Bb%7D&c=d/e HTTP/1.1\r\n");
	expect_echo(&call, "\r\nHost: engine\r\n");
	call_done(&call);
}

static void redirects_are_not_followed(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;
	char location[64];

	call_make(&call, fixture, "GET", "/redirect");
	assert_int_equal(call.request.outcome, HTTP_REPLIED);
	assert_int_equal(call.request.status, 302);
	assert_true(http_header(&call.request, "location", location, sizeof(location)));
	assert_string_equal(location, "/status/200");
	assert_int_equal(peer_requests(fixture->peer), 1);
	call_done(&call);
}

static void set_proxy(const struct lane_fixture *fixture)
{
	_cleanup_free_ char *url = xasprintf("http://127.0.0.1:%d", peer_port(fixture->peer));

	assert_int_equal(setenv("http_proxy", url, 1), 0);
	assert_int_equal(setenv("https_proxy", url, 1), 0);
	assert_int_equal(setenv("all_proxy", url, 1), 0);
}

static void unset_proxy(void)
{
	(void)unsetenv("http_proxy");
	(void)unsetenv("https_proxy");
	(void)unsetenv("all_proxy");
}

static void proxy_environment_is_ignored_unless_the_lane_asks_for_it(void **state)
{
	struct lane_fixture *fixture = *state;

	fixture_connect_tcp(fixture, NULL);
	set_proxy(fixture);
	call_expect_failure(fixture, "GET", "https://127.0.0.1:1/", HTTP_NOT_SENT);
	call_expect_failure(fixture, "GET", "http://127.0.0.1:1/", HTTP_NOT_SENT);
	unset_proxy();
	assert_int_equal(peer_connections(fixture->peer), 0);
}

static void unix_socket_lane_ignores_the_proxy_environment(void **state)
{
	struct lane_fixture *fixture = *state;
	struct peer *proxy = peer_new_tcp();
	struct call call;

	fixture_connect_unix(fixture, 4, 16, 0);
	_cleanup_free_ char *url = xasprintf("http://127.0.0.1:%d", peer_port(proxy));
	assert_int_equal(setenv("http_proxy", url, 1), 0);
	call_make(&call, fixture, "GET", "/status/200");
	unset_proxy();
	assert_int_equal(call.request.status, 200);
	assert_int_equal(peer_connections(proxy), 0);
	call_done(&call);
	peer_free(proxy);
}

static void proxy_that_refuses_the_tunnel_means_that_nothing_was_sent(void **state)
{
	const struct lane_options options = {.name = "queue", .use_proxy_environment = true};
	struct lane_fixture *fixture = *state;

	fixture_connect_tcp(fixture, &options);
	set_proxy(fixture);
	call_expect_failure(fixture, "POST", "https://control.example.invalid/", HTTP_NOT_SENT);
	unset_proxy();
	assert_true(peer_was_asked(fixture->peer, "control.example.invalid:443 "));
}

static void plain_http_to_another_host_is_sent_where_the_lane_allows_it(void **state)
{
	const struct lane_options options = {
		.name = "queue",
		.allow_http = true,
		.use_proxy_environment = true,
	};
	struct lane_fixture *fixture = *state;
	struct call call;

	fixture_connect_tcp(fixture, &options);
	set_proxy(fixture);
	call_make(&call, fixture, "GET", "http://control.example.invalid/path");
	unset_proxy();
	assert_int_equal(call.request.outcome, HTTP_REPLIED);
	assert_true(peer_was_asked(fixture->peer, "http://control.example.invalid/path "));
	call_done(&call);
}

static void plain_http_to_this_machine_never_goes_through_a_proxy(void **state)
{
	const struct lane_options options = {.name = "queue", .use_proxy_environment = true};
	struct lane_fixture *fixture = *state;

	fixture_connect_tcp(fixture, &options);
	set_proxy(fixture);
	call_expect_failure(fixture, "GET", "http://127.0.0.1:1/", HTTP_NOT_SENT);
	unset_proxy();
	assert_int_equal(peer_connections(fixture->peer), 0);
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, fixture_set_up_tcp, fixture_tear_down)
#define TEST_BARE(function)                                                                        \
	cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(get_sends_the_bearer_the_given_headers_and_nothing_surprising),
		TEST(an_api_key_is_sent_as_such_and_not_as_a_bearer),
		TEST(bearer_of_one_request_is_not_sent_with_the_next),
		TEST(post_without_a_body_says_so_and_names_no_type),
		TEST(large_body_is_sent_whole_without_asking_first),
		TEST(other_methods_are_sent_under_their_own_name),
		TEST(header_with_a_line_break_is_refused),
		TEST(plain_http_to_another_host_is_refused_with_the_remedy),
		TEST(plain_http_to_this_machine_is_allowed_however_it_is_spelled),
		TEST(other_schemes_and_nonsense_are_refused),
		TEST_BARE(unix_socket_lane_refuses_other_schemes_too),
		TEST_BARE(unix_socket_lane_sends_host_path_and_query_as_the_url_has_them),
		TEST(redirects_are_not_followed),
		TEST_BARE(proxy_environment_is_ignored_unless_the_lane_asks_for_it),
		TEST_BARE(unix_socket_lane_ignores_the_proxy_environment),
		TEST_BARE(proxy_that_refuses_the_tunnel_means_that_nothing_was_sent),
		TEST_BARE(plain_http_to_another_host_is_sent_where_the_lane_allows_it),
		TEST_BARE(plain_http_to_this_machine_never_goes_through_a_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
