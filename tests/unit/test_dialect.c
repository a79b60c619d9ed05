/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "engine/answer.h"
#include "engine/dialect.h"
#include "engine/message.h"
#include "engine/probe.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct json_object *parsed(const char *text)
{
	struct json_object *json = NULL;

	assert_int_equal(json_parse(text, strlen(text), &json), 0);
	return json;
}

/* --- what an answer means --------------------------------------------------------------------- */

struct answer {
	const char *sentence;
	enum engine_operation operation;
	long status;
	const char *message;
	enum engine_outcome outcome;
};

static const struct answer answers[] = {
	{"create 201: made", OPERATION_CREATE, 201, "", ENGINE_OK},
	{"create 404: no such image", OPERATION_CREATE, 404, "No such image: localhost/x:1",
	 ENGINE_NOT_FOUND},
	{"create 404 about a network is trouble of the engine", OPERATION_CREATE, 404,
	 "network berth-default not found", ENGINE_TROUBLE},
	{"create 409: the name is taken", OPERATION_CREATE, 409,
	 "Conflict. The container name \"/berth-w\" is already in use by container \"0a\".",
	 ENGINE_NAME_IN_USE},
	{"create 409 while the last owner is removed: try again", OPERATION_CREATE, 409,
	 "removal of container 0a is already in progress", ENGINE_REMOVING},
	{"create 409 with an owner marked for removal: try again", OPERATION_CREATE, 409,
	 "container is marked for removal", ENGINE_REMOVING},
	{"create 400: refused", OPERATION_CREATE, 400, "invalid reference format", ENGINE_INVALID},
	{"create 403: refused", OPERATION_CREATE, 403, "", ENGINE_INVALID},
	{"create 500: trouble", OPERATION_CREATE, 500, "no space left on device", ENGINE_TROUBLE},
	{"create 503: trouble", OPERATION_CREATE, 503, "", ENGINE_TROUBLE},
	{"create 429: trouble", OPERATION_CREATE, 429, "", ENGINE_TROUBLE},
	{"create 302 is no answer of an engine: trouble", OPERATION_CREATE, 302, "",
	 ENGINE_TROUBLE},

	{"start 204: started", OPERATION_START, 204, "", ENGINE_OK},
	{"start 200 is no answer of an engine: unknown", OPERATION_START, 200, "", ENGINE_UNKNOWN},
	{"start 304: runs already", OPERATION_START, 304, "", ENGINE_ALREADY},
	{"start 404: no such container", OPERATION_START, 404, "No such container: 0a",
	 ENGINE_NOT_FOUND},
	{"start 404 about its network is trouble of the engine", OPERATION_START, 404,
	 "network berth-default not found", ENGINE_TROUBLE},
	{"start 400: the image cannot run so", OPERATION_START, 400,
	 "exec: \"/x\": stat /x: no such file or directory", ENGINE_INVALID},
	{"start 409: being removed", OPERATION_START, 409,
	 "container is marked for removal and cannot be started", ENGINE_REMOVING},
	{"start 500: trouble", OPERATION_START, 500, "OCI runtime create failed", ENGINE_TROUBLE},

	{"kill 204: signalled", OPERATION_KILL, 204, "", ENGINE_OK},
	{"kill 409: it does not run", OPERATION_KILL, 409, "Container 0a is not running",
	 ENGINE_ALREADY},
	{"kill 404: no such container", OPERATION_KILL, 404, "", ENGINE_NOT_FOUND},
	{"kill 400: no such signal", OPERATION_KILL, 400, "Invalid signal: X", ENGINE_INVALID},

	{"remove 204: gone", OPERATION_REMOVE, 204, "", ENGINE_OK},
	{"remove 404: gone before", OPERATION_REMOVE, 404, "No such container: 0a", ENGINE_OK},
	{"remove 409: somebody is at it", OPERATION_REMOVE, 409,
	 "removal of container 0a is already in progress", ENGINE_REMOVING},
	{"remove 409 for another reason: trouble", OPERATION_REMOVE, 409, "You cannot remove it",
	 ENGINE_TROUBLE},
	{"remove 500: trouble", OPERATION_REMOVE, 500, "device or resource busy", ENGINE_TROUBLE},

	{"inspect 200: there", OPERATION_INSPECT, 200, "", ENGINE_OK},
	{"inspect 404: not there", OPERATION_INSPECT, 404, "", ENGINE_NOT_FOUND},
	{"list 400: refused", OPERATION_LIST, 400, "", ENGINE_INVALID},
	{"list 500: trouble", OPERATION_LIST, 500, "", ENGINE_TROUBLE},

	{"an image that is not there", OPERATION_LOOK_AT_IMAGE, 404, "No such image",
	 ENGINE_NOT_FOUND},
	{"pull 404: no such image", OPERATION_PULL, 404, "manifest unknown", ENGINE_NOT_FOUND},
	{"pull 500 over credentials: refused", OPERATION_PULL, 500,
	 "unauthorized: authentication required", ENGINE_INVALID},
	{"pull 500 without credentials: refused", OPERATION_PULL, 500, "no basic auth credentials",
	 ENGINE_INVALID},
	{"pull 500 over the network: trouble", OPERATION_PULL, 500, "dial tcp: i/o timeout",
	 ENGINE_TROUBLE},
	{"pull 500 over a rate limit: trouble", OPERATION_PULL, 500,
	 "toomanyrequests: access denied for now", ENGINE_TROUBLE},

	{"a network that is not there", OPERATION_LOOK_AT_BRIDGE, 404, "network x not found",
	 ENGINE_NOT_FOUND},
	{"a network of that name has come up", OPERATION_MAKE_BRIDGE, 409,
	 "network with name x already exists", ENGINE_NAME_IN_USE},
	{"a network that is gone needs no removal", OPERATION_REMOVE_BRIDGE, 404, "", ENGINE_OK},
	{"a network in use stays (20.10)", OPERATION_REMOVE_BRIDGE, 403,
	 "error while removing network: network x has active endpoints", ENGINE_ALREADY},
	{"a network in use stays (later versions)", OPERATION_REMOVE_BRIDGE, 409,
	 "network x has active endpoints", ENGINE_ALREADY},
};

