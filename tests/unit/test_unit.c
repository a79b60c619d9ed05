/* SPDX-License-Identifier: Apache-2.0 */
/* What berth reads in a systemd unit, and which one it looks at. */
#include "base/cleanup.h"
#include "config/unit.h"
#include "unit/fleet_files.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct unit *unit;

static int tear_down(void **state)
{
	unit = unit_free(unit);
	return fleet_files_teardown(state);
}

/* Writes `text` to `path`, making every folder on the way. */
static void put(const char *path, const char *text)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		_cleanup_free_ char *folder = xstrndup(path, (size_t)(slash - path));
		assert_true(mkdir(folder, 0755) == 0 || errno == EEXIST);
	}
	write_file(path, 0644, text);
}

static void read_unit(const char *text)
{
	struct err err;

	put("berth.service", text);
	assert_int_equal(unit_read("berth.service", &unit, &err), 0);
}

static void assert_setting(const char *key, const char *value, const char *file, unsigned line)
{
	const struct unit_setting *setting = unit_get(unit, key);

	assert_non_null(setting);
	assert_string_equal(setting->value, value);
	assert_string_equal(setting->file, file);
	assert_int_equal(setting->line, line);
}

/* --- syntax -------------------------------------------------------------------------------------
 */

static void settings_of_the_service_have_their_lines(void **state)
{
	(void)state;
	read_unit("# comment\n[Unit]\nType=no\n\n[Service]\n ; comment\n  Type = notify \r\n"
		  "ExecStart=/bin/berth run\n[Install]\nRestart=no\n");
	assert_int_equal(unit->section_line, 5);
	assert_setting("Type", "notify", "berth.service", 7);
	assert_setting("ExecStart", "/bin/berth run", "berth.service", 8);
	assert_null(unit_get(unit, "Restart"));
}

static void a_line_goes_on_after_a_backslash_across_comments(void **state)
{
	(void)state;
	read_unit("[Service]\nExecStart=/bin/berth \\\n# why\n  run \\\n--config x\nType=notify\n");
	assert_setting("ExecStart", "/bin/berth    run  --config x", "berth.service", 2);
	assert_setting("Type", "notify", "berth.service", 6);
}

static void a_last_line_counts_without_its_end(void **state)
{
	(void)state;
	read_unit("[Service]\nType=notify\\");
	assert_setting("Type", "notify", "berth.service", 2);
}

static void what_is_no_assignment_is_passed_over(void **state)
{
	(void)state;
	read_unit("[Service]\nnonsense\n=\nType=a=b\n");
	assert_setting("Type", "a=b", "berth.service", 4);
}

static void the_last_assignment_counts_and_an_empty_one_takes_it_back(void **state)
{
	(void)state;
	read_unit("[Service]\nType=simple\nType=notify\nRestart=always\nRestart=\n");
	assert_setting("Type", "notify", "berth.service", 3);
	assert_null(unit_get(unit, "Restart"));
}

static void lists_add_up_until_an_empty_assignment(void **state)
{
	(void)state;
	read_unit("[Service]\nA=1 2\nA=\"3\" 4\nB=1\nB=\nB=2\n");
	for (const char *const *word = (const char *const[]){"1", "2", "3", "4", NULL}; *word;
	     word++)
		assert_true(unit_has_word(unit, "A", *word));
	assert_false(unit_has_word(unit, "A", "5"));
	assert_false(unit_has_word(unit, "B", "1"));
	assert_true(unit_has_word(unit, "B", "2"));
}

static void assert_flag(const char *flag, const char *value)
{
	_cleanup_free_ char *found = unit_flag(unit, flag);

	if (value)
		assert_string_equal(found ? found : "(none)", value);
	else
		assert_null(found);
}

static void flags_of_the_command_line_are_found_in_both_forms(void **state)
{
	(void)state;
	read_unit("[Service]\nExecStart=/bin/berth run --config '/etc/my fleet' "
		  "--on-shutdown=stop --configs no --last\n");
	assert_flag("--config", "/etc/my fleet");
	assert_flag("--on-shutdown", "stop");
	assert_flag("--last", NULL);
	assert_flag("--instance", NULL);
	assert_true(unit_has_argument(unit, "run"));
	assert_false(unit_has_argument(unit, "drain"));
}

static void without_a_command_line_there_are_no_flags(void **state)
{
	(void)state;
	read_unit("[Service]\n");
	assert_flag("--config", NULL);
	assert_false(unit_has_argument(unit, "run"));
}

/* --- files --------------------------------------------------------------------------------------
 */

