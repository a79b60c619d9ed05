/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/image.h"
#include "engine_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define API	  "http://localhost/v1.46"
#define IMAGE	  "ghcr.io/team/x:1"
#define LOOK	  API "/images/ghcr.io/team/x%3A1/json"
#define PULL	  API "/images/create?fromImage=ghcr.io%2Fteam%2Fx&tag=1"
#define MAX_WAITS 3

#define FOUND	"{\"Id\":\"sha256:0a\",\"Config\":{\"Cmd\":[\"/run\"]}}"
#define MISSING "{\"message\":\"No such image\"}"

struct recorder {
	struct engine_fixture engine;
	struct image_wait waits[MAX_WAITS];
	unsigned done;
};

static void on_done(struct image_wait *wait, void *arg)
{
	struct recorder *r = arg;

	(void)wait;
	r->done++;
}

static void init(struct recorder *r, const struct engine_options *options)
{
	*r = (struct recorder){0};
	engine_fixture_init(&r->engine, options);
	for (size_t i = 0; i < MAX_WAITS; i++)
		image_wait_init(&r->waits[i], on_done, r);
}

static int set_up(void **state)
{
	static struct recorder recorder;
	struct engine_options options = engine_fixture_options();

	init(&recorder, &options);
	engine_fixture_connect(&recorder.engine);
	*state = &recorder;
	return 0;
}

static int tear_down(void **state)
{
	struct recorder *r = *state;

	for (size_t i = 0; i < MAX_WAITS; i++)
		image_wait_done(&r->waits[i]);
	engine_fixture_done(&r->engine);
	return 0;
}

static void ensure(struct recorder *r, size_t n, const char *image, enum pull_policy policy)
{
	image_ensure(r->engine.engine, &r->waits[n], image, policy);
}

static void run(struct recorder *r, uint64_t ms)
{
	fake_run(r->engine.loop, ms);
}

static void assert_sent(struct recorder *r, size_t n, const char *method, const char *url)
{
	engine_fixture_sent(&r->engine, 4 + n, method, url);
}

static void assert_sent_count(struct recorder *r, size_t count)
{
	assert_int_equal(fake_sent_count(r->engine.loop), 4 + count);
}

static void an_image_that_is_there_is_not_pulled(void **state)
{
	struct recorder *r = *state;

	engine_fixture_reply(&r->engine, 200, FOUND);
	ensure(r, 0, IMAGE, PULL_MISSING);
	assert_int_equal(r->done, 0);
	run(r, 10);
	assert_int_equal(r->done, 1);
	assert_int_equal(r->waits[0].outcome, ENGINE_OK);
	assert_string_equal(r->waits[0].facts.id, "sha256:0a");
	assert_string_equal(r->waits[0].facts.command[0], "/run");
	assert_sent(r, 0, "GET", LOOK);
	assert_sent_count(r, 1);
}

static void a_missing_image_is_pulled_and_looked_at_again(void **state)
{
	struct recorder *r = *state;

	engine_fixture_reply(&r->engine, 404, MISSING);
	engine_fixture_reply(&r->engine, 200, "");
	engine_fixture_reply(&r->engine, 200, FOUND);
	ensure(r, 0, IMAGE, PULL_MISSING);
	run(r, 10);
	assert_int_equal(r->waits[0].outcome, ENGINE_OK);
	assert_string_equal(r->waits[0].err.text, "");
	assert_sent(r, 0, "GET", LOOK);
	assert_sent(r, 1, "POST", PULL);
	assert_int_equal(fake_sent(r->engine.loop, 5)->timeout_ms, 600000);
	assert_string_equal(fake_sent(r->engine.loop, 5)->headers, "");
	assert_sent(r, 2, "GET", LOOK);
	assert_sent_count(r, 3);
}

static void all_who_wait_for_an_image_share_one_pull(void **state)
{
	struct recorder *r = *state;

	engine_fixture_reply(&r->engine, 404, MISSING);
	fake_reply(r->engine.loop, (struct fake_reply){.after_ms = 1000, .status = 200});
	engine_fixture_reply(&r->engine, 200, FOUND);
	ensure(r, 0, IMAGE, PULL_MISSING);
	run(r, 500);
	ensure(r, 1, IMAGE, PULL_MISSING);
	ensure(r, 2, IMAGE, PULL_MISSING);
	run(r, 1000);
	assert_int_equal(r->done, 3);
	assert_sent_count(r, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(r->waits[i].outcome, ENGINE_OK);
		assert_string_equal(r->waits[i].facts.id, "sha256:0a");
	}
	assert_ptr_not_equal(r->waits[0].facts.id, r->waits[1].facts.id);
}

