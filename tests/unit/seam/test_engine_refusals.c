/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator is told of a promise that an engine has not kept: which field, what was asked
 * and what the engine did instead, what to change, and which engine in which version that is.
 */
#include "engine_fixture.h"
#include "fake_process.h"
#include "unit/verify_fixture.h"

#define DOCKER "Docker 27.1.0"

struct refusal {
	const char *path, *json; /* what inspect says instead */
	const char *says;	 /* up to the remedy */
	const char *remedy;	 /* a part of it */
};

#define LONG16 "0123456789abcdef"
#define LONG64 LONG16 LONG16 LONG16 LONG16
#define LONG   LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64

static const struct refusal refusals[] = {
	{"HostConfig.PidsLimit", "null",
	 "HostConfig.PidsLimit: asked for 512, the engine made it nothing",
	 "or list 'pids' under `unenforced` of the policy"},
	{"HostConfig.Privileged", "true",
	 "HostConfig.Privileged: asked for nothing, the engine made it true",
	 "something between berth and the engine changed the request: remove it"},
	{"HostConfig.CapDrop", "null",
	 "HostConfig.CapDrop: asked for [\"ALL\"], the engine made it nothing",
	 "this engine cannot keep the policy: use another one"},
	{"HostConfig.RestartPolicy.Name", "\"always\"",
	 "HostConfig.RestartPolicy.Name: asked for \"no\", the engine made it \"always\"",
	 "remove it"},
	{"Image", "\"sha256:other\"", "Image: asked for ", "the next attempt uses that one"},
	/* Whatever an engine makes of it, the rest of the message is there. */
	{"HostConfig.Binds", "[\"" LONG "\"]",
	 "HostConfig.Binds: asked for nothing, the engine made it [\"" LONG64, "remove it"},
	{"HostConfig.Tmpfs", "{\"" LONG "\":\"" LONG "\"}", "HostConfig.Tmpfs[", "use another one"},
	{"Config.User", "\"" LONG "\"", "Config.User: asked for ", "use another one"},
};

static void refuse(struct engine_fixture *f, struct case_state *c, struct err *err)
{
	struct engine_call call = {.json = c->inspect};

	assert_int_equal(engine_verify(f->engine, c->plan, &call, err), -EPERM);
	assert_int_equal(err->kind, ERR_REFUSED);
}

static void assert_ends(const char *text, const char *end)
{
	assert_true(strlen(text) > strlen(end));
	assert_string_equal(text + strlen(text) - strlen(end), end);
}

static void a_broken_promise_is_told_with_field_engine_deed_and_remedy(void **state)
{
	struct engine_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *refusal = &refusals[i];
		struct case_state c;
		struct err err;

		case_begin(&c, "docker_inspect");
		set_image_environment(&c, "PATH=/bin");
		change(c.inspect, refusal->path, refusal->json);
		refuse(f, &c, &err);
		assert_memory_equal(err.text, refusal->says, strlen(refusal->says));
		assert_non_null(strstr(err.text, refusal->remedy));
		assert_ends(err.text, " (" DOCKER ")");
		case_end(&c);
	}
}

static void what_nobody_asked_to_mount_is_told_likewise(void **state)
{
	struct engine_fixture *f = *state;
	struct case_state c;
	struct err err;

	case_begin(&c, "docker_inspect");
	set_image_environment(&c, "PATH=/bin");
	change_mount(&c, 0, "Destination", "\"/" LONG "\"");
	refuse(f, &c, &err);
	assert_non_null(strstr(err.text, "that nobody asked for; cover it by a tmpfs"));
	assert_ends(err.text, " (" DOCKER ")");
	case_end(&c);
}

static void what_the_kernel_shows_is_told_likewise(void **state)
{
	struct engine_fixture *f = *state;
	static char runc[] = "runc";
	const struct policy policy = {.uid = 10001, .gid = 10001, .runtime = runc};
	const struct process process = {.pid = 7, .start_ticks = 1};
	const struct process_state root = {.seccomp = 2};
	struct err err;

	*fake_process() = (struct fake_process){
		.pid = 7, .start_ticks = 1, .owner = FIXTURE_ID, .state = &root};
	assert_int_equal(engine_prove_running(f->engine, &policy, FIXTURE_ID, &process, &err),
			 -EPERM);
	assert_non_null(strstr(err.text, "user: asked for 10001, but its process has 0; "));
	assert_non_null(strstr(err.text, "remove it, or use another engine"));
	assert_ends(err.text, " (" DOCKER ")");
}

static int set_up(void **state)
{
	static struct engine_fixture fixture;
	struct engine_options options = engine_fixture_options();

	engine_fixture_init(&fixture, &options);
	engine_fixture_connect(&fixture);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	engine_fixture_done(*state);
	fake_process_end();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_broken_promise_is_told_with_field_engine_deed_and_remedy),
		TEST(what_nobody_asked_to_mount_is_told_likewise),
		TEST(what_the_kernel_shows_is_told_likewise),
	};

	return cmocka_run_group_tests_name("engine refusals", tests, NULL, NULL);
}