static void the_answer_is_understood(void **state)
{
	const struct answer *answer = *state;

	assert_int_equal(
		dialect_docker.classify(answer->operation, answer->status, answer->message),
		answer->outcome);
}

static void an_error_inside_the_stream_of_a_pull_is_understood(void **state)
{
	(void)state;
	assert_int_equal(dialect_classify_pull_error("manifest for x:1 not found"),
			 ENGINE_NOT_FOUND);
	assert_int_equal(dialect_classify_pull_error("denied: requested access"), ENGINE_INVALID);
	assert_int_equal(dialect_classify_pull_error("unexpected EOF"), ENGINE_TROUBLE);
}

static struct http_request replied(long status, const char *body)
{
	struct http_request request = {.outcome = HTTP_REPLIED, .status = status};

	buf_init(&request.reply, 1 << 16);
	assert_int_equal(buf_adds(&request.reply, body), 0);
	return request;
}

static void an_error_names_what_was_done_and_what_the_engine_said(void **state)
{
	struct http_request request = replied(500, "{\"message\":\"disk\\nis  full\"}");
	struct err err = {0};
	(void)state;

	assert_int_equal(
		answer_judge(&dialect_docker, OPERATION_CREATE, &request, "berth-w1", NULL, &err),
		ENGINE_TROUBLE);
	assert_string_equal(err.text, "create 'berth-w1': HTTP 500: disk is full");
	assert_int_equal(err.kind, ERR_ENGINE);
	buf_done(&request.reply);
}

static void an_engine_that_was_not_reached_has_done_nothing(void **state)
{
	struct http_request request = {.outcome = HTTP_NOT_SENT, .problem = "no such file"};
	struct err err = {0};
	(void)state;

	assert_int_equal(answer_judge(&dialect_docker, OPERATION_START, &request, "0a", NULL, &err),
			 ENGINE_UNREACHABLE);
	assert_int_equal(err.kind, ERR_TEMPORARY);
	assert_string_equal(err.text, "start '0a': no such file");
}

static void what_an_engine_did_without_a_reply_is_unknown(void **state)
{
	struct http_request request = {.outcome = HTTP_NO_REPLY, .problem = "timed out"};
	struct err err = {0};
	(void)state;

	assert_int_equal(answer_judge(&dialect_docker, OPERATION_LIST, &request, NULL, NULL, &err),
			 ENGINE_UNKNOWN);
	assert_string_equal(err.text, "list containers: timed out");
	request.outcome = HTTP_TOO_LARGE;
	assert_int_equal(answer_judge(&dialect_docker, OPERATION_LIST, &request, NULL, NULL, &err),
			 ENGINE_UNKNOWN);
}