static void always_pulls_first_and_once_for_a_burst(void **state)
{
	struct recorder *r = *state;

	engine_fixture_reply(&r->engine, 200, "");
	engine_fixture_reply(&r->engine, 200, FOUND);
	for (size_t i = 0; i < 3; i++)
		ensure(r, i, IMAGE, PULL_ALWAYS);
	run(r, 10);
	assert_int_equal(r->done, 3);
	assert_sent(r, 0, "POST", PULL);
	assert_sent(r, 1, "GET", LOOK);
	assert_sent_count(r, 2);
}

static void who_must_not_pull_does_not_join_a_pull(void **state)
{
	struct recorder *r = *state;

	fake_reply(r->engine.loop, (struct fake_reply){.after_ms = 1000, .status = 200});
	engine_fixture_reply(&r->engine, 404, MISSING);
	ensure(r, 0, IMAGE, PULL_ALWAYS);
	ensure(r, 1, IMAGE, PULL_NEVER);
	run(r, 10);
	assert_int_equal(r->done, 1);
	assert_int_equal(r->waits[1].outcome, ENGINE_NOT_FOUND);
}

static void never_does_not_pull(void **state)
{
	struct recorder *r = *state;

	engine_fixture_reply(&r->engine, 404, MISSING);
	ensure(r, 0, IMAGE, PULL_NEVER);
	run(r, 10);
	assert_int_equal(r->waits[0].outcome, ENGINE_NOT_FOUND);
	assert_string_equal(r->waits[0].err.text,
			    "image '" IMAGE "' is not there, and `pull: never` forbids to pull it");
	assert_sent_count(r, 1);
}

static void a_local_image_is_looked_at_and_never_pulled(void **state)
{
	struct recorder *r = *state;

	engine_fixture_reply(&r->engine, 404, MISSING);
	ensure(r, 0, "localhost/x:1", PULL_ALWAYS);
	run(r, 10);
	assert_int_equal(r->waits[0].outcome, ENGINE_NOT_FOUND);
	assert_non_null(strstr(r->waits[0].err.text, "build it, or load it into the engine"));
	assert_sent(r, 0, "GET", API "/images/localhost/x%3A1/json");
	assert_sent_count(r, 1);
}

static void what_is_no_reference_is_refused_without_asking(void **state)
{
	struct recorder *r = *state;

	ensure(r, 0, "../x", PULL_MISSING);
	assert_int_equal(r->done, 0);
	run(r, 10);
	assert_int_equal(r->done, 1);
	assert_int_equal(r->waits[0].outcome, ENGINE_INVALID);
	assert_sent_count(r, 0);
}

static void a_pull_without_progress_is_given_up_after_two_minutes(void **state)
{
	struct recorder *r = *state;

	for (int i = 0; i < 13; i++) /* the first is the pull; then pings */
		fake_reply(r->engine.loop,
			   (struct fake_reply){.after_ms = i == 0 ? 500000 : 1, .status = 200});
	ensure(r, 0, IMAGE, PULL_ALWAYS);
	run(r, 119000);
	assert_int_equal(r->done, 0);
	run(r, 2000);
	assert_int_equal(r->done, 1);
	assert_int_equal(r->waits[0].outcome, ENGINE_UNKNOWN);
	assert_string_equal(r->waits[0].err.text, "pull '" IMAGE "': no progress for 120 seconds");
	assert_true(fake_sent(r->engine.loop, 4)->was_cancelled);
}

static void an_engine_that_is_gone_leaves_the_image_unknown(void **state)
{
	struct recorder *r = *state;

	engine_fixture_no_connection(&r->engine);
	ensure(r, 0, IMAGE, PULL_MISSING);
	run(r, 10);
	assert_int_equal(r->waits[0].outcome, ENGINE_UNREACHABLE);
	assert_int_equal(r->waits[0].err.kind, ERR_TEMPORARY);
}

static void facts_that_make_no_sense_are_unknown(void **state)
{
	struct recorder *r = *state;

	engine_fixture_reply(&r->engine, 200, "{\"Id\":\"latest\"}");
	ensure(r, 0, IMAGE, PULL_MISSING);
	run(r, 10);
	assert_int_equal(r->waits[0].outcome, ENGINE_UNKNOWN);
	assert_null(r->waits[0].facts.id);
}

/* --- giving up -------------------------------------------------------------------------------- */

static void a_pull_goes_on_while_one_waits(void **state)
{
	struct recorder *r = *state;

	fake_reply(r->engine.loop, (struct fake_reply){.after_ms = 1000, .status = 200});
	engine_fixture_reply(&r->engine, 200, FOUND);
	ensure(r, 0, IMAGE, PULL_ALWAYS);
	ensure(r, 1, IMAGE, PULL_ALWAYS);
	image_wait_done(&r->waits[0]);
	run(r, 2000);
	assert_int_equal(r->done, 1);
	assert_int_equal(r->waits[1].outcome, ENGINE_OK);
}

