/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "queue_fixture.h"
#include "unit/unit.h"

#include <string.h>

static const char *const names[] = {"poll", "ack", "stop", "list", "stats"};

struct row {
	const char *sentence;
	enum which which;
	enum queue_outcome outcome;
	struct fake_reply reply;
};

static struct row rows[] = {
	{"poll: 200 with null is empty",
	 POLL,
	 QUEUE_EMPTY,
	 {.status = 200, .body = "null", .headers = "content-type: application/json\n"}},
	{"poll: 200 with null and blanks is empty",
	 POLL,
	 QUEUE_EMPTY,
	 {.status = 200, .body = " null\r\n"}},
	{"poll: 200 without body is empty", POLL, QUEUE_EMPTY, {.status = 200}},
	{"poll: 200 of type JSON without body is empty",
	 POLL,
	 QUEUE_EMPTY,
	 {.status = 200, .body = "", .headers = "content-type: application/json\n"}},
	{"poll: 200 with only blanks is empty",
	 POLL,
	 QUEUE_EMPTY,
	 {.status = 200, .body = "\r\n \t"}},
	{"poll: 204 is empty", POLL, QUEUE_EMPTY, {.status = 204}},
	{"poll: 204 with a body is empty", POLL, QUEUE_EMPTY, {.status = 204, .body = "<p>"}},
	{"poll: an empty object is empty", POLL, QUEUE_EMPTY, {.status = 200, .body = "{}"}},
	{"poll: an object without id and data is empty",
	 POLL,
	 QUEUE_EMPTY,
	 {.status = 200, .body = "{\"type\":\"work\",\"data\":null}"}},
	{"poll: an object with data and no id is an item",
	 POLL,
	 QUEUE_OK,
	 {.status = 200, .body = "{\"data\":{}}"}},
	{"poll: an object with an id is an item",
	 POLL,
	 QUEUE_OK,
	 {.status = 200, .body = "{\"id\":\"w\"}"}},
	{"poll: an object with a null id is an item",
	 POLL,
	 QUEUE_OK,
	 {.status = 200, .body = "{\"id\":null}"}},
	{"poll: any other 2xx counts as 200",
	 POLL,
	 QUEUE_OK,
	 {.status = 203, .body = "{\"id\":\"w\"}"}},
	{"poll: a list is unknown",
	 POLL,
	 QUEUE_UNKNOWN,
	 {.status = 200, .body = "[{\"id\":\"w\"}]"}},
	{"poll: a text is unknown", POLL, QUEUE_UNKNOWN, {.status = 200, .body = "\"w\""}},
	{"poll: a number is unknown", POLL, QUEUE_UNKNOWN, {.status = 200, .body = "0"}},
	{"poll: false is unknown", POLL, QUEUE_UNKNOWN, {.status = 200, .body = "false"}},
	{"poll: a web page is unknown",
	 POLL,
	 QUEUE_UNKNOWN,
	 {.status = 200, .body = "<html>log in</html>"}},
	{"poll: a cut item is unknown",
	 POLL,
	 QUEUE_UNKNOWN,
	 {.status = 200, .body = "{\"id\":\"w\""}},
	{"poll: two items are unknown",
	 POLL,
	 QUEUE_UNKNOWN,
	 {.status = 200, .body = "{\"id\":1}{\"id\":2}"}},
	{"poll: a byte order mark is unknown",
	 POLL,
	 QUEUE_UNKNOWN,
	 {.status = 200, .body = "\xef\xbb\xbf{\"id\":\"w\"}"}},
	{"poll: bad UTF-8 is unknown",
	 POLL,
	 QUEUE_UNKNOWN,
	 {.status = 200, .body = "{\"id\":\"\xc3\x28\"}"}},
	{"poll: nesting beyond 32 is unknown",
	 POLL,
	 QUEUE_UNKNOWN,
	 {.status = 200,
	  .body = "{\"id\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"}},
	{"poll: 300 is temporary", POLL, QUEUE_TEMPORARY, {.status = 300}},
	{"poll: 301 is temporary", POLL, QUEUE_TEMPORARY, {.status = 301}},
	{"poll: 304 is temporary", POLL, QUEUE_TEMPORARY, {.status = 304}},
	{"poll: 308 is temporary", POLL, QUEUE_TEMPORARY, {.status = 308}},
	{"poll: 400 is invalid", POLL, QUEUE_INVALID, {.status = 400}},
	{"poll: 401 is a rejection", POLL, QUEUE_REJECTED, {.status = 401}},
	{"poll: 402 is invalid", POLL, QUEUE_INVALID, {.status = 402}},
	{"poll: 403 is a rejection", POLL, QUEUE_REJECTED, {.status = 403}},
	{"poll: 404 is a rejection", POLL, QUEUE_REJECTED, {.status = 404}},
	{"poll: 405 is invalid", POLL, QUEUE_INVALID, {.status = 405}},
	{"poll: 407 is invalid", POLL, QUEUE_INVALID, {.status = 407}},
	{"poll: 408 is temporary", POLL, QUEUE_TEMPORARY, {.status = 408}},
	{"poll: 409 is a conflict", POLL, QUEUE_CONFLICT, {.status = 409}},
	{"poll: 412 is lost", POLL, QUEUE_LOST, {.status = 412}},
	{"poll: 422 is invalid", POLL, QUEUE_INVALID, {.status = 422}},
	{"poll: 429 is temporary", POLL, QUEUE_TEMPORARY, {.status = 429}},
	{"poll: 499 is invalid", POLL, QUEUE_INVALID, {.status = 499}},
	{"poll: 500 is temporary", POLL, QUEUE_TEMPORARY, {.status = 500}},
	{"poll: 502 is temporary", POLL, QUEUE_TEMPORARY, {.status = 502}},
	{"poll: 503 is temporary", POLL, QUEUE_TEMPORARY, {.status = 503}},
	{"poll: 504 is temporary", POLL, QUEUE_TEMPORARY, {.status = 504}},
	{"poll: 529 is temporary", POLL, QUEUE_TEMPORARY, {.status = 529}},
	{"poll: 599 is temporary", POLL, QUEUE_TEMPORARY, {.status = 599}},
	{"poll: a status beyond 599 is unknown", POLL, QUEUE_UNKNOWN, {.status = 999}},
	{"poll: a status below 200 is unknown", POLL, QUEUE_UNKNOWN, {.status = 101}},
	{"poll: no connection is temporary", POLL, QUEUE_TEMPORARY, {.outcome = HTTP_NOT_SENT}},
	{"poll: no reply is unknown", POLL, QUEUE_UNKNOWN, {.outcome = HTTP_NO_REPLY}},
	{"poll: too large a reply is unknown", POLL, QUEUE_UNKNOWN, {.outcome = HTTP_TOO_LARGE}},
	{"poll: a forbidden URL is invalid", POLL, QUEUE_INVALID, {.outcome = HTTP_FORBIDDEN}},

