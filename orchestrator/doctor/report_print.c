/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text is grouped by whom the rows are about, in columns that line up over all groups; a long fact
 * goes on in its own column. A remedy is on one line, however long, so that it can be copied.
 */
#include "base/cleanup.h"
#include "base/json.h"
#include "doctor/report.h"

#include <stdio.h>
#include <string.h>

#define LINE_WIDTH   110
#define RESULT_WIDTH 7
#define LEAST_WIDTH  40 /* of the facts, however long the names of checks are */

static const char *const result_names[] = {
	[RESULT_OK] = "ok",
	[RESULT_WARNING] = "warning",
	[RESULT_FAILURE] = "failure",
	[RESULT_SKIPPED] = "skipped",
};

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void print_title(const struct finding *finding)
{
	if (finding->environment)
		printf("environment %s\n", finding->environment);
	else if (finding->engine)
		printf("engine %s\n", finding->engine);
	else
		printf("this host\n");
}

/* How much of the text goes on one line: to the last space that fits, else to the next one. */
static size_t line_length(const char *text, size_t width)
{
	size_t length = strlen(text), cut = 0;

	if (length <= width)
		return length;
	for (size_t i = 0; i <= width; i++)
		if (text[i] == ' ')
			cut = i;
	return cut > 0 ? cut : strcspn(text, " ");
}

static void print_wrapped(const char *text, int indent)
{
	size_t width = LINE_WIDTH - (size_t)indent;

	if (indent > LINE_WIDTH - LEAST_WIDTH)
		width = LEAST_WIDTH;
	for (;;) {
		size_t length = line_length(text, width);
		printf("%.*s\n", (int)length, text);
		text += length + strspn(text + length, " ");
		if (*text == '\0')
			return;
		printf("%*s", indent, "");
	}
}

static int longest_name(const struct report *report)
{
	size_t longest = 0;

	for (size_t i = 0; i < report->count; i++)
		if (strlen(report->findings[i].check) > longest)
			longest = strlen(report->findings[i].check);
	return (int)longest;
}

static void print_summary(const struct report *report)
{
	size_t counts[ARRAY_SIZE(result_names)] = {0};

	for (size_t i = 0; i < report->count; i++)
		counts[report->findings[i].result]++;
	printf("\n%zu ok, %zu warning%s, %zu failure%s, %zu skipped\n", counts[RESULT_OK],
	       counts[RESULT_WARNING], counts[RESULT_WARNING] == 1 ? "" : "s",
	       counts[RESULT_FAILURE], counts[RESULT_FAILURE] == 1 ? "" : "s",
	       counts[RESULT_SKIPPED]);
}

void report_print_text(const struct report *report)
{
	int name_width = longest_name(report), indent = RESULT_WIDTH + name_width + 6;

	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i], *before = finding - 1;
		if (i == 0 || !is_same(finding->engine, before->engine) ||
		    !is_same(finding->environment, before->environment)) {
			printf("%s", i == 0 ? "" : "\n");
			print_title(finding);
		}
		printf("  %-*s  %-*s  ", RESULT_WIDTH, result_names[finding->result], name_width,
		       finding->check);
		print_wrapped(finding->what ? finding->what : "", indent);
		if (finding->remedy)
			printf("%*s$ %s\n", RESULT_WIDTH + 4, "", finding->remedy);
	}
	print_summary(report);
}

void report_print_json(const struct report *report)
{
	_cleanup_(json_putp) struct json_object *list = json_new_array();

	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];
		struct json_object *row = json_new_object();
		json_add_string(row, "check", finding->check);
		json_add_string(row, "engine", finding->engine);
		json_add_string(row, "environment", finding->environment);
		json_add_string(row, "result", result_names[finding->result]);
		json_add_string(row, "what", finding->what);
		json_add_string(row, "remedy", finding->remedy);
		json_append(list, row);
	}
	printf("%s\n", json_line(list));
}
