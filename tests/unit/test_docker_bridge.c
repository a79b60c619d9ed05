/* SPDX-License-Identifier: Apache-2.0 */
/* berth's own network: what is asked for, and what is accepted. */
#include "base/cleanup.h"
#include "engine/dialect.h"
#include "unit/unit.h"

#include <errno.h>
#include <string.h>

#define ICC	"\"Options\":{\"com.docker.network.bridge.enable_icc\":\"false\"}"
#define OURS	"\"Labels\":{\"berth.instance\":\"default\",\"berth.schema\":\"1\"}"
#define NETWORK "\"Name\":\"berth-default\",\"Driver\":\"bridge\""

static int verify(const char *text, struct err *err)
{
	_cleanup_(json_putp) struct json_object *network = NULL;

	assert_int_equal(json_parse(text, strlen(text), &network), 0);
	return dialect_docker.verify_bridge(network, "berth-default", "default", err);
}

static void the_network_that_is_asked_for_is_one_that_is_accepted(void **state)
{
	_cleanup_(json_putp) struct json_object *network =
		dialect_docker.render_bridge("berth-default", "default");
	struct err err = {0};
	(void)state;

	assert_string_equal(json_line(network),
			    "{\"Name\":\"berth-default\",\"CheckDuplicate\":true,\"Driver\":"
			    "\"bridge\"," ICC "," OURS "}");
	assert_int_equal(dialect_docker.verify_bridge(network, "berth-default", "default", &err),
			 0);
}

static void a_network_of_somebody_else_is_refused(void **state)
{
	struct err err = {0};
	(void)state;

	assert_int_equal(verify("{" NETWORK "," ICC ",\"Labels\":{}}", &err), -EPERM);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.text, "a network 'berth-default' exists there that berth did not "
				      "make: choose another instance name, or remove the network");
	assert_int_equal(verify("{" NETWORK "," ICC ",\"Labels\":null}", &err), -EPERM);
	assert_int_equal(
		verify("{" NETWORK "," ICC ",\"Labels\":{\"berth.instance\":\"other\"}}", &err),
		-EPERM);
}

static void a_reply_that_is_no_such_network_is_asked_for_again(void **state)
{
	struct err err = {0};
	(void)state;

	assert_int_equal(verify("{\"id\":7,\"State\":3}", &err), -EBADMSG);
	assert_int_equal(err.kind, ERR_ENGINE);
	assert_int_equal(verify("{\"Name\":\"bridge\",\"Driver\":\"bridge\"}", &err), -EBADMSG);
}

static void a_network_that_joins_sessions_is_refused(void **state)
{
	struct err err = {0};
	(void)state;

	assert_int_equal(verify("{" NETWORK "," OURS ",\"Options\":{}}", &err), -EPERM);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "does not keep sessions apart"));
	assert_int_equal(verify("{" NETWORK "," OURS
				",\"Options\":{\"com.docker.network.bridge.enable_icc\":\"true\"}}",
				&err),
			 -EPERM);
	assert_int_equal(verify("{\"Name\":\"berth-default\",\"Driver\":\"macvlan\"," OURS "," ICC
				"}",
				&err),
			 -EPERM);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_network_that_is_asked_for_is_one_that_is_accepted),
		cmocka_unit_test(a_network_of_somebody_else_is_refused),
		cmocka_unit_test(a_reply_that_is_no_such_network_is_asked_for_again),
		cmocka_unit_test(a_network_that_joins_sessions_is_refused),
	};

	return cmocka_run_group_tests_name("docker bridge", tests, NULL, NULL);
}
