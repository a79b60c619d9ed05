/* SPDX-License-Identifier: Apache-2.0 */
/* What a lane makes of the replies it gets. */
#include "base/cleanup.h"
#include "lane_fixture.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void every_status_is_a_reply_with_its_body(void **state)
{
	static const long statuses[] = {200, 204, 304, 400, 401, 404, 409, 412, 429, 500, 503};
	struct lane_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		char path[32];
		struct call call;
		(void)snprintf(path, sizeof(path), "/status/%ld", statuses[i]);
		call_make(&call, fixture, "GET", path);
		assert_int_equal(call.request.outcome, HTTP_REPLIED);
		assert_int_equal(call.request.status, statuses[i]);
		assert_string_equal(call.request.problem, "");
		if (statuses[i] == 404)
			assert_string_equal(call.request.reply.data, "status 404");
		call_done(&call);
	}
}

static void reply_of_exactly_the_limit_is_taken_and_one_byte_more_is_too_large(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;

	call_init(&call, fixture, "GET", "/body/1000");
	call.request.max_reply = 1000;
	call_submit(&call);
	fixture_run(fixture);
	assert_int_equal(call.request.outcome, HTTP_REPLIED);
	assert_int_equal(call.request.reply.len, 1000);
	call_done(&call);

	call_init(&call, fixture, "GET", "/body/1001");
	call.request.max_reply = 1000;
	call_submit(&call);
	fixture_run(fixture);
	assert_int_equal(call.request.outcome, HTTP_TOO_LARGE);
	assert_in_range(call.request.reply.len, 0, 1000);
	call_done(&call);
	call_expect_failure(fixture, "GET", "/body/8000000", HTTP_TOO_LARGE);
}

static void headers_beyond_the_limit_are_too_large(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;

	call_make(&call, fixture, "GET", "/head/8000");
	assert_int_equal(call.request.outcome, HTTP_REPLIED);
	call_done(&call);
	call_expect_failure(fixture, "GET", "/head/65536", HTTP_TOO_LARGE);
}

static void header_is_found_by_its_whole_name_in_lower_case(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;
	char value[8] = "before";

	call_make(&call, fixture, "GET", "/header/X-Mixed-Case/___a:_b___");
	assert_true(http_header(&call.request, "x-mixed-case", value, sizeof(value)));
	assert_string_equal(value, "a: b");
	assert_false(http_header(&call.request, "x-mixed", value, sizeof(value)));
	assert_false(http_header(&call.request, "mixed-case", value, sizeof(value)));
	assert_false(http_header(&call.request, "absent", value, sizeof(value)));
	call_done(&call);
	call_make(&call, fixture, "GET", "/header/X-Long/1234567");
	assert_true(http_header(&call.request, "x-long", value, sizeof(value)));
	assert_string_equal(value, "1234567");
	assert_false(http_header(&call.request, "x-long", value, 7));
	call_done(&call);
}

static uint64_t retry_after(struct lane_fixture *fixture, const char *value)
{
	_cleanup_free_ char *path = xasprintf("/header/Retry-After/%s", value);
	struct call call;

	call_make(&call, fixture, "GET", path);
	uint64_t ms = http_retry_after_ms(&call.request, fixture->loop);
	call_done(&call);
	return ms;
}

static void retry_after_is_read_as_seconds_or_as_a_date(void **state)
{
	struct lane_fixture *fixture = *state;
	char date[64];
	time_t in_a_minute = time(NULL) + 60;
	struct tm tm;

	assert_int_equal(retry_after(fixture, "7"), 7000);
	assert_int_equal(retry_after(fixture, "0"), 0);
	assert_int_equal(retry_after(fixture, "-5"), 0);
	assert_int_equal(retry_after(fixture, "soon"), 0);
	assert_in_range(retry_after(fixture, "9223372036854775807"), 1, UINT64_C(1) << 40);
	assert_int_equal(retry_after(fixture, "Wed,_21_Oct_2015_07:28:00_GMT"), 0);
	assert_non_null(gmtime_r(&in_a_minute, &tm));
	assert_true(strftime(date, sizeof(date), "%a,_%d_%b_%Y_%H:%M:%S_GMT", &tm) > 0);
	assert_in_range(retry_after(fixture, date), 50000, 60000);
}

