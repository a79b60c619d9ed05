/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "engine/container.h"
#include "engine/image_facts.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct json_object *parsed(const char *text)
{
	struct json_object *json = NULL;

	assert_int_equal(json_parse(text, strlen(text), &json), 0);
	return json;
}

static int inspect(const char *text, struct container *container)
{
	_cleanup_(json_putp) struct json_object *reply = parsed(text);

	*container = (struct container){0};
	return container_parse_inspect(reply, container);
}

/* --- inspect ---------------------------------------------------------------------------------- */

static void an_exited_container_is_read(void **state)
{
	_cleanup_(container_done) struct container container = {0};
	(void)state;

	assert_int_equal(
		inspect("{\"Id\":\"" ID "\",\"Name\":\"/berth-w1\","
			"\"Created\":\"2026-11-22T10:00:00.5Z\","
			"\"State\":{\"Status\":\"exited\",\"Running\":false,\"OOMKilled\":true,"
			"\"Pid\":0,\"ExitCode\":137,\"Error\":\"\","
			"\"StartedAt\":\"2026-11-22T10:00:01.123456789Z\","
			"\"FinishedAt\":\"2026-11-22T11:00:02+01:00\"},"
			"\"Config\":{\"Labels\":{\"berth.work\":\"w1\",\"team\":\"build\","
			"\"berth.claimed\":\"2026-11-22T09:59:59.900Z\"}}}",
			&container),
		0);
	assert_int_equal(container_claimed_ms(&container), 1795341599900);
	assert_string_equal(container.id, ID);
	assert_string_equal(container.name, "berth-w1");
	assert_int_equal(container.status, CONTAINER_EXITED);
	assert_int_equal(container.created_at_ms, 1795341600500);
	assert_int_equal(container.started_at_ms, 1795341601123);
	assert_int_equal(container.finished_at_ms, 1795341602000);
	assert_int_equal(container.exit_code, 137);
	assert_int_equal(container.pid, 0);
	assert_true(container.oom_killed);
	assert_null(container.error);
	assert_string_equal(container_label(&container, "berth.work"), "w1");
	assert_string_equal(container_label(&container, "team"), "build");
	assert_null(container_label(&container, "berth.session"));
}

#define STATE(status)		 "\"State\":{\"Status\":\"" status "\"}"
#define INSPECT(id, name, state) "{\"Id\":\"" id "\",\"Name\":\"" name "\"," state "}"

static void assert_status(const char *text, enum container_status status)
{
	_cleanup_(container_done) struct container container = {0};

	assert_int_equal(inspect(text, &container), 0);
	assert_int_equal(container.status, status);
}

static void every_status_is_one_of_four(void **state)
{
	(void)state;
	assert_status(INSPECT(ID, "/x", STATE("created")), CONTAINER_CREATED);
	assert_status(INSPECT(ID, "/x", STATE("running")), CONTAINER_RUNNING);
	assert_status(INSPECT(ID, "/x", STATE("paused")), CONTAINER_RUNNING);
	assert_status(INSPECT(ID, "/x", STATE("restarting")), CONTAINER_RUNNING);
	assert_status(INSPECT(ID, "/x", STATE("exited")), CONTAINER_EXITED);
	assert_status(INSPECT(ID, "/x", STATE("dead")), CONTAINER_DEAD);
	assert_status(INSPECT(ID, "/x", STATE("removing")), CONTAINER_DEAD);
}

static void podmans_own_states_are_among_the_four(void **state)
{
	(void)state;
	assert_status(INSPECT(ID, "x", STATE("configured")), CONTAINER_CREATED);
	assert_status(INSPECT(ID, "x", STATE("initialized")), CONTAINER_CREATED);
	assert_status(INSPECT(ID, "x", STATE("stopped")), CONTAINER_EXITED);
	assert_status(INSPECT(ID, "x", STATE("stopping")), CONTAINER_RUNNING);
	assert_status(INSPECT(ID, "x", STATE("unknown")), CONTAINER_RUNNING);
}

static void a_prepared_container_has_a_process_and_a_monitor(void **state)
{
	_cleanup_(container_done) struct container container = {0};
	(void)state;

	assert_int_equal(inspect(INSPECT(ID, "x",
					 "\"State\":{\"Status\":\"initialized\",\"Pid\":2068,"
					 "\"ConmonPid\":2055,\"ExitCode\":0,\"StartedAt\":"
					 "\"0001-01-01T00:00:00Z\"}"),
				 &container),
			 0);
	assert_int_equal(container.status, CONTAINER_CREATED);
	assert_int_equal(container.pid, 2068);
	assert_int_equal(container.monitor_pid, 2055);
	assert_int_equal(container.exit_code, 0);
}