/* --- the engine's words ----------------------------------------------------------------------- */

static void assert_message(const char *body, const char *shown)
{
	char message[MESSAGE_MAX];

	message_of_reply(message, body, strlen(body), NULL);
	assert_string_equal(message, shown);
}

static void a_message_becomes_one_clean_line(void **state)
{
	(void)state;
	assert_message("{\"message\":\" a\\tb\\r\\n\\n c\\u001b[31m\\u007f \"}", "a b c[31m");
	assert_message("{\"message\":\"caf\\u00e9\"}", "caf\xc3\xa9");
	assert_message("404 page not found\n", "404 page not found");
	assert_message("{\"cause\":\"x\"}", "{\"cause\":\"x\"}");
	assert_message("", "");
}

static void a_long_message_is_cut_between_characters(void **state)
{
	char long_text[2 * MESSAGE_MAX], shown[MESSAGE_MAX];
	(void)state;

	memset(long_text, 'x', sizeof(long_text));
	/* A two-byte character lies across the cut. */
	memcpy(long_text + MESSAGE_MAX - 5, "\xc3\xa9", 2);
	message_clean(shown, long_text, sizeof(long_text), NULL);
	assert_int_equal(strlen(shown), MESSAGE_MAX - 2);
	assert_string_equal(shown + MESSAGE_MAX - 6, "x...");
}

#define WITHHELD "(the engine's message is withheld: it repeats a secret)"

static void a_message_that_looks_like_a_credential_is_withheld(void **state)
{
	(void)state;
	assert_message("{\"message\":\"bad env sk-ant-oat01-abc\"}", WITHHELD);
	assert_message("{\"message\":\"env: ANTHROPIC_WORK_SECRET=ey\"}", WITHHELD);
	assert_message("bad request: ANTHROPIC_ENVIRONMENT_KEY=k", WITHHELD);
	assert_message("{\"message\":\"sk-\\nant-oat01\"}", "sk- ant-oat01");
	assert_message("{\"message\":\"sk-\\u0001ant-oat01\"}", WITHHELD);
}

static void a_credential_beyond_the_cut_withholds_the_message_too(void **state)
{
	char text[3 * MESSAGE_MAX], shown[MESSAGE_MAX];
	(void)state;

	memset(text, 'x', sizeof(text));
	memcpy(text + 2 * MESSAGE_MAX, "sk-ant-oat01", strlen("sk-ant-oat01"));
	message_clean(shown, text, sizeof(text), NULL);
	assert_string_equal(shown, WITHHELD);
}

static void a_message_that_repeats_a_secret_of_the_plan_is_withheld(void **state)
{
	char name[] = "TOKEN";
	struct plan_variable variable = {.name = name, .is_secret = true};
	struct plan plan = {.variables = &variable, .variable_count = 1};
	char shown[MESSAGE_MAX];
	(void)state;

	variable.value = secret_new("hunter2hunter2", strlen("hunter2hunter2"));
	message_clean(shown, "got hunter2hunter2", strlen("got hunter2hunter2"), &plan);
	assert_string_equal(shown, WITHHELD);
	message_clean(shown, "got aHVudGVyMmh1bnRlcjI=", strlen("got aHVudGVyMmh1bnRlcjI="), &plan);
	assert_string_equal(shown, WITHHELD);
	message_clean(shown, "got hunter2", strlen("got hunter2"), &plan);
	assert_string_equal(shown, "got hunter2");
	secret_free(variable.value);
}

/* --- paths ------------------------------------------------------------------------------------ */

static void assert_url(enum engine_operation operation, const char *first, const char *second,
		       const char *url)
{
	const char *const arguments[] = {first, second};
	_cleanup_free_ char *actual =
		dialect_url(&dialect_docker, (struct api_version){1, 41}, operation, arguments);

	assert_string_equal(actual, url);
}

