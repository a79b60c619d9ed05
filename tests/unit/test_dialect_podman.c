/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Podman's answers mean. Its messages are those of 4.3.1, where nearly every failure is a 500;
 * statuses that a later version may use for the same are taken as well.
 */
#include "base/cleanup.h"
#include "engine/dialect.h"
#include "unit/unit.h"

#include <string.h>

struct answer {
	const char *sentence;
	enum engine_operation operation;
	long status;
	const char *message;
	enum engine_outcome outcome;
};

#define IN_USE                                                                                     \
	"creating container storage: the container name \"berth-w\" is already in use by 0a. You " \
	"have to remove that container to be able to reuse that name: that name is already in use"
#define NO_CONTAINER   "no container with name or ID \"0a\" found: no such container"
#define GONE_MEANWHILE "container 0a does not exist in database: no such container"
#define NOT_RUNNING(state)                                                                         \
	"can only kill running containers. 0a is in state " state ": container state improper"
#define UNREADABLE "initializing source docker://r.example/a:1: reading manifest 1 in r.example/a: "

static const struct answer answers[] = {
	{"create 201: made", OPERATION_CREATE, 201, "", ENGINE_OK},
	{"create 500: the name is taken", OPERATION_CREATE, 500, IN_USE, ENGINE_NAME_IN_USE},
	{"create 409: the name is taken", OPERATION_CREATE, 409, IN_USE, ENGINE_NAME_IN_USE},
	{"create 500: no such image", OPERATION_CREATE, 500, "localhost/session:1: image not known",
	 ENGINE_NOT_FOUND},
	{"create 500: no such image, in the compatible API's words", OPERATION_CREATE, 500,
	 "localhost/session:1: No such image", ENGINE_NOT_FOUND},
	{"create 404: no such image", OPERATION_CREATE, 404, "no such image", ENGINE_NOT_FOUND},
	{"create 500 about a network of the operator's: refused", OPERATION_CREATE, 500,
	 "unable to find network with name or ID build-net: network not found", ENGINE_INVALID},
	{"create 500 about what was asked for: refused", OPERATION_CREATE, 500,
	 "invalid config provided: cannot set a network", ENGINE_INVALID},
	{"create 500: its last owner is being removed", OPERATION_CREATE, 500,
	 "container 0a is being removed", ENGINE_REMOVING},
	{"create 400: refused", OPERATION_CREATE, 400, "bad parameter", ENGINE_INVALID},
	{"create 409 for another reason: trouble", OPERATION_CREATE, 409, "conflict",
	 ENGINE_TROUBLE},
	{"create 429: trouble", OPERATION_CREATE, 429, "", ENGINE_TROUBLE},
	{"create 408: trouble", OPERATION_CREATE, 408, "", ENGINE_TROUBLE},
	{"create 500: trouble", OPERATION_CREATE, 500, "no space left on device", ENGINE_TROUBLE},
	{"create 302 is no answer of an engine: trouble", OPERATION_CREATE, 302, "",
	 ENGINE_TROUBLE},
	{"create 304 is no answer to that: trouble", OPERATION_CREATE, 304, "", ENGINE_TROUBLE},

	{"prepare 204: prepared", OPERATION_PREPARE, 204, "", ENGINE_OK},
	{"prepare 304: prepared before", OPERATION_PREPARE, 304, "", ENGINE_ALREADY},
	{"prepare 404: no such container", OPERATION_PREPARE, 404, NO_CONTAINER, ENGINE_NOT_FOUND},
	{"prepare 200 is no answer of an engine: unknown", OPERATION_PREPARE, 200, "",
	 ENGINE_UNKNOWN},
	{"prepare 409: being removed", OPERATION_PREPARE, 409, "container 0a is being removed",
	 ENGINE_REMOVING},
	{"prepare 500: being removed", OPERATION_PREPARE, 500,
	 "cannot init container 0a: it is in state removing: container state improper",
	 ENGINE_REMOVING},
	{"prepare 500: trouble", OPERATION_PREPARE, 500, "runc: setting pids limit: invalid",
	 ENGINE_TROUBLE},

	{"start 204: started", OPERATION_START, 204, "", ENGINE_OK},
	{"start 200 is no answer of an engine: unknown", OPERATION_START, 200, "", ENGINE_UNKNOWN},
	{"start 304: runs already", OPERATION_START, 304, "", ENGINE_ALREADY},
	{"start 404: no such container", OPERATION_START, 404, NO_CONTAINER, ENGINE_NOT_FOUND},
	{"start 500 of several at once: trouble", OPERATION_START, 500,
	 "container 0a must be in Created or Stopped state: container state improper",
	 ENGINE_TROUBLE},
	{"start 500: trouble", OPERATION_START, 500, "OCI runtime error", ENGINE_TROUBLE},

	{"inspect 200: there", OPERATION_INSPECT, 200, "", ENGINE_OK},
	{"inspect 404: not there", OPERATION_INSPECT, 404, NO_CONTAINER, ENGINE_NOT_FOUND},
	{"inspect 500: gone meanwhile", OPERATION_INSPECT, 500, GONE_MEANWHILE, ENGINE_NOT_FOUND},
	{"inspect 500: trouble", OPERATION_INSPECT, 500, "database is locked", ENGINE_TROUBLE},

	{"kill 204: signalled", OPERATION_KILL, 204, "", ENGINE_OK},
	{"kill 500: it has exited", OPERATION_KILL, 500, NOT_RUNNING("exited"), ENGINE_ALREADY},
	{"kill 500: it was not started", OPERATION_KILL, 500, NOT_RUNNING("created"),
	 ENGINE_ALREADY},
	{"kill 409: it has exited", OPERATION_KILL, 409, NOT_RUNNING("exited"), ENGINE_ALREADY},
	{"kill 409, in half of the words: it has exited", OPERATION_KILL, 409,
	 "container state improper", ENGINE_ALREADY},
	{"kill 500, in the other half of the words: it has exited", OPERATION_KILL, 500,
	 "can only kill running containers", ENGINE_ALREADY},
	{"kill 500: it is being removed", OPERATION_KILL, 500, NOT_RUNNING("removing"),
	 ENGINE_REMOVING},
	{"kill 404: no such container", OPERATION_KILL, 404, NO_CONTAINER, ENGINE_NOT_FOUND},
	{"kill 500: gone meanwhile", OPERATION_KILL, 500, GONE_MEANWHILE, ENGINE_NOT_FOUND},
	{"kill 500: trouble", OPERATION_KILL, 500, "invalid signal: NOPE", ENGINE_TROUBLE},

	{"remove 204: gone", OPERATION_REMOVE, 204, "", ENGINE_OK},
	{"remove 200: gone", OPERATION_REMOVE, 200, "", ENGINE_OK},
	{"remove 404: gone before", OPERATION_REMOVE, 404, NO_CONTAINER, ENGINE_OK},
	{"free the name 204: gone", OPERATION_FREE_NAME, 204, "", ENGINE_OK},
	{"free the name 404: free before", OPERATION_FREE_NAME, 404, NO_CONTAINER, ENGINE_OK},
	{"free the name 500: it runs", OPERATION_FREE_NAME, 500,
	 "cannot remove container as it is running - running or paused containers cannot be "
	 "removed",
	 ENGINE_TROUBLE},
	{"remove 500: somebody is at it", OPERATION_REMOVE, 500, "container 0a is being removed",
	 ENGINE_REMOVING},
	{"remove 500: gone meanwhile", OPERATION_REMOVE, 500, GONE_MEANWHILE, ENGINE_OK},
	{"remove 500: trouble", OPERATION_REMOVE, 500,
	 "given PID did not die within timeout: timed out", ENGINE_TROUBLE},
	{"a state that only a kill may meet is trouble elsewhere", OPERATION_REMOVE, 500,
	 "container state improper", ENGINE_TROUBLE},

	{"list 200: listed", OPERATION_LIST, 200, "", ENGINE_OK},
	{"list 500 of one that is gone: trouble", OPERATION_LIST, 500, GONE_MEANWHILE,
	 ENGINE_TROUBLE},
	{"list 500: trouble", OPERATION_LIST, 500, "layer not known", ENGINE_TROUBLE},
	{"logs 404: no such container", OPERATION_LAST_WORDS, 404, NO_CONTAINER, ENGINE_NOT_FOUND},
	{"info 404 is no such thing", OPERATION_INFO, 404, "Not Found", ENGINE_NOT_FOUND},

	{"an image that is not there", OPERATION_LOOK_AT_IMAGE, 404,
	 "failed to find image localhost/nope:1: localhost/nope:1: No such image",
	 ENGINE_NOT_FOUND},
	{"pull 500: no such image", OPERATION_PULL, 500, UNREADABLE "manifest unknown",
	 ENGINE_NOT_FOUND},
	{"pull 500: it needs credentials", OPERATION_PULL, 500,
	 UNREADABLE "unauthorized: access to the requested resource is not authorized",
	 ENGINE_INVALID},
	{"pull 500: the registry says no", OPERATION_PULL, 500,
	 UNREADABLE "errors: denied: requested access to the resource is denied", ENGINE_INVALID},
	{"pull 500 over a rate limit: trouble", OPERATION_PULL, 500,
	 UNREADABLE "toomanyrequests: You have reached your pull rate limit", ENGINE_TROUBLE},
	{"pull 500 over the network: trouble", OPERATION_PULL, 500,
	 "pinging container registry r.example: dial tcp 192.0.2.1:443: connection refused",
	 ENGINE_TROUBLE},
};