/* As Podman shows one that was prepared once more after it had run, and after a reboot. */
static void a_created_container_that_has_had_its_run_is_dead_and_nobody_knows_how(void **state)
{
	static const char *const statuses[] = {"created", "configured", "initialized"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		_cleanup_(container_done) struct container container = {0};
		_cleanup_free_ char *text =
			xasprintf(INSPECT(ID, "x",
					  "\"State\":{\"Status\":\"%s\",\"ExitCode\":0,"
					  "\"StartedAt\":\"2026-11-22T10:00:01Z\","
					  "\"FinishedAt\":\"2026-11-22T10:00:02Z\"}"),
				  statuses[i]);
		assert_int_equal(inspect(text, &container), 0);
		assert_int_equal(container.status, CONTAINER_DEAD);
		assert_int_equal(container.exit_code, -1);
		assert_int_equal(container.finished_at_ms, 1795341602000);
	}
}

static void a_time_that_is_none_is_zero(void **state)
{
	_cleanup_(container_done) struct container container = {0};
	(void)state;

	assert_int_equal(inspect(INSPECT(ID, "/x",
					 "\"State\":{\"Status\":\"created\",\"StartedAt\":"
					 "\"0001-01-01T00:00:00Z\",\"FinishedAt\":\"soon\"}"),
				 &container),
			 0);
	assert_int_equal(container.created_at_ms, 0);
	assert_int_equal(container.started_at_ms, 0);
	assert_int_equal(container.finished_at_ms, 0);
}

static void the_error_of_a_failed_start_is_one_line(void **state)
{
	_cleanup_(container_done) struct container container = {0};
	(void)state;

	assert_int_equal(inspect(INSPECT(ID, "/x",
					 "\"State\":{\"Status\":\"created\",\"ExitCode\":127,"
					 "\"Error\":\"exec:\\n\\tno such\\u001b file\"}"),
				 &container),
			 0);
	assert_string_equal(container.error, "exec: no such file");
	assert_int_equal(container.exit_code, 127);
}

static void a_reply_that_is_no_container_is_malformed(void **state)
{
	static const char *const wrong[] = {
		"null",
		"[]",
		"{}",
		INSPECT("0a", "/x", STATE("running")),
		INSPECT(ID, "", STATE("running")),
		INSPECT(ID, "/", STATE("running")),
		INSPECT(ID, "/x", STATE("resting")),
		INSPECT(ID, "/x", "\"State\":\"running\""),
		INSPECT(ID, "/x", "\"State\":{\"Status\":1}"),
		"{\"Id\":\"" ID "\"," STATE("running") "}",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct container container = {0};
		assert_int_equal(inspect(wrong[i], &container), -EBADMSG);
		assert_null(container.id);
	}
}

/* --- list ------------------------------------------------------------------------------------- */

#define LISTED(names, state)                                                                       \
	"{\"Id\":\"" ID "\",\"Names\":" names ",\"State\":\"" state                                \
	"\",\"Labels\":{\"berth.instance\":\"default\"}}"

static int list(const char *text, struct container **ret, size_t *count)
{
	_cleanup_(json_putp) struct json_object *reply = parsed(text);

	*ret = NULL;
	*count = 0;
	return container_parse_list(reply, ret, count);
}

static void a_list_is_read(void **state)
{
	struct container *containers;
	size_t count;
	(void)state;

	assert_int_equal(list("[" LISTED("[\"/a\"]", "running") "," LISTED("[\"/l/k\",\"/b\"]",
									   "exited") "]",
			      &containers, &count),
			 0);
	assert_int_equal(count, 2);
	assert_string_equal(containers[0].name, "a");
	assert_int_equal(containers[0].status, CONTAINER_RUNNING);
	assert_string_equal(container_label(&containers[0], "berth.instance"), "default");
	assert_string_equal(containers[1].name, "b");
	assert_int_equal(containers[1].status, CONTAINER_EXITED);
	container_done(&containers[0]);
	container_done(&containers[1]);
	free(containers);
	assert_int_equal(list("[]", &containers, &count), 0);
	assert_int_equal(count, 0);
	assert_null(containers);
}

