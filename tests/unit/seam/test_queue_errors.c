/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "queue_fixture.h"
#include "unit/unit.h"

#include <string.h>

static void assert_error(struct queue_fixture *f, long status, const char *body, const char *text)
{
	(void)call_outcome(f, POLL, (struct fake_reply){.status = status, .body = body});
	assert_string_equal(f->call.err.text, text);
}

static void the_servers_own_words_are_told(void **state)
{
	struct queue_fixture *f = *state;

	assert_error(f, 429,
		     "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\","
		     "\"message\":\"Too many.\"},\"request_id\":\"req_1\"}",
		     "poll: HTTP 429 rate_limit_error: Too many., request id req_1");
	assert_error(f, 500, "{\"error\":{\"type\":\"api_error\"}}", "poll: HTTP 500 api_error");
	assert_error(f, 500, "{\"error\":{\"message\":\"Oh\"}}", "poll: HTTP 500: Oh");
	assert_error(f, 503, NULL, "poll: HTTP 503");
}

static void the_request_id_may_come_as_a_header(void **state)
{
	struct queue_fixture *f = *state;

	(void)call_outcome(f, POLL,
			   (struct fake_reply){.status = 500, .headers = "request-id: req_2\n"});
	assert_string_equal(f->call.err.text, "poll: HTTP 500, request id req_2");
}

static void a_body_that_is_no_error_object_shows_its_beginning(void **state)
{
	struct queue_fixture *f = *state;

	assert_error(f, 502, "<html>\n<title>Proxy</title>",
		     "poll: HTTP 502: no error object, but <html> <title>Proxy</title>");
	assert_error(f, 502, "upstream\tgone",
		     "poll: HTTP 502: no error object, but upstream gone");
}

static void json_that_is_no_error_object_is_not_shown(void **state)
{
	static const char *const bodies[] = {"{\"id\":\"work_1\",\"secret\":\"eyJz\"}",
					     " {\"secret\":\"eyJz",
					     "[\"eyJz\"]",
					     "\"eyJz\"",
					     "{\"error\":\"eyJz\"}",
					     "{\"error\":{\"type\":7,\"message\":[]}}"};
	struct queue_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
		assert_error(f, 500, bodies[i], "poll: HTTP 500");
}

static void control_characters_become_blanks(void **state)
{
	struct queue_fixture *f = *state;

	assert_error(
		f, 400,
		"{\"error\":{\"type\":\"a\\nb\",\"message\":\"\\u001b[31mred\\r\\nline\\u009b2J"
		"\\u202e\"},\"request_id\":\"r\\tq\"}",
		"poll: HTTP 400 a b: [31mred line 2J , request id r q");
}

static void long_words_are_cut(void **state)
{
	struct queue_fixture *f = *state;
	size_t size = (size_t)100 << 10;
	_cleanup_free_ char *filler = xmalloc(size + 1);

	memset(filler, 'm', size);
	filler[size] = '\0';
	_cleanup_free_ char *body =
		xasprintf("{\"error\":{\"type\":\"%s\",\"message\":\"%s\"},\"request_id\":\"%s\"}",
			  filler, filler, filler);
	(void)call_outcome_of_body(f, POLL, body);
	(void)call_outcome(f, POLL, (struct fake_reply){.status = 400, .body = body});
	assert_contains(f->call.err.text, "mmm...: mmm");
	assert_contains(f->call.err.text, "mmm..., request id mmm");
	assert_true(strlen(f->call.err.text) < 450);
}

static void the_key_is_never_repeated(void **state)
{
	static const char *const bodies[] = {
		"{\"error\":{\"type\":\"e\",\"message\":\"bad key " KEY "\"}}",
		"{\"error\":{\"type\":\"e\",\"message\":\"sk-ant-oat01-\\nEXAMPLE\\u0000/KEY+1\"}}",
		"{\"error\":{\"type\":\"e\",\"message\":\"sk-ant-oat01-\\u00e9EXAMPLE/KEY+1\"}}",
		"{\"error\":{\"type\":\"" KEY "\",\"message\":\"m\"}}",
		"{\"error\":{\"type\":\"e\",\"message\":\"m\"},\"request_id\":\"" KEY "\"}",
		"{\"error\":{\"type\":\"e\",\"message\":\"sk-ant-oat01-EXAMPLE%2FKEY%2B1\"}}",
		"{\"error\":{\"type\":\"e\",\"message\":"
		"\"QmVhcmVyIHNrLWFudC1vYXQwMS1FWEFNUExFL0tFWSsx\"}}",
		"authorization: Bearer " KEY,
		"{\"authorization\":\"Bearer sk-ant-oat01-EXAMPLE\\/KEY+1\"}",
	};
	struct queue_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		(void)call_outcome(f, POLL, (struct fake_reply){.status = 401, .body = bodies[i]});
		assert_null(strstr(f->call.err.text, "EXAMPLE"));
		assert_null(strstr(f->call.err.text, "L0tFWSsx"));
	}
}

static void the_key_is_not_repeated_up_to_where_a_message_is_cut(void **state)
{
	struct queue_fixture *f = *state;
	_cleanup_free_ char *filler = xmalloc(231);

	memset(filler, 'm', 230);
	filler[230] = '\0';
	_cleanup_free_ char *body = xasprintf("{\"error\":{\"message\":\"%s%s\"}}", filler, KEY);
	assert_error(f, 401, body, "poll: HTTP 401: (withheld: it repeats the key)");
}

static void a_header_or_problem_with_the_key_is_withheld(void **state)
{
	struct queue_fixture *f = *state;

	(void)call_outcome(f, POLL,
			   (struct fake_reply){.status = 500, .headers = "request-id: " KEY "\n"});
	assert_null(strstr(f->call.err.text, "EXAMPLE"));
	(void)call_outcome(
		f, POLL,
		(struct fake_reply){.outcome = HTTP_NO_REPLY, .problem = "cut after " KEY});
	assert_null(strstr(f->call.err.text, "EXAMPLE"));
}

static void a_redirect_names_the_host_and_the_remedy(void **state)
{
	static const struct {
		const char *location, *host;
	} cases[] = {
		{"location: https://other.example/v1/x?key=1\n", "other.example"},
		{"location: http://user:pw@other.example:8443\n", "other.example:8443"},
		{"location: https://" KEY "/\n", "another address"},
		{"location: /login\n", "another address"},
		{NULL, "another address"},
	};
	struct queue_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text =
			xasprintf("poll: HTTP 302 redirects to %s; the key is not sent there: "
				  "set base_url to the address that answers",
				  cases[i].host);
		assert_int_equal(call_outcome(f, POLL,
					      (struct fake_reply){.status = 302,
								  .headers = cases[i].location}),
				 QUEUE_TEMPORARY);
		assert_string_equal(f->call.err.text, text);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, queue_set_up, queue_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_servers_own_words_are_told),
		TEST(the_request_id_may_come_as_a_header),
		TEST(a_body_that_is_no_error_object_shows_its_beginning),
		TEST(json_that_is_no_error_object_is_not_shown),
		TEST(control_characters_become_blanks),
		TEST(long_words_are_cut),
		TEST(the_key_is_never_repeated),
		TEST(the_key_is_not_repeated_up_to_where_a_message_is_cut),
		TEST(a_header_or_problem_with_the_key_is_withheld),
		TEST(a_redirect_names_the_host_and_the_remedy),
	};

	return cmocka_run_group_tests_name("queue errors", tests, NULL, NULL);
}