static void a_pull_that_nobody_waits_for_ends(void **state)
{
	struct recorder *r = *state;

	fake_reply(r->engine.loop, (struct fake_reply){.after_ms = 1000, .status = 200});
	ensure(r, 0, IMAGE, PULL_ALWAYS);
	ensure(r, 1, IMAGE, PULL_ALWAYS);
	image_wait_done(&r->waits[0]);
	assert_false(fake_sent(r->engine.loop, 4)->was_cancelled);
	image_wait_done(&r->waits[1]);
	assert_true(fake_sent(r->engine.loop, 4)->was_cancelled);
	run(r, 2000);
	assert_int_equal(r->done, 0);
}

static void give_up_the_next(struct image_wait *wait, void *arg)
{
	struct recorder *r = arg;

	(void)wait;
	r->done++;
	image_wait_done(&r->waits[1]);
	ensure(r, 1, IMAGE, PULL_NEVER);
}

static void one_who_is_told_may_give_up_another_and_ask_again(void **state)
{
	struct recorder *r = *state;

	engine_fixture_reply(&r->engine, 200, FOUND);
	engine_fixture_reply(&r->engine, 404, MISSING);
	image_wait_init(&r->waits[0], give_up_the_next, r);
	for (size_t i = 0; i < 3; i++)
		ensure(r, i, IMAGE, PULL_MISSING);
	run(r, 10);
	assert_int_equal(r->done, 3);
	assert_int_equal(r->waits[0].outcome, ENGINE_OK);
	assert_int_equal(r->waits[1].outcome, ENGINE_NOT_FOUND);
	assert_int_equal(r->waits[2].outcome, ENGINE_OK);
}

/* --- credentials ------------------------------------------------------------------------------ */

static int write_config(char path[32], const char *text)
{
	(void)snprintf(path, 32, "%s", "/tmp/berth-config.XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return close(fd);
}

static void the_credentials_of_the_registry_are_sent(void **state)
{
	struct recorder r;
	struct engine_options options = engine_fixture_options();
	char path[32];
	(void)state;

	assert_int_equal(
		write_config(path, "{\"auths\":{\"ghcr.io\":{\"identitytoken\":\"t0ken\"}}}"), 0);
	options.registry_config = path;
	init(&r, &options);
	engine_fixture_connect(&r.engine);
	engine_fixture_reply(&r.engine, 200, "");
	engine_fixture_reply(&r.engine, 200, FOUND);
	ensure(&r, 0, IMAGE, PULL_ALWAYS);
	run(&r, 10);
	assert_int_equal(r.waits[0].outcome, ENGINE_OK);
	assert_string_equal(fake_sent(r.engine.loop, 4)->headers,
			    "X-Registry-Auth: eyJzZXJ2ZXJhZGRyZXNzIjoiZ2hjci5pbyIsImlkZW50aXR5dG9r"
			    "ZW4iOiJ0MGtlbiJ9\n");
	assert_string_equal(fake_sent(r.engine.loop, 5)->headers, "");
	image_wait_done(&r.waits[0]);
	engine_fixture_done(&r.engine);
	(void)unlink(path);
}

static void a_file_of_credentials_that_cannot_be_read_stops_the_pull(void **state)
{
	struct recorder r;
	struct engine_options options = engine_fixture_options();
	(void)state;

	options.registry_config = "/nonexistent/config.json";
	init(&r, &options);
	engine_fixture_connect(&r.engine);
	ensure(&r, 0, IMAGE, PULL_ALWAYS);
	run(&r, 10);
	assert_int_equal(r.waits[0].outcome, ENGINE_INVALID);
	assert_non_null(strstr(r.waits[0].err.text, "/nonexistent/config.json"));
	assert_sent_count(&r, 0);
	engine_fixture_done(&r.engine);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_image_that_is_there_is_not_pulled),
		TEST(a_missing_image_is_pulled_and_looked_at_again),
		TEST(all_who_wait_for_an_image_share_one_pull),
		TEST(always_pulls_first_and_once_for_a_burst),
		TEST(who_must_not_pull_does_not_join_a_pull),
		TEST(never_does_not_pull),
		TEST(a_local_image_is_looked_at_and_never_pulled),
		TEST(what_is_no_reference_is_refused_without_asking),
		TEST(a_pull_without_progress_is_given_up_after_two_minutes),
		TEST(an_engine_that_is_gone_leaves_the_image_unknown),
		TEST(facts_that_make_no_sense_are_unknown),
		TEST(a_pull_goes_on_while_one_waits),
		TEST(a_pull_that_nobody_waits_for_ends),
		TEST(one_who_is_told_may_give_up_another_and_ask_again),
		cmocka_unit_test(the_credentials_of_the_registry_are_sent),
		cmocka_unit_test(a_file_of_credentials_that_cannot_be_read_stops_the_pull),
	};

	return cmocka_run_group_tests_name("engine images", tests, NULL, NULL);
}