static void drop_ins_count_after_the_unit_in_the_order_of_their_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		_cleanup_free_ char *path = xasprintf("berth.service.d/%u.conf", i * 7 % 10);
		put(path, "[Service]\nType=forking\n");
	}
	put("berth.service.d/9.txt", "[Service]\nType=no\n");
	read_unit("[Service]\nType=notify\n");
	assert_int_equal(unit->file_count, 11);
	assert_string_equal(unit->files[0], "berth.service");
	for (unsigned i = 0; i < 10; i++) {
		_cleanup_free_ char *path = xasprintf("./berth.service.d/%u.conf", i);
		assert_string_equal(unit->files[i + 1], path);
	}
	assert_setting("Type", "forking", "./berth.service.d/9.conf", 2);
	assert_int_equal(unit->section_line, 1);
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct err err;
	(void)state;

	assert_true(unit_read("none.service", &unit, &err) < 0);
	assert_non_null(strstr(err.text, "none.service"));
	assert_null(unit);
}

static void assert_installed(uid_t uid, const char *file)
{
	struct err err;

	unit = unit_free(unit);
	assert_int_equal(unit_read_installed("root", uid, "/home/me/.config", &unit, &err), 0);
	if (file)
		assert_string_equal(unit ? unit->files[0] : "(none)", file);
	else
		assert_null(unit);
}

static void the_installed_unit_is_found_where_systemd_looks_first(void **state)
{
	(void)state;
	assert_installed(0, NULL);
	put("root/usr/lib/systemd/system/berth.service", "[Service]\n");
	assert_installed(0, "root/usr/lib/systemd/system/berth.service");
	assert_installed(1000, "root/usr/lib/systemd/system/berth.service");
	put("root/etc/systemd/system/berth.service", "[Service]\n");
	assert_installed(0, "root/etc/systemd/system/berth.service");
	put("root/home/me/.config/systemd/user/berth.service", "[Service]\n");
	assert_installed(0, "root/etc/systemd/system/berth.service");
	assert_installed(1000, "root/home/me/.config/systemd/user/berth.service");
}

static void its_drop_ins_come_from_all_directories_and_of_one_name_the_first_counts(void **state)
{
	(void)state;
	put("root/lib/systemd/system/berth.service", "[Service]\nType=simple\n");
	put("root/lib/systemd/system/berth.service.d/a.conf", "[Service]\nType=vendor\n");
	put("root/lib/systemd/system/berth.service.d/b.conf", "[Service]\nRestart=vendor\n");
	put("root/etc/systemd/system/berth.service.d/b.conf", "[Service]\nRestart=admin\n");
	assert_installed(0, "root/lib/systemd/system/berth.service");
	assert_int_equal(unit->file_count, 3);
	assert_string_equal(unit_get(unit, "Type")->value, "vendor");
	assert_string_equal(unit_get(unit, "Restart")->value, "admin");
}

/* --- times --------------------------------------------------------------------------------------
 */

static void times_are_read_as_systemd_reads_them(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{"90", 90000},
		{"0", 0},
		{"1.5", 1500},
		{"250ms", 250},
		{"5min 20s", 320000},
		{"5 min 20 s", 320000},
		{"1h30m", 5400000},
		{"55s500ms", 55500},
		{"2 hours", 7200000},
		{"1d", 86400000},
		{"3us", 0},
		{"infinity", INT64_MAX},
		{"  7 ", 7000},
		{"1w", 604800000},
		{"999999999y", INT64_MAX},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t ms = -1;
		if (unit_parse_time(rows[i].text, &ms) < 0 || ms != rows[i].ms)
			fail_msg("%s: %lld", rows[i].text, (long long)ms);
	}
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = {"",	    " ", "soon", "5 fortnights", "-1",
					    "1..2", ".", "s5",	 "Infinity"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		int64_t ms = -1;
		if (unit_parse_time(texts[i], &ms) != -EINVAL || ms != -1)
			fail_msg("'%s' was taken for %lld ms", texts[i], (long long)ms);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fleet_files_setup, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(settings_of_the_service_have_their_lines),
		TEST(a_line_goes_on_after_a_backslash_across_comments),
		TEST(a_last_line_counts_without_its_end),
		TEST(what_is_no_assignment_is_passed_over),
		TEST(the_last_assignment_counts_and_an_empty_one_takes_it_back),
		TEST(lists_add_up_until_an_empty_assignment),
		TEST(flags_of_the_command_line_are_found_in_both_forms),
		TEST(without_a_command_line_there_are_no_flags),
		TEST(drop_ins_count_after_the_unit_in_the_order_of_their_names),
		TEST(a_file_that_is_not_there_is_named),
		TEST(the_installed_unit_is_found_where_systemd_looks_first),
		TEST(its_drop_ins_come_from_all_directories_and_of_one_name_the_first_counts),
		TEST(times_are_read_as_systemd_reads_them),
		TEST(what_is_no_time_is_refused),
	};

	return cmocka_run_group_tests_name("unit", tests, NULL, NULL);
}