static void a_url_has_its_arguments_in_place_and_encoded(void **state)
{
	(void)state;
	assert_url(OPERATION_INFO, NULL, NULL, "http://localhost/v1.41/info");
	assert_url(OPERATION_CREATE, "berth-w_1", NULL,
		   "http://localhost/v1.41/containers/create?name=berth-w_1");
	assert_url(OPERATION_KILL, "0a?b", "KILL",
		   "http://localhost/v1.41/containers/0a%3Fb/kill?signal=KILL");
	assert_url(OPERATION_REMOVE, "0a", NULL,
		   "http://localhost/v1.41/containers/0a?force=true&v=true");
	assert_url(OPERATION_LOOK_AT_IMAGE, "localhost:5000/a/b:1", NULL,
		   "http://localhost/v1.41/images/localhost%3A5000/a/b%3A1/json");
	assert_url(OPERATION_PULL, "ghcr.io/a/b", "1",
		   "http://localhost/v1.41/images/create?fromImage=ghcr.io%2Fa%2Fb&tag=1");
}

static void filters_ask_for_our_instance(void **state)
{
	_cleanup_free_ char *all = dialect_filters("default", false);
	_cleanup_free_ char *containers = dialect_filters("default", true);
	(void)state;

	assert_string_equal(all, "{\"label\":[\"berth.instance=default\"]}");
	assert_string_equal(containers,
			    "{\"type\":[\"container\"],\"label\":[\"berth.instance=default\"]}");
}

/* --- versions --------------------------------------------------------------------------------- */

static void a_version_is_two_numbers(void **state)
{
	static const char *const wrong[] = {"",	    "1",    "1.",    ".41",  "1.41.0", "v1.41",
					    "1,41", "1.4a", "-1.41", " 1.4", "12345.1"};
	struct api_version version = {7, 7};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(api_version_parse(wrong[i], &version));
	assert_int_equal(version.major, 7);
	assert_true(api_version_parse("1.41", &version));
	assert_int_equal(version.major, 1);
	assert_int_equal(version.minor, 41);
}

static void versions_compare_as_numbers(void **state)
{
	(void)state;
	assert_true(api_version_compare((struct api_version){1, 9}, (struct api_version){1, 10}) <
		    0);
	assert_true(api_version_compare((struct api_version){2, 0}, (struct api_version){1, 99}) >
		    0);
	assert_int_equal(
		api_version_compare((struct api_version){1, 41}, (struct api_version){1, 41}), 0);
}

/* What is agreed on with an engine of that maximum and minimum; the reason if nothing is. */
static int negotiate(const char *maximum, const char *minimum, struct api_version *api,
		     struct err *err)
{
	_cleanup_free_ char *text = xasprintf("{\"Version\":\"29.0.1\",\"ApiVersion\":\"%s\","
					      "\"MinAPIVersion\":\"%s\"}",
					      maximum, minimum);
	_cleanup_(json_putp) struct json_object *version = parsed(text);
	_cleanup_(probe_done) struct probe probe = {0};

	assert_int_equal(probe_detect(&probe, NULL, err), 0);
	int r = probe_read_version(&probe, version, err);
	*api = probe.api;
	return r;
}

static void assert_agreed(const char *maximum, const char *minimum, int minor)
{
	struct api_version api;
	struct err err = {0};

	assert_int_equal(negotiate(maximum, minimum, &api, &err), 0);
	assert_int_equal(api.major, 1);
	assert_int_equal(api.minor, minor);
}

static void the_newest_api_that_both_know_is_spoken(void **state)
{
	(void)state;
	assert_agreed("1.41", "1.12", 41);
	assert_agreed("1.45", "1.24", 45);
	assert_agreed("1.47", "1.24", 47);
	assert_agreed("1.52", "1.44", 47);
	assert_agreed("2.0", "1.47", 47);
	assert_agreed("1.41", "", 41);
}

static void an_engine_that_is_too_old_is_refused_with_both_numbers(void **state)
{
	struct api_version api;
	struct err err = {0};
	(void)state;

	assert_int_equal(negotiate("1.40", "1.12", &api, &err), -ENOTSUP);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.text, "Docker 29.0.1 speaks API 1.40 at most, berth needs 1.41: "
				      "upgrade Docker to 20.10 or newer");
}

static void an_engine_that_is_too_new_is_refused_with_both_numbers(void **state)
{
	struct api_version api;
	struct err err = {0};
	(void)state;

	assert_int_equal(negotiate("1.60", "1.48", &api, &err), -ENOTSUP);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.text, "Docker 29.0.1 speaks API 1.48 at least, berth knows 1.47 at "
				      "most: upgrade berth");
}

