/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_fixture.h"

#include <string.h>

static void on_health(struct engine *engine, bool healthy, const struct err *err, void *arg)
{
	struct engine_fixture *fixture = arg;

	assert_int_equal(healthy, engine_is_healthy(engine));
	if (healthy) {
		assert_null(err);
		fixture->healthy++;
	} else {
		fixture->err = *err;
		fixture->unhealthy++;
	}
}

static void on_event(struct engine *engine, const char *container_id, const char *action, void *arg)
{
	(void)engine;
	(void)arg;
	fail_msg("event %s of %s", action, container_id);
}

static void on_resync(struct engine *engine, void *arg)
{
	struct engine_fixture *fixture = arg;

	assert_true(engine_is_healthy(engine));
	fixture->resyncs++;
}

struct engine_options engine_fixture_options(void)
{
	return (struct engine_options){
		.socket = "/run/docker.sock",
		.instance = "default",
		.launches = 2,
		.start_timeout_ms = 60000,
		.pull_timeout_ms = 600000,
	};
}

void engine_fixture_init(struct engine_fixture *fixture, const struct engine_options *options)
{
	struct engine_owner owner = {on_health, on_event, on_resync, fixture};

	*fixture = (struct engine_fixture){0};
	assert_int_equal(loop_new(&fixture->loop, NULL), 0);
	assert_int_equal(engine_new(fixture->loop, options, &owner, &fixture->engine, NULL), 0);
}

void engine_fixture_done(struct engine_fixture *fixture)
{
	engine_free(fixture->engine);
	loop_free(fixture->loop);
}

void engine_fixture_reply(struct engine_fixture *fixture, long status, const char *body)
{
	fake_reply(fixture->loop,
		   (struct fake_reply){.after_ms = 1, .status = status, .body = body});
}

void engine_fixture_stream(struct engine_fixture *fixture, uint64_t ms)
{
	fake_reply(fixture->loop, (struct fake_reply){.after_ms = ms, .outcome = HTTP_NO_REPLY});
}

void engine_fixture_no_connection(struct engine_fixture *fixture)
{
	fake_reply(fixture->loop, (struct fake_reply){.after_ms = 1,
						      .outcome = HTTP_NOT_SENT,
						      .problem = "cannot connect"});
}

void engine_fixture_replies(struct engine_fixture *fixture)
{
	engine_fixture_reply(fixture, 200, "OK");
	engine_fixture_reply(fixture, 200,
			     "{\"Version\":\"27.1.0\",\"ApiVersion\":\"1.46\","
			     "\"MinAPIVersion\":\"1.24\"}");
	engine_fixture_reply(fixture, 200,
			     "{\"OSType\":\"linux\",\"DockerRootDir\":\"/var/lib/"
			     "docker\",\"SecurityOptions\":[\"name=seccomp,profile=default\"]}");
}

void engine_fixture_connect(struct engine_fixture *fixture)
{
	engine_fixture_replies(fixture);
	engine_fixture_stream(fixture, UINT64_C(24) * 3600 * 1000);
	fake_run(fixture->loop, 1000);
	assert_true(engine_is_healthy(fixture->engine));
	assert_int_equal(fake_sent_count(fixture->loop), 4);
}

void engine_fixture_sent(struct engine_fixture *fixture, size_t n, const char *method,
			 const char *url)
{
	assert_true(fake_sent_count(fixture->loop) > n);
	assert_string_equal(fake_sent(fixture->loop, n)->method, method);
	assert_string_equal(fake_sent(fixture->loop, n)->url, url);
}
