/* SPDX-License-Identifier: Apache-2.0 */
/* What a doctor found, as rows, and what they amount to. How they are printed is in tests/golden.
 */
#include "cli/exit.h"
#include "doctor/report.h"
#include "unit/unit.h"

#include <string.h>

static void a_row_is_skipped_until_it_is_judged(void **state)
{
	struct report report = {.count = 0};
	(void)state;

	assert_int_equal(report_add(&report, "a", NULL, NULL)->result, RESULT_SKIPPED);
	assert_int_equal(report_exit_code(&report), EXIT_DONE);
	report_done(&report);
}

static void the_gravest_failure_is_the_exit_code(void **state)
{
	static const int codes[] = {EXIT_TEMPORARY, EXIT_UNAVAILABLE, EXIT_CREDENTIALS,
				    EXIT_CONFIG};
	struct report report = {.count = 0};
	(void)state;

	finding_warn(report_add(&report, "w", "e", NULL), "a warning");
	assert_int_equal(report_exit_code(&report), EXIT_DONE);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		finding_fail(report_add(&report, "f", NULL, NULL), codes[i], "a failure");
		finding_ok(report_add(&report, "o", NULL, "e"), "fine");
		assert_int_equal(report_exit_code(&report), codes[i]);
	}
	report_done(&report);
}

static void a_judgement_replaces_the_one_before(void **state)
{
	struct report report = {.count = 0};
	struct finding *finding = report_add(&report, "a", NULL, NULL);
	(void)state;

	finding_fail(finding, EXIT_CONFIG, "%d is too many", 7);
	finding_remedy(finding, "rm %s", "six");
	assert_string_equal(finding->what, "7 is too many");
	assert_string_equal(finding->remedy, "rm six");
	finding_skip(finding, "interrupted");
	assert_string_equal(finding->what, "interrupted");
	assert_null(finding->remedy);
	assert_int_equal(report_exit_code(&report), EXIT_DONE);
	report_done(&report);
}

static void what_others_say_is_one_line_without_control_characters(void **state)
{
	struct report report = {.count = 0};
	struct finding *finding = report_add(&report, "a", NULL, NULL);
	(void)state;

	finding_warn(finding, "%s", "two\nlines\033[2J \302\233 2J \303\251\302\240");
	assert_string_equal(finding->what, "two?lines?[2J ?? 2J \303\251\302\240");
	finding_warn(finding, "%s", "\2332J \342\200\256gpj");
	assert_string_equal(finding->what, "?2J ???gpj");
	finding_remedy(finding, "rm %s", "a\rb");
	assert_string_equal(finding->remedy, "rm a?b");
	finding = report_add(&report, "a", "\033]0;engine", "\302\205");
	assert_string_equal(finding->engine, "?]0;engine");
	assert_string_equal(finding->environment, "??");
	report_done(&report);
}

static void a_key_is_masked_wherever_somebody_wrote_it(void **state)
{
	struct report report = {.count = 0};
	struct finding *finding = report_add(&report, "a", NULL, "sk-ant-oat01-abcdef");
	(void)state;

	finding_fail(finding, EXIT_CONFIG, "no such file: sk-ant-oat01-abcdef");
	finding_remedy(finding, "rm sk-ant-oat01-abcdef");
	assert_null(strstr(finding->environment, "oat01"));
	assert_null(strstr(finding->what, "oat01"));
	assert_null(strstr(finding->remedy, "oat01"));
	report_done(&report);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_skipped_until_it_is_judged),
		cmocka_unit_test(the_gravest_failure_is_the_exit_code),
		cmocka_unit_test(a_judgement_replaces_the_one_before),
		cmocka_unit_test(what_others_say_is_one_line_without_control_characters),
		cmocka_unit_test(a_key_is_masked_wherever_somebody_wrote_it),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
