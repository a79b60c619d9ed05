/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "queue_fixture.h"
#include "unit/unit.h"

#include <string.h>

static const char *const names[] = {"poll", "ack", "stop", "list", "stats"};

struct row {
	const char *sentence;
	enum which which;
	struct fake_reply reply;
	enum queue_outcome outcome;
};

#define STATUS(code)                                                                               \
	{                                                                                          \
		.status = (code)                                                                   \
	}
#define REPLY(code, text)                                                                          \
	{                                                                                          \
		.status = (code), .body = (text)                                                   \
	}
#define BROKEN(how)                                                                                \
	{                                                                                          \
		.outcome = (how)                                                                   \
	}
#define WITH_JSON(code, text)                                                                      \
	{                                                                                          \
		.status = (code), .body = (text), .headers = "content-type: application/json\n"    \
	}

static const struct row rows[] = {
	{"poll: 200 with null is empty", POLL, WITH_JSON(200, "null"), QUEUE_EMPTY},
	{"poll: 200 with null and blanks is empty", POLL, REPLY(200, " null\r\n"), QUEUE_EMPTY},
	{"poll: 200 without body is empty", POLL, STATUS(200), QUEUE_EMPTY},
	{"poll: 200 of type JSON without body is empty", POLL, WITH_JSON(200, ""), QUEUE_EMPTY},
	{"poll: 200 with only blanks is empty", POLL, REPLY(200, "\r\n \t"), QUEUE_EMPTY},
	{"poll: 204 is empty", POLL, STATUS(204), QUEUE_EMPTY},
	{"poll: 204 with a body is empty", POLL, REPLY(204, "<p>"), QUEUE_EMPTY},
	{"poll: an empty object is empty", POLL, REPLY(200, "{}"), QUEUE_EMPTY},
	{"poll: an object without id is empty", POLL, REPLY(200, "{\"data\":{}}"), QUEUE_EMPTY},
	{"poll: an object with an id is an item", POLL, REPLY(200, "{\"id\":\"w\"}"), QUEUE_OK},
	{"poll: an object with a null id is an item", POLL, REPLY(200, "{\"id\":null}"), QUEUE_OK},
	{"poll: any other 2xx counts as 200", POLL, REPLY(203, "{\"id\":\"w\"}"), QUEUE_OK},
	{"poll: a list is unknown", POLL, REPLY(200, "[{\"id\":\"w\"}]"), QUEUE_UNKNOWN},
	{"poll: a text is unknown", POLL, REPLY(200, "\"w\""), QUEUE_UNKNOWN},
	{"poll: a number is unknown", POLL, REPLY(200, "0"), QUEUE_UNKNOWN},
	{"poll: false is unknown", POLL, REPLY(200, "false"), QUEUE_UNKNOWN},
	{"poll: a web page is unknown", POLL, REPLY(200, "<html>log in</html>"), QUEUE_UNKNOWN},
	{"poll: a cut item is unknown", POLL, REPLY(200, "{\"id\":\"w\""), QUEUE_UNKNOWN},
	{"poll: two items are unknown", POLL, REPLY(200, "{\"id\":1}{\"id\":2}"), QUEUE_UNKNOWN},
	{"poll: a byte order mark is unknown", POLL, REPLY(200, "\xef\xbb\xbf{\"id\":\"w\"}"),
	 QUEUE_UNKNOWN},
	{"poll: bad UTF-8 is unknown", POLL, REPLY(200, "{\"id\":\"\xc3\x28\"}"), QUEUE_UNKNOWN},
	{"poll: nesting beyond 32 is unknown", POLL,
	 REPLY(200, "{\"id\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"),
	 QUEUE_UNKNOWN},
	{"poll: 300 is temporary", POLL, STATUS(300), QUEUE_TEMPORARY},
	{"poll: 301 is temporary", POLL, STATUS(301), QUEUE_TEMPORARY},
	{"poll: 304 is temporary", POLL, STATUS(304), QUEUE_TEMPORARY},
	{"poll: 308 is temporary", POLL, STATUS(308), QUEUE_TEMPORARY},
	{"poll: 400 is invalid", POLL, STATUS(400), QUEUE_INVALID},
	{"poll: 401 is a rejection", POLL, STATUS(401), QUEUE_REJECTED},
	{"poll: 402 is invalid", POLL, STATUS(402), QUEUE_INVALID},
	{"poll: 403 is a rejection", POLL, STATUS(403), QUEUE_REJECTED},
	{"poll: 404 is a rejection", POLL, STATUS(404), QUEUE_REJECTED},
	{"poll: 405 is invalid", POLL, STATUS(405), QUEUE_INVALID},
	{"poll: 407 is invalid", POLL, STATUS(407), QUEUE_INVALID},
	{"poll: 408 is temporary", POLL, STATUS(408), QUEUE_TEMPORARY},
	{"poll: 409 is a conflict", POLL, STATUS(409), QUEUE_CONFLICT},
	{"poll: 412 is lost", POLL, STATUS(412), QUEUE_LOST},
	{"poll: 422 is invalid", POLL, STATUS(422), QUEUE_INVALID},
	{"poll: 429 is temporary", POLL, STATUS(429), QUEUE_TEMPORARY},
	{"poll: 499 is invalid", POLL, STATUS(499), QUEUE_INVALID},
	{"poll: 500 is temporary", POLL, STATUS(500), QUEUE_TEMPORARY},
	{"poll: 502 is temporary", POLL, STATUS(502), QUEUE_TEMPORARY},
	{"poll: 503 is temporary", POLL, STATUS(503), QUEUE_TEMPORARY},
	{"poll: 504 is temporary", POLL, STATUS(504), QUEUE_TEMPORARY},
	{"poll: 529 is temporary", POLL, STATUS(529), QUEUE_TEMPORARY},
	{"poll: 599 is temporary", POLL, STATUS(599), QUEUE_TEMPORARY},
	{"poll: a status beyond 599 is unknown", POLL, STATUS(999), QUEUE_UNKNOWN},
	{"poll: a status below 200 is unknown", POLL, STATUS(101), QUEUE_UNKNOWN},
	{"poll: no connection is temporary", POLL, BROKEN(HTTP_NOT_SENT), QUEUE_TEMPORARY},
	{"poll: no reply is unknown", POLL, BROKEN(HTTP_NO_REPLY), QUEUE_UNKNOWN},
	{"poll: too large a reply is unknown", POLL, BROKEN(HTTP_TOO_LARGE), QUEUE_UNKNOWN},
	{"poll: a forbidden URL is invalid", POLL, BROKEN(HTTP_FORBIDDEN), QUEUE_INVALID},

	{"ack: 200 without body is success", ACK, STATUS(200), QUEUE_OK},
	{"ack: 200 with null is success", ACK, REPLY(200, "null"), QUEUE_OK},
	{"ack: 200 with an object without id is success", ACK, REPLY(200, "{}"), QUEUE_OK},
	{"ack: 204 is success", ACK, STATUS(204), QUEUE_OK},
	{"ack: 200 with the item is success", ACK, REPLY(200, "{\"id\":\"work_1\"}"), QUEUE_OK},
	{"ack: 200 with another item is unknown", ACK, REPLY(200, "{\"id\":\"work_2\"}"),
	 QUEUE_UNKNOWN},
	{"ack: 200 with an id that is none is unknown", ACK, REPLY(200, "{\"id\":7}"),
	 QUEUE_UNKNOWN},
	{"ack: 200 with a web page is unknown", ACK, REPLY(200, "<html>"), QUEUE_UNKNOWN},
	{"ack: 200 with a list is unknown", ACK, REPLY(200, "[]"), QUEUE_UNKNOWN},
	{"ack: 401 is a rejection", ACK, STATUS(401), QUEUE_REJECTED},
	{"ack: 403 is a rejection", ACK, STATUS(403), QUEUE_REJECTED},
	{"ack: 404 is a rejection", ACK, STATUS(404), QUEUE_REJECTED},
	{"ack: 409 is a conflict", ACK, STATUS(409), QUEUE_CONFLICT},
	{"ack: 412 is lost", ACK, STATUS(412), QUEUE_LOST},
	{"ack: 400 is invalid", ACK, STATUS(400), QUEUE_INVALID},
	{"ack: 500 is temporary", ACK, STATUS(500), QUEUE_TEMPORARY},
	{"ack: no reply is unknown", ACK, BROKEN(HTTP_NO_REPLY), QUEUE_UNKNOWN},
	{"ack: no connection is temporary", ACK, BROKEN(HTTP_NOT_SENT), QUEUE_TEMPORARY},

	{"stop: 204 is success", STOP, STATUS(204), QUEUE_OK},
	{"stop: 200 with the item is success", STOP, REPLY(200, "{\"id\":\"work_1\"}"), QUEUE_OK},
	{"stop: 200 with anything is success", STOP, REPLY(200, "<html>"), QUEUE_OK},
	{"stop: 409 means that it was stopped already", STOP, STATUS(409), QUEUE_OK},
	{"stop: 404 is a rejection", STOP, STATUS(404), QUEUE_REJECTED},
	{"stop: 412 is lost", STOP, STATUS(412), QUEUE_LOST},
	{"stop: 500 is temporary", STOP, STATUS(500), QUEUE_TEMPORARY},
	{"stop: no reply is unknown", STOP, BROKEN(HTTP_NO_REPLY), QUEUE_UNKNOWN},

	{"list: a page is success", LIST, REPLY(200, "{\"data\":[],\"next_page\":null}"), QUEUE_OK},
	{"list: a page without data is unknown", LIST, REPLY(200, "{}"), QUEUE_UNKNOWN},
	{"list: data that is no list is unknown", LIST, REPLY(200, "{\"data\":{}}"), QUEUE_UNKNOWN},
	{"list: an empty reply is unknown", LIST, STATUS(200), QUEUE_UNKNOWN},
	{"list: null is unknown", LIST, REPLY(200, "null"), QUEUE_UNKNOWN},
	{"list: 403 is a rejection", LIST, STATUS(403), QUEUE_REJECTED},
	{"stats: an object is success", STATS, REPLY(200, "{\"depth\":2}"), QUEUE_OK},
	{"stats: 204 is unknown", STATS, STATUS(204), QUEUE_UNKNOWN},
	{"stats: a number is unknown", STATS, REPLY(200, "2"), QUEUE_UNKNOWN},
	{"stats: 403 is a rejection", STATS, STATUS(403), QUEUE_REJECTED},
};

static void the_reply_is_judged(void **state)
{
	const struct row *row = *state;
	void *fixture;

	(void)queue_set_up(&fixture);
	struct queue_fixture *f = fixture;
	assert_int_equal(call_outcome(f, row->which, row->reply), row->outcome);
	if (row->outcome == QUEUE_OK || row->outcome == QUEUE_EMPTY) {
		assert_int_equal(f->call.err.kind, ERR_NONE);
	} else {
		_cleanup_free_ char *prefix = xasprintf("%s: ", names[row->which]);
		assert_memory_equal(f->call.err.text, prefix, strlen(prefix));
		assert_true(strlen(f->call.err.text) > strlen(prefix));
		assert_true(f->call.err.code < 0);
		assert_int_not_equal(f->call.err.kind, ERR_NONE);
		assert_null(f->call.json);
		assert_false(f->call.has_status);
	}
	(void)queue_tear_down(&fixture);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows)] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tests[i].name = rows[i].sentence;
		tests[i].test_func = the_reply_is_judged;
		tests[i].initial_state = (void *)(uintptr_t)&rows[i];
	}
	return cmocka_run_group_tests_name("queue outcomes", tests, NULL, NULL);
}