static void date_of_the_peer_is_read_in_milliseconds(void **state)
{
	struct lane_fixture *fixture = *state;
	struct call call;

	call_make(&call, fixture, "GET", "/header/Date/Wed,_21_Oct_2015_07:28:00_GMT");
	assert_int_equal(http_date_ms(&call.request), INT64_C(1445412480000));
	assert_int_equal(http_retry_after_ms(&call.request, fixture->loop), 0);
	call_done(&call);
	call_make(&call, fixture, "GET", "/status/200");
	assert_int_equal(http_date_ms(&call.request), 0);
	call_done(&call);
}

struct collected {
	struct call call;
	struct call other; /* submitted from on_data */
	char text[128];
	unsigned pieces;
	unsigned cut_after;
};

static bool collect(const char *data, size_t len, void *arg)
{
	struct collected *collected = arg;
	size_t used = strlen(collected->text);

	assert_true(used + len < sizeof(collected->text));
	memcpy(collected->text + used, data, len);
	collected->pieces++;
	if (collected->other.fixture && !collected->other.request.lane)
		call_submit(&collected->other);
	return collected->pieces != collected->cut_after;
}

static void on_stream_done(struct http_request *request, void *arg)
{
	struct collected *collected = arg;

	(void)request;
	collected->call.times_done++;
	if (--collected->call.fixture->under_way == 0)
		loop_stop(collected->call.fixture->loop);
}

static void stream_init(struct collected *collected, struct lane_fixture *fixture, const char *path)
{
	*collected = (struct collected){0};
	call_init(&collected->call, fixture, "GET", path);
	collected->call.request.on_data = collect;
	collected->call.request.done = on_stream_done;
	collected->call.request.arg = collected;
	collected->call.request.timeout_ms = 0;
	collected->call.request.max_reply = 8;
}

static void stream_hands_over_each_piece_as_it_comes(void **state)
{
	struct lane_fixture *fixture = *state;
	struct collected collected;

	stream_init(&collected, fixture, "/lines/3");
	call_submit(&collected.call);
	fixture_run(fixture);
	assert_int_equal(collected.call.request.outcome, HTTP_REPLIED);
	assert_string_equal(collected.text, "line 1\nline 2\nline 3\n");
	assert_int_equal(collected.call.request.reply.len, 0);
	call_done(&collected.call);
}

static void stream_that_is_refused_collects_the_error_instead(void **state)
{
	struct lane_fixture *fixture = *state;
	struct collected collected;

	stream_init(&collected, fixture, "/status/500");
	collected.call.request.max_reply = 100;
	call_submit(&collected.call);
	fixture_run(fixture);
	assert_int_equal(collected.call.request.status, 500);
	assert_int_equal(collected.pieces, 0);
	assert_string_equal(collected.call.request.reply.data, "status 500");
	call_done(&collected.call);
}

static void stream_is_cut_when_its_reader_says_so(void **state)
{
	struct lane_fixture *fixture = *state;
	struct collected collected;

	stream_init(&collected, fixture, "/drip/1");
	collected.cut_after = 5;
	call_submit(&collected.call);
	fixture_run(fixture);
	assert_int_equal(collected.call.request.outcome, HTTP_NO_REPLY);
	assert_int_equal(collected.pieces, 5);
	call_done(&collected.call);
}

static void reader_of_a_stream_may_submit_requests_of_its_own_lane(void **state)
{
	struct lane_fixture *fixture = *state;
	struct collected collected;

	stream_init(&collected, fixture, "/lines/1");
	call_init(&collected.other, fixture, "GET", "/status/200");
	call_submit(&collected.call);
	fixture_run(fixture);
	assert_int_equal(collected.call.times_done, 1);
	assert_int_equal(collected.other.times_done, 1);
	assert_int_equal(collected.other.request.status, 200);
	call_done(&collected.call);
	call_done(&collected.other);
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, fixture_set_up_tcp, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_status_is_a_reply_with_its_body),
		TEST(reply_of_exactly_the_limit_is_taken_and_one_byte_more_is_too_large),
		TEST(headers_beyond_the_limit_are_too_large),
		TEST(header_is_found_by_its_whole_name_in_lower_case),
		TEST(retry_after_is_read_as_seconds_or_as_a_date),
		TEST(date_of_the_peer_is_read_in_milliseconds),
		TEST(stream_hands_over_each_piece_as_it_comes),
		TEST(stream_that_is_refused_collects_the_error_instead),
		TEST(stream_is_cut_when_its_reader_says_so),
		TEST(reader_of_a_stream_may_submit_requests_of_its_own_lane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