static void one_malformed_container_makes_the_list_malformed(void **state)
{
	static const char *const wrong[] = {
		"null",
		"{}",
		"[" LISTED("[\"/a\"]", "running") ",null]",
		"[" LISTED("[\"/a\"]", "running") "," LISTED("[]", "running") "]",
		"[" LISTED("[\"/a\"]", "running") "," LISTED("null", "running") "]",
		"[" LISTED("[\"/a\"]", "running") "," LISTED("[\"/b\"]", "resting") "]",
	};
	struct container *containers;
	size_t count;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(list(wrong[i], &containers, &count), -EBADMSG);
		assert_null(containers);
	}
}

/* --- whose it is ------------------------------------------------------------------------------ */

static bool is_ours(const char *name, const char *schema, const char *instance, const char *work)
{
	char text[4][32];
	char names[3][32] = {"berth.schema", "berth.instance", "berth.work"};
	struct name_value labels[3];
	struct container container = {.name = text[3], .labels = labels};
	const char *const values[] = {schema, instance, work};

	(void)snprintf(text[3], sizeof(text[3]), "%s", name);
	for (size_t i = 0; i < 3; i++) {
		if (!values[i])
			continue;
		(void)snprintf(text[i], sizeof(text[i]), "%s", values[i]);
		labels[container.label_count++] = (struct name_value){names[i], text[i]};
	}
	return container_is_ours(&container, "default");
}

static void ours_is_what_has_our_labels_and_the_name_that_matches(void **state)
{
	(void)state;
	assert_true(is_ours("berth-w1", "1", "default", "w1"));
}

static void what_has_only_some_of_it_is_not_ours(void **state)
{
	(void)state;
	assert_false(is_ours("berth-w2", "1", "default", "w1"));
	assert_false(is_ours("w1", "1", "default", "w1"));
	assert_false(is_ours("berth-w1", "1", "other", "w1"));
	assert_false(is_ours("berth-w1", "2", "default", "w1"));
	assert_false(is_ours("berth-w1", NULL, "default", "w1"));
	assert_false(is_ours("berth-w1", "1", NULL, "w1"));
	assert_false(is_ours("berth-w1", "1", "default", NULL));
	assert_false(is_ours("berth-", "1", "default", ""));
	assert_false(is_ours("berth-../w", "1", "default", "../w"));
}

/* --- create ----------------------------------------------------------------------------------- */

static void the_id_of_a_new_container_is_read(void **state)
{
	_cleanup_(json_putp) struct json_object *good =
		parsed("{\"Id\":\"" ID "\",\"Warnings\":[]}");
	_cleanup_(json_putp) struct json_object *bad = parsed("{\"Id\":\"latest\"}");
	char id[65] = "";
	(void)state;

	assert_int_equal(container_parse_created(bad, id), -EBADMSG);
	assert_string_equal(id, "");
	assert_int_equal(container_parse_created(good, id), 0);
	assert_string_equal(id, ID);
}

static void assert_warnings(const char *text, const char *expected)
{
	_cleanup_(json_putp) struct json_object *reply = parsed(text);
	_cleanup_free_ char *warnings = container_parse_warnings(reply);

	if (expected)
		assert_string_equal(warnings, expected);
	else
		assert_null(warnings);
}

static void warnings_become_one_line(void **state)
{
	(void)state;
	assert_warnings("{\"Warnings\":null}", NULL);
	assert_warnings("{\"Warnings\":[]}", NULL);
	assert_warnings("{}", NULL);
	assert_warnings("{\"Warnings\":[\"no\\nlimit\"]}", "no limit");
	assert_warnings("{\"Warnings\":[\"a\",\"b\"]}", "a; b");
	assert_warnings("{\"Warnings\":[\"\"]}", "");
	assert_warnings("{\"Warnings\":[7]}", "(no text)");
}

static void many_warnings_are_still_warnings(void **state)
{
	_cleanup_(buf_done) struct buf text = {0};
	(void)state;

	buf_init(&text, 1 << 20);
	assert_int_equal(buf_adds(&text, "{\"Warnings\":[\"first\""), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_adds(&text, ",\"and one more\""), 0);
	assert_int_equal(buf_adds(&text, "]}"), 0);
	_cleanup_(json_putp) struct json_object *reply = parsed(text.data);
	_cleanup_free_ char *warnings = container_parse_warnings(reply);
	assert_true(strlen(warnings) < 400);
	assert_memory_equal(warnings, "first; and one more", 19);
}

