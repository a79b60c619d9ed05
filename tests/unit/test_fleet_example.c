/* SPDX-License-Identifier: Apache-2.0 */
/* examples/one-host.yaml shows every key, and none that does not exist. */
#include "base/cleanup.h"
#include "base/file.h"
#include "unit/fleet_files.h"
#include "unit/unit.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The example from the source tree, with its policy found there too. */
static struct fleet_flags example_flags(char into[2][PATH_MAX])
{
	(void)snprintf(into[0], PATH_MAX, "%s/examples/one-host.yaml", fleet_files_source());
	(void)snprintf(into[1], PATH_MAX, "%s/policies", fleet_files_source());
	return (struct fleet_flags){
		.config = into[0], .policy_dir = into[1], .need = FLEET_NO_KEYS};
}

static void the_example_is_fine_as_it_stands(void **state)
{
	char paths[2][PATH_MAX];
	struct fleet *fleet = loaded(NULL, example_flags(paths));
	(void)state;

	assert_string_equal(fleet->environments[0].name, "build");
	assert_string_equal(fleet->environments[0].key.file, "/etc/berth/env_01EXAMPLE.key");
	assert_int_equal(fleet->host.sessions, 16);
	fleet_free(fleet);
}

/* Lines that start with # and no space hold keys. */
static void uncomment_keys(char *text)
{
	for (char *line = text; line; line = strchr(line, '\n')) {
		line += strspn(line, "\n");
		char *mark = line + strspn(line, " ");
		if (mark[0] == '#' && mark[1] != ' ' && mark[1] != '\n' && mark[1] != '\0')
			memmove(mark, mark + 1, strlen(mark));
	}
}

static void every_key_of_the_example_exists(void **state)
{
	char paths[2][PATH_MAX];
	struct fleet_flags flags = example_flags(paths);
	struct problems problems;
	struct buf text;
	struct fleet *fleet = NULL;
	(void)state;

	buf_init(&text, BUF_MAX_CONFIG_FILE);
	assert_int_equal(file_read(flags.config, &text, NULL), 0);
	uncomment_keys(text.data);
	assert_non_null(strstr(text.data, "\n    network: none\n"));
	write_file("all.yaml", 0644, text.data);
	buf_done(&text);
	flags.config = "all.yaml";
	problems_init(&problems);
	assert_int_equal(fleet_load(&flags, &problems, &fleet), -EINVAL);
	/* What is left is what this machine lacks, and the policy that allows no mount. */
	assert_non_null(strstr(problems_text(&problems), "ca_file: cannot read"));
	assert_non_null(strstr(problems_text(&problems), "registry_config: cannot read"));
	assert_non_null(strstr(problems_text(&problems), "mounts: "));
	assert_int_equal(problems.count, 3);
	problems_done(&problems);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_files_setup, fleet_files_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(the_example_is_fine_as_it_stands),
		TEST(every_key_of_the_example_exists),
	};

	return cmocka_run_group_tests_name("fleet example", tests, NULL, NULL);
}