static void the_answer_is_understood(void **state)
{
	const struct answer *answer = *state;

	assert_int_equal(
		dialect_podman.classify(answer->operation, answer->status, answer->message),
		answer->outcome);
}

/* --- paths ------------------------------------------------------------------------------------ */

static void assert_url(enum engine_operation operation, const char *first, const char *second,
		       const char *method, const char *url)
{
	const char *const arguments[] = {first, second};
	_cleanup_free_ char *actual =
		dialect_url(&dialect_podman, (struct api_version){1, 40}, operation, arguments);

	assert_string_equal(dialect_podman.routes[operation].method, method);
	assert_string_equal(actual, url);
}

#define LIBPOD "http://localhost/v4.0.0/libpod"
#define COMPAT "http://localhost/v1.40"

static void what_the_compatible_api_would_drop_is_asked_of_podmans_own(void **state)
{
	(void)state;
	assert_url(OPERATION_CREATE, "berth-w_1", NULL, "POST", LIBPOD "/containers/create");
	assert_url(OPERATION_PREPARE, "0a", NULL, "POST", LIBPOD "/containers/0a/init");
	assert_url(OPERATION_START, "0a", NULL, "POST", LIBPOD "/containers/0a/start");
	assert_url(OPERATION_MEASURE, "berth-w_1", NULL, "GET",
		   "http://localhost/v4.0.0/libpod/containers/berth-w_1/json?size=true");
	assert_url(OPERATION_INSPECT, "berth-w_1", NULL, "GET",
		   LIBPOD "/containers/berth-w_1/json");
	assert_url(OPERATION_INFO, NULL, NULL, "GET", LIBPOD "/info");
}

