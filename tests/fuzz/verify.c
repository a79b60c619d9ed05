/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine made of a plan, its images, its host, and its words for what went wrong. Whatever
 * it says is taken or refused, and no message has a secret in it or more than one line.
 */
#include "base/cleanup.h"
#include "engine/docker.h"
#include "engine/image_facts.h"
#include "engine/message.h"
#include "engine/podman.h"
#include "fuzz/fuzz.h"
#include "unit/plan_fixture.h"

static void check_message(const struct plan *plan, const char *text)
{
	must(fuzz_is_message(text));
	must(!plan_secret_appears_in(plan, text));
}

/* Of a reply as a whole; "" when there is nothing to say. */
static void check_words(const struct plan *plan, const char *data, size_t size)
{
	char text[MESSAGE_MAX];

	message_of_reply(text, data, size, plan);
	if (text[0] != '\0')
		check_message(plan, text);
}

static void check_container(const struct plan *plan, struct json_object *json)
{
	int (*const verify[])(const struct plan *, struct json_object *,
			      struct err *) = {docker_verify, podman_verify};

	for (size_t i = 0; i < ARRAY_SIZE(verify); i++) {
		struct err err = {0};
		int r = verify[i](plan, json, &err);
		must(r == 0 || (r == -EPERM && err.kind == ERR_REFUSED));
		if (r < 0)
			check_message(plan, err.text);
	}
}

static void check_image(struct fixture *fixture, struct json_object *json)
{
	struct plan_input input = fixture->input;
	struct image_facts facts = {0};
	struct plan *plan = NULL;
	struct err err = {0};

	if (image_facts_parse(json, &facts) < 0)
		return;
	input.image_facts = &facts;
	int r = plan_build(&input, &plan, &err);
	must(r == 0 || (r == -EPERM && err.kind == ERR_REFUSED && fuzz_is_message(err.text)));
	if (r == 0)
		must(strcmp(fixture_variable(plan, "ANTHROPIC_WORK_ID"), "work_01") == 0);
	(void)plan_free(plan);
	image_facts_done(&facts);
}

static void check_host(const struct fixture *fixture, struct json_object *json)
{
	struct probe probe = {.dialect = &dialect_podman};
	struct err err = {0};

	int r = podman_read_info(&probe, json, &err);
	must(r == 0 || (r == -EBADMSG && err.kind == ERR_ENGINE && fuzz_is_message(err.text)));
	if (r == 0 && podman_check_host(&probe, fixture->policy, &err) < 0)
		must(err.kind == ERR_REFUSED && fuzz_is_message(err.text));
	probe_done(&probe);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *json = NULL;
	struct fixture fixture;

	struct plan *plan = fixture_full_plan(&fixture);
	check_words(plan, (const char *)data, size);
	if (json_parse((const char *)data, size, &json) == 0) {
		check_container(plan, json);
		check_image(&fixture, json);
		check_host(&fixture, json);
		json_object_put(json);
	}
	(void)plan_free(plan);
	fixture_done(&fixture);
	return 0;
}
