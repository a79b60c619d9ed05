/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "engine/registry.h"
#include "unit/unit.h"

#include <errno.h>
#include <string.h>

static struct json_object *parsed(const char *text)
{
	struct json_object *json = NULL;

	assert_int_equal(json_parse(text, strlen(text), &json), 0);
	return json;
}

/* The header for `registry` must be the base64url of `expected`; NULL: there must be none. */
static void assert_auth(const char *config_text, const char *registry, const char *expected)
{
	_cleanup_(json_putp) struct json_object *config = parsed(config_text);
	_cleanup_(buf_done) struct buf decoded = {0};
	char untouched[] = "";
	char *header = untouched;
	struct err err = {0};

	assert_int_equal(registry_auth(config, registry, &header, &err), 0);
	if (!expected) {
		assert_null(header);
		return;
	}
	assert_non_null(header);
	assert_null(strpbrk(header, "+/\r\n"));
	buf_init(&decoded, 4096);
	assert_int_equal(text_add_base64_decoded(&decoded, header, strlen(header)), 0);
	assert_string_equal(decoded.data, expected);
	free(header);
}

static void assert_refused(const char *config_text, const char *registry, enum err_kind kind,
			   const char *reason)
{
	_cleanup_(json_putp) struct json_object *config = parsed(config_text);
	char untouched[] = "";
	char *header = untouched;
	struct err err = {0};

	assert_true(registry_auth(config, registry, &header, &err) < 0);
	assert_ptr_equal(header, untouched);
	assert_int_equal(err.kind, kind);
	assert_string_equal(err.text, reason);
}

/* "dXNlcjpwYTpzcw==" is user:pa:ss */
#define PAIR "{\"auth\":\"dXNlcjpwYTpzcw==\"}"
#define SENT(registry)                                                                             \
	"{\"serveraddress\":\"" registry "\",\"username\":\"user\",\"password\":\"pa:ss\"}"

static void a_pair_in_base64_is_taken_apart_at_its_first_colon(void **state)
{
	(void)state;
	assert_auth("{\"auths\":{\"ghcr.io\":" PAIR "}}", "ghcr.io", SENT("ghcr.io"));
}

static void the_key_may_be_a_url(void **state)
{
	(void)state;
	assert_auth("{\"auths\":{\"https://ghcr.io/v2/\":" PAIR "}}", "ghcr.io", SENT("ghcr.io"));
	assert_auth("{\"auths\":{\"http://localhost:5000\":" PAIR "}}", "localhost:5000",
		    SENT("localhost:5000"));
}

static void docker_hub_has_a_key_of_its_own(void **state)
{
	(void)state;
	assert_auth("{\"auths\":{\"https://index.docker.io/v1/\":" PAIR "}}", "docker.io",
		    SENT("docker.io"));
	assert_auth("{\"auths\":{\"docker.io\":" PAIR "}}", "docker.io", SENT("docker.io"));
}

static void the_credentials_of_another_registry_are_not_sent(void **state)
{
	(void)state;
	assert_auth("{\"auths\":{\"ghcr.io\":" PAIR "}}", "ghcr.io.example", NULL);
	assert_auth("{\"auths\":{\"ghcr.io.example\":" PAIR "}}", "ghcr.io", NULL);
	assert_auth("{\"auths\":{\"ghcr.io\":" PAIR "}}", "ghcr.io:443", NULL);
	assert_auth("{\"auths\":{\"evil.example/ghcr.io\":" PAIR "}}", "ghcr.io", NULL);
	assert_auth("{\"auths\":{\"https://index.docker.io/v1/\":" PAIR "}}", "ghcr.io", NULL);
}

static void a_user_and_a_password_may_stand_in_clear(void **state)
{
	(void)state;
	assert_auth("{\"auths\":{\"ghcr.io\":{\"username\":\"user\",\"password\":\"pa:ss\"}}}",
		    "ghcr.io", SENT("ghcr.io"));
}

static void an_identity_token_goes_before_the_pair(void **state)
{
	(void)state;
	assert_auth("{\"auths\":{\"ghcr.io\":{\"auth\":\"dXNlcjpwYTpzcw==\","
		    "\"identitytoken\":\"t0ken\"}}}",
		    "ghcr.io", "{\"serveraddress\":\"ghcr.io\",\"identitytoken\":\"t0ken\"}");
}

static void a_file_without_the_registry_means_no_credentials(void **state)
{
	(void)state;
	assert_auth("{}", "ghcr.io", NULL);
	assert_auth("[]", "ghcr.io", NULL);
	assert_auth("null", "ghcr.io", NULL);
	assert_auth("{\"auths\":[]}", "ghcr.io", NULL);
	assert_auth("{\"auths\":{\"ghcr.io\":{}}}", "ghcr.io", NULL);
	assert_auth("{\"credsStore\":\"desktop\"}", "ghcr.io", NULL);
	assert_auth("{\"credHelpers\":{\"gcr.io\":\"gcloud\"}}", "ghcr.io", NULL);
}

static void a_registry_that_is_left_to_a_helper_is_refused(void **state)
{
	static const char reason[] = "the credentials of ghcr.io are kept by a helper program, "
				     "which berth does not run: write them under `auths`";
	(void)state;

	assert_refused("{\"auths\":{\"ghcr.io\":{}},\"credsStore\":\"desktop\"}", "ghcr.io",
		       ERR_REFUSED, reason);
	assert_refused("{\"credHelpers\":{\"ghcr.io\":\"secretservice\"}}", "ghcr.io", ERR_REFUSED,
		       reason);
}

static void an_entry_that_makes_no_sense_is_refused_without_repeating_it(void **state)
{
	static const char reason[] = "the entry of ghcr.io makes no sense";
	(void)state;

	assert_refused("{\"auths\":{\"ghcr.io\":{\"auth\":\"!?\"}}}", "ghcr.io", ERR_INPUT, reason);
	assert_refused("{\"auths\":{\"ghcr.io\":{\"auth\":\"bm9jb2xvbg==\"}}}", "ghcr.io",
		       ERR_INPUT, reason);
	assert_refused("{\"auths\":{\"ghcr.io\":{\"auth\":\"dXNlcjoAcGFzcw==\"}}}", "ghcr.io",
		       ERR_INPUT, reason);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_in_base64_is_taken_apart_at_its_first_colon),
		cmocka_unit_test(the_key_may_be_a_url),
		cmocka_unit_test(docker_hub_has_a_key_of_its_own),
		cmocka_unit_test(the_credentials_of_another_registry_are_not_sent),
		cmocka_unit_test(a_user_and_a_password_may_stand_in_clear),
		cmocka_unit_test(an_identity_token_goes_before_the_pair),
		cmocka_unit_test(a_file_without_the_registry_means_no_credentials),
		cmocka_unit_test(a_registry_that_is_left_to_a_helper_is_refused),
		cmocka_unit_test(an_entry_that_makes_no_sense_is_refused_without_repeating_it),
	};

	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