static void everything_else_is_asked_of_the_compatible_api(void **state)
{
	(void)state;
	assert_url(OPERATION_KILL, "0a?b", "TERM", "POST",
		   COMPAT "/containers/0a%3Fb/kill?signal=TERM");
	assert_url(OPERATION_REMOVE, "0a", NULL, "DELETE",
		   COMPAT "/containers/0a?force=true&v=true&timeout=0");
	assert_url(OPERATION_FREE_NAME, "berth-w_1", NULL, "DELETE",
		   COMPAT "/containers/berth-w_1");
	assert_url(OPERATION_LIST, "{}", NULL, "GET",
		   COMPAT "/containers/json?all=true&filters=%7B%7D");
	assert_url(OPERATION_LAST_WORDS, "0a", NULL, "GET",
		   COMPAT "/containers/0a/logs?stderr=true&tail=3");
	assert_url(OPERATION_EVENTS, "12", "{}", "GET", COMPAT "/events?since=12&filters=%7B%7D");
	assert_url(OPERATION_LOOK_AT_IMAGE, "localhost/a:1", NULL, "GET",
		   COMPAT "/images/localhost/a%3A1/json");
	assert_url(OPERATION_PULL, "ghcr.io/a/b", "1", "POST",
		   COMPAT "/images/create?fromImage=ghcr.io%2Fa%2Fb&tag=1");
}