/* --- images ----------------------------------------------------------------------------------- */

static int facts_of(const char *text, struct image_facts *facts)
{
	_cleanup_(json_putp) struct json_object *reply = parsed(text);

	*facts = (struct image_facts){0};
	return image_facts_parse(reply, facts);
}

static void an_image_says_what_a_plan_needs(void **state)
{
	struct image_facts facts;
	(void)state;

	assert_int_equal(facts_of("{\"Id\":\"sha256:0a\",\"Config\":{\"Volumes\":{\"/data\":{},"
				  "\"/var/x\":{}},\"Env\":[\"PATH=/bin\",\"A=\"],"
				  "\"Entrypoint\":[\"/init\"],\"Cmd\":[\"a\",\"b\"]}}",
				  &facts),
			 0);
	assert_string_equal(facts.id, "sha256:0a");
	assert_string_equal(facts.volumes[0], "/data");
	assert_string_equal(facts.volumes[1], "/var/x");
	assert_null(facts.volumes[2]);
	assert_string_equal(facts.environment[1], "A=");
	assert_null(facts.environment[2]);
	assert_string_equal(facts.entrypoint[0], "/init");
	assert_string_equal(facts.command[1], "b");
	assert_null(facts.command[2]);
	image_facts_done(&facts);
}

static void an_image_may_declare_nothing(void **state)
{
	static const char *const texts[] = {
		"{\"Id\":\"sha256:0a\"}",
		"{\"Id\":\"sha256:0a\",\"Config\":null}",
		"{\"Id\":\"sha256:0a\",\"Config\":{\"Volumes\":null,\"Env\":null,\"Cmd\":[]}}",
		"{\"Id\":\"sha256:0a\",\"Config\":{\"Entrypoint\":null,\"Cmd\":null}}",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct image_facts facts;
		assert_int_equal(facts_of(texts[i], &facts), 0);
		assert_null(facts.volumes);
		assert_null(facts.environment);
		assert_null(facts.entrypoint);
		assert_null(facts.command);
		image_facts_done(&facts);
	}
}

static void an_image_that_makes_no_sense_is_malformed(void **state)
{
	static const char *const texts[] = {
		"null",
		"{}",
		"{\"Id\":\"latest\"}",
		"{\"Id\":\"sha256:0a\",\"Config\":{\"Volumes\":[\"/data\"]}}",
		"{\"Id\":\"sha256:0a\",\"Config\":{\"Env\":{\"A\":\"b\"}}}",
		"{\"Id\":\"sha256:0a\",\"Config\":{\"Entrypoint\":\"/init\"}}",
		"{\"Id\":\"sha256:0a\",\"Config\":{\"Cmd\":[\"a\",7]}}",
	};
	struct image_facts facts;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(facts_of(texts[i], &facts), -EBADMSG);
		assert_null(facts.id);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exited_container_is_read),
		cmocka_unit_test(every_status_is_one_of_four),
		cmocka_unit_test(podmans_own_states_are_among_the_four),
		cmocka_unit_test(a_prepared_container_has_a_process_and_a_monitor),
		cmocka_unit_test(
			a_created_container_that_has_had_its_run_is_dead_and_nobody_knows_how),
		cmocka_unit_test(a_time_that_is_none_is_zero),
		cmocka_unit_test(the_error_of_a_failed_start_is_one_line),
		cmocka_unit_test(a_reply_that_is_no_container_is_malformed),
		cmocka_unit_test(a_list_is_read),
		cmocka_unit_test(one_malformed_container_makes_the_list_malformed),
		cmocka_unit_test(ours_is_what_has_our_labels_and_the_name_that_matches),
		cmocka_unit_test(what_has_only_some_of_it_is_not_ours),
		cmocka_unit_test(the_id_of_a_new_container_is_read),
		cmocka_unit_test(warnings_become_one_line),
		cmocka_unit_test(many_warnings_are_still_warnings),
		cmocka_unit_test(an_image_says_what_a_plan_needs),
		cmocka_unit_test(an_image_may_declare_nothing),
		cmocka_unit_test(an_image_that_makes_no_sense_is_malformed),
	};

	return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