	{"ack: 200 without body is success", ACK, QUEUE_OK, {.status = 200}},
	{"ack: 200 with null is success", ACK, QUEUE_OK, {.status = 200, .body = "null"}},
	{"ack: 200 with an object without id is success",
	 ACK,
	 QUEUE_OK,
	 {.status = 200, .body = "{}"}},
	{"ack: 204 is success", ACK, QUEUE_OK, {.status = 204}},
	{"ack: 200 with the item is success",
	 ACK,
	 QUEUE_OK,
	 {.status = 200, .body = "{\"id\":\"work_1\"}"}},
	{"ack: 200 with another item is unknown",
	 ACK,
	 QUEUE_UNKNOWN,
	 {.status = 200, .body = "{\"id\":\"work_2\"}"}},
	{"ack: 200 with an id that is none is unknown",
	 ACK,
	 QUEUE_UNKNOWN,
	 {.status = 200, .body = "{\"id\":7}"}},
	{"ack: 200 with a web page is unknown",
	 ACK,
	 QUEUE_UNKNOWN,
	 {.status = 200, .body = "<html>"}},
	{"ack: 200 with a list is unknown", ACK, QUEUE_UNKNOWN, {.status = 200, .body = "[]"}},
	{"ack: 401 is a rejection", ACK, QUEUE_REJECTED, {.status = 401}},
	{"ack: 403 is a rejection", ACK, QUEUE_REJECTED, {.status = 403}},
	{"ack: 404 is a rejection", ACK, QUEUE_REJECTED, {.status = 404}},
	{"ack: 409 is a conflict", ACK, QUEUE_CONFLICT, {.status = 409}},
	{"ack: 412 is lost", ACK, QUEUE_LOST, {.status = 412}},
	{"ack: 400 is invalid", ACK, QUEUE_INVALID, {.status = 400}},
	{"ack: 500 is temporary", ACK, QUEUE_TEMPORARY, {.status = 500}},
	{"ack: no reply is unknown", ACK, QUEUE_UNKNOWN, {.outcome = HTTP_NO_REPLY}},
	{"ack: no connection is temporary", ACK, QUEUE_TEMPORARY, {.outcome = HTTP_NOT_SENT}},

	{"stop: 204 is success", STOP, QUEUE_OK, {.status = 204}},
	{"stop: 200 with the item is success",
	 STOP,
	 QUEUE_OK,
	 {.status = 200, .body = "{\"id\":\"work_1\"}"}},
	{"stop: 200 with anything is success", STOP, QUEUE_OK, {.status = 200, .body = "<html>"}},
	{"stop: 409 means that it was stopped already", STOP, QUEUE_OK, {.status = 409}},
	{"stop: 404 is a rejection", STOP, QUEUE_REJECTED, {.status = 404}},
	{"stop: 412 is lost", STOP, QUEUE_LOST, {.status = 412}},
	{"stop: 500 is temporary", STOP, QUEUE_TEMPORARY, {.status = 500}},
	{"stop: no reply is unknown", STOP, QUEUE_UNKNOWN, {.outcome = HTTP_NO_REPLY}},

	{"list: a page is success",
	 LIST,
	 QUEUE_OK,
	 {.status = 200, .body = "{\"data\":[],\"next_page\":null}"}},
	{"list: a page without data is unknown",
	 LIST,
	 QUEUE_UNKNOWN,
	 {.status = 200, .body = "{}"}},
	{"list: data that is no list is unknown",
	 LIST,
	 QUEUE_UNKNOWN,
	 {.status = 200, .body = "{\"data\":{}}"}},
	{"list: an empty reply is unknown", LIST, QUEUE_UNKNOWN, {.status = 200}},
	{"list: null is unknown", LIST, QUEUE_UNKNOWN, {.status = 200, .body = "null"}},
	{"list: 403 is a rejection", LIST, QUEUE_REJECTED, {.status = 403}},
	{"stats: an object is success", STATS, QUEUE_OK, {.status = 200, .body = "{\"depth\":2}"}},
	{"stats: 204 is unknown", STATS, QUEUE_UNKNOWN, {.status = 204}},
	{"stats: a number is unknown", STATS, QUEUE_UNKNOWN, {.status = 200, .body = "2"}},
	{"stats: 403 is a rejection", STATS, QUEUE_REJECTED, {.status = 403}},
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
		tests[i].initial_state = &rows[i];
	}
	return cmocka_run_group_tests_name("queue outcomes", tests, NULL, NULL);
}
