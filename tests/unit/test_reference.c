/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "engine/reference.h"
#include "unit/unit.h"

#include <errno.h>
#include <string.h>

#define HEX64  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX64

static void assert_reference(const char *text, const char *name, const char *version,
			     const char *lookup, const char *registry, bool is_local)
{
	_cleanup_(reference_done) struct reference reference = {0};
	struct err err = {0};

	assert_int_equal(reference_parse(text, &reference, &err), 0);
	assert_string_equal(reference.name, name);
	assert_string_equal(reference.version, version);
	assert_string_equal(reference.lookup, lookup);
	assert_string_equal(reference.registry, registry);
	assert_int_equal(reference.is_local, is_local);
}

static void a_plain_name_means_its_latest_version(void **state)
{
	(void)state;
	assert_reference("busybox", "busybox", "latest", "busybox:latest", "docker.io", false);
	assert_reference("team/tool", "team/tool", "latest", "team/tool:latest", "docker.io",
			 false);
}

static void a_tag_is_told_from_a_port(void **state)
{
	(void)state;
	assert_reference("busybox:1.36", "busybox", "1.36", "busybox:1.36", "docker.io", false);
	assert_reference("reg.example:5000/a/b", "reg.example:5000/a/b", "latest",
			 "reg.example:5000/a/b:latest", "reg.example:5000", false);
	assert_reference("reg.example:5000/a:x_Y.2", "reg.example:5000/a", "x_Y.2",
			 "reg.example:5000/a:x_Y.2", "reg.example:5000", false);
}

static void a_digest_stands_without_its_tag(void **state)
{
	(void)state;
	assert_reference("ghcr.io/a/b@" DIGEST, "ghcr.io/a/b", DIGEST, "ghcr.io/a/b@" DIGEST,
			 "ghcr.io", false);
	assert_reference("ghcr.io/a/b:1@" DIGEST, "ghcr.io/a/b", DIGEST, "ghcr.io/a/b@" DIGEST,
			 "ghcr.io", false);
}

static void a_first_component_without_a_dot_is_no_registry(void **state)
{
	(void)state;
	assert_reference("ghcr/io/x", "ghcr/io/x", "latest", "ghcr/io/x:latest", "docker.io",
			 false);
}

static void names_below_localhost_are_local(void **state)
{
	(void)state;
	assert_reference("localhost/berth-session:1", "localhost/berth-session", "1",
			 "localhost/berth-session:1", "localhost", true);
	assert_reference("localhost:5000/x", "localhost:5000/x", "latest",
			 "localhost:5000/x:latest", "localhost:5000", false);
}

static void the_id_of_an_image_is_local(void **state)
{
	_cleanup_(reference_done) struct reference reference = {0};
	struct err err = {0};
	(void)state;

	assert_int_equal(reference_parse(DIGEST, &reference, &err), 0);
	assert_string_equal(reference.lookup, DIGEST);
	assert_true(reference.is_local);
}

static void what_is_no_reference_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		":",
		":1",
		"/x",
		"x/",
		"x//y",
		"x:",
		"x:-1",
		"x:.1",
		"x:a b",
		"x:1:2",
		"X",
		"team/Tool",
		"x?y",
		"x y",
		"x\n",
		"x%2fy",
		"../x",
		"ghcr.io/../x",
		"ghcr.io/a/./b",
		"-x",
		"x-",
		"x@",
		"x@sha256:0a",
		"x@md5:" HEX64,
		"@" DIGEST,
		"x@" DIGEST "0",
		"http://x",
		".io/x",
		"a:b@c/d",
		"ghcr.io:x/",
		"\xc3\xa9",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct reference reference = {0};
		struct err err = {0};
		if (reference_parse(wrong[i], &reference, &err) != -EINVAL)
			fail_msg("'%s' was accepted", wrong[i]);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_null(reference.name);
	}
}

static void names_and_tags_have_a_length(void **state)
{
	char text[400];
	struct err err = {0};
	(void)state;

	memset(text, 'a', sizeof(text));
	text[255] = '\0';
	struct reference reference = {0};
	assert_int_equal(reference_parse(text, &reference, &err), 0);
	reference_done(&reference);
	text[255] = 'a';
	text[256] = '\0';
	assert_int_equal(reference_parse(text, &reference, &err), -EINVAL);
	text[1] = ':';
	text[2 + 128] = '\0';
	assert_int_equal(reference_parse(text, &reference, &err), 0);
	reference_done(&reference);
	text[2 + 128] = 'a';
	text[2 + 129] = '\0';
	assert_int_equal(reference_parse(text, &reference, &err), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_name_means_its_latest_version),
		cmocka_unit_test(a_tag_is_told_from_a_port),
		cmocka_unit_test(a_digest_stands_without_its_tag),
		cmocka_unit_test(a_first_component_without_a_dot_is_no_registry),
		cmocka_unit_test(names_below_localhost_are_local),
		cmocka_unit_test(the_id_of_an_image_is_local),
		cmocka_unit_test(what_is_no_reference_is_refused),
		cmocka_unit_test(names_and_tags_have_a_length),
	};

	return cmocka_run_group_tests_name("reference", tests, NULL, NULL);
}