static void a_version_reply_that_makes_no_sense_is_no_refusal(void **state)
{
	static const char *const replies[] = {"{}", "[]", "null",
					      "{\"Version\":\"1\",\"ApiVersion\":41}",
					      "{\"Version\":\"1\",\"ApiVersion\":\"new\"}"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		_cleanup_(json_putp) struct json_object *version = parsed(replies[i]);
		struct probe probe = {.dialect = &dialect_docker};
		struct err err = {0};
		assert_int_equal(probe_read_version(&probe, version, &err), -EBADMSG);
		assert_int_equal(err.kind, ERR_ENGINE);
	}
}

static void podman_is_known_by_its_header(void **state)
{
	static const char *const versions[] = {"4.0.0", "4.3.1", "5.4.2", "5.0.0-dev"};
	struct err err = {0};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct probe probe = {0};
		assert_int_equal(probe_detect(&probe, versions[i], &err), 0);
		assert_ptr_equal(probe.dialect, &dialect_podman);
	}
}

static void a_podman_that_is_too_old_is_refused(void **state)
{
	static const char *const versions[] = {"3.4.4", "", "x"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		_cleanup_free_ char *text =
			xasprintf("this is Podman %s, berth needs 4.0 or newer: "
				  "upgrade Podman",
				  versions[i]);
		struct probe probe = {0};
		struct err err = {0};
		assert_int_equal(probe_detect(&probe, versions[i], &err), -ENOTSUP);
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_string_equal(err.text, text);
	}
}

static void info_says_where_things_are_stored(void **state)
{
	_cleanup_(json_putp) struct json_object *info =
		parsed("{\"OSType\":\"linux\",\"DockerRootDir\":\"/var/lib/docker\"}");
	_cleanup_(probe_done) struct probe probe = {0};
	struct err err = {0};
	(void)state;

	assert_int_equal(dialect_docker.read_info(&probe, info, &err), 0);
	assert_string_equal(probe.data_root, "/var/lib/docker");
}

static void an_engine_for_windows_is_refused(void **state)
{
	_cleanup_(json_putp) struct json_object *info = parsed("{\"OSType\":\"windows\"}");
	struct probe probe = {0};
	struct err err = {0};
	(void)state;

	assert_int_equal(dialect_docker.read_info(&probe, info, &err), -ENOTSUP);
	assert_int_equal(err.kind, ERR_REFUSED);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(an_error_inside_the_stream_of_a_pull_is_understood),
		cmocka_unit_test(an_error_names_what_was_done_and_what_the_engine_said),
		cmocka_unit_test(an_engine_that_was_not_reached_has_done_nothing),
		cmocka_unit_test(what_an_engine_did_without_a_reply_is_unknown),
		cmocka_unit_test(a_message_becomes_one_clean_line),
		cmocka_unit_test(a_long_message_is_cut_between_characters),
		cmocka_unit_test(a_message_that_looks_like_a_credential_is_withheld),
		cmocka_unit_test(a_credential_beyond_the_cut_withholds_the_message_too),
		cmocka_unit_test(a_message_that_repeats_a_secret_of_the_plan_is_withheld),
		cmocka_unit_test(a_url_has_its_arguments_in_place_and_encoded),
		cmocka_unit_test(filters_ask_for_our_instance),
		cmocka_unit_test(a_version_is_two_numbers),
		cmocka_unit_test(versions_compare_as_numbers),
		cmocka_unit_test(the_newest_api_that_both_know_is_spoken),
		cmocka_unit_test(an_engine_that_is_too_old_is_refused_with_both_numbers),
		cmocka_unit_test(an_engine_that_is_too_new_is_refused_with_both_numbers),
		cmocka_unit_test(a_version_reply_that_makes_no_sense_is_no_refusal),
		cmocka_unit_test(podman_is_known_by_its_header),
		cmocka_unit_test(a_podman_that_is_too_old_is_refused),
		cmocka_unit_test(info_says_where_things_are_stored),
		cmocka_unit_test(an_engine_for_windows_is_refused),
	};
	struct CMUnitTest tests[ARRAY_SIZE(answers) + ARRAY_SIZE(others)];

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		tests[i] = (struct CMUnitTest){.name = answers[i].sentence,
					       .test_func = the_answer_is_understood,
					       .initial_state = (void *)(uintptr_t)&answers[i]};
	memcpy(tests + ARRAY_SIZE(answers), others, sizeof(others));
	return cmocka_run_group_tests_name("dialect", tests, NULL, NULL);
}