static void there_is_no_network_of_berths_own_to_look_after(void **state)
{
	(void)state;
	assert_null(dialect_podman.routes[OPERATION_LOOK_AT_BRIDGE].method);
	assert_null(dialect_podman.routes[OPERATION_MAKE_BRIDGE].method);
	assert_null(dialect_podman.routes[OPERATION_REMOVE_BRIDGE].method);
	assert_null(dialect_podman.render_bridge);
}

static void only_podman_has_something_to_prepare(void **state)
{
	(void)state;
	assert_null(dialect_docker.routes[OPERATION_PREPARE].method);
	assert_false(dialect_docker.must_prove_limits);
	assert_true(dialect_podman.must_prove_limits);
}

/* --- events ----------------------------------------------------------------------------------- */

static void events_have_the_names_that_berth_gives_them(void **state)
{
	static const struct {
		const char *theirs, *ours;
	} cases[] = {
		{"died", "die"},    {"die", "die"},   {"remove", "destroy"}, {"destroy", "destroy"},
		{"start", "start"}, {"kill", "kill"}, {"oom", "oom"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(dialect_podman.event_action(cases[i].theirs), cases[i].ours);
}

static void events_that_do_not_matter_have_no_name(void **state)
{
	static const char *const names[] = {"create",  "init",	  "cleanup", "sync",
					    "restart", "removed", "dying",   ""};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_null(dialect_podman.event_action(names[i]));
}

/* --- a command that cannot be run ------------------------------------------------------------- */

/* As the API frames it: the stream, three zeros, the length. */
#define FRAME "\2\0\0\0\0\0\0\104"
#define WORDS "ERROR (catatonit:6): failed to exec pid1: No such file or directory\n"

static bool cannot_run(int exit_code, const char *output, size_t len)
{
	return dialect_podman.cannot_run(exit_code, output, len);
}

static void the_init_says_that_a_command_cannot_be_run(void **state)
{
	static const char output[] = FRAME WORDS;
	(void)state;

	assert_true(cannot_run(1, output, sizeof(output) - 1));
	assert_true(cannot_run(1, WORDS, strlen(WORDS)));
}

static void a_command_that_ran_and_failed_is_not_taken_for_it(void **state)
{
	static const char output[] = FRAME "failed to exec pid2: no such file";
	(void)state;

	assert_false(cannot_run(1, output, sizeof(output) - 1));
	assert_false(cannot_run(1, "", 0));
	assert_false(cannot_run(1, WORDS, strlen("ERROR (catatonit:6): failed to exec pid")));
	assert_false(cannot_run(127, WORDS, strlen(WORDS)));
	assert_false(cannot_run(0, WORDS, strlen(WORDS)));
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(what_the_compatible_api_would_drop_is_asked_of_podmans_own),
		cmocka_unit_test(everything_else_is_asked_of_the_compatible_api),
		cmocka_unit_test(there_is_no_network_of_berths_own_to_look_after),
		cmocka_unit_test(only_podman_has_something_to_prepare),
		cmocka_unit_test(events_have_the_names_that_berth_gives_them),
		cmocka_unit_test(events_that_do_not_matter_have_no_name),
		cmocka_unit_test(the_init_says_that_a_command_cannot_be_run),
		cmocka_unit_test(a_command_that_ran_and_failed_is_not_taken_for_it),
	};
	struct CMUnitTest tests[ARRAY_SIZE(answers) + ARRAY_SIZE(others)];

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		tests[i] = (struct CMUnitTest){.name = answers[i].sentence,
					       .test_func = the_answer_is_understood,
					       .initial_state = (void *)(uintptr_t)&answers[i]};
	memcpy(tests + ARRAY_SIZE(answers), others, sizeof(others));
	return cmocka_run_group_tests_name("dialect podman", tests, NULL, NULL);
}
