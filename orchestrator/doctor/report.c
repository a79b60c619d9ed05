/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/report.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/exit.h"

#include <stdarg.h>
#include <stdio.h>

/* --- text from elsewhere ---------------------------------------------------------------------- */

/* In place; NULL stays NULL. */
static char *clean(char *text)
{
	if (!text)
		return NULL;
	(void)text_mask_keys(text);
	text_show(text);
	return text;
}

struct finding *report_add(struct report *report, const char *check, const char *engine,
			   const char *environment)
{
	report->findings =
		xreallocarray(report->findings, report->count + 1, sizeof(*report->findings));
	struct finding *finding = &report->findings[report->count++];
	*finding = (struct finding){
		.check = xstrdup(check),
		.engine = clean(xstrdup_or_null(engine)),
		.environment = clean(xstrdup_or_null(environment)),
		.result = RESULT_SKIPPED,
	};
	return finding;
}

void report_done(struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		struct finding *finding = &report->findings[i];
		free(finding->check);
		free(finding->engine);
		free(finding->environment);
		free(finding->what);
		free(finding->remedy);
	}
	free(report->findings);
	*report = (struct report){.count = 0};
}

int report_exit_code(const struct report *report)
{
	int gravest = EXIT_DONE;

	for (size_t i = 0; i < report->count; i++)
		gravest = exit_graver(gravest, report->findings[i].exit_code);
	return gravest;
}

/* --- judging ---------------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 0))) static char *one_line(const char *format, va_list arguments)
{
	char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		abort();
	return clean(text);
}

__attribute__((format(printf, 4, 0))) static void judge(struct finding *finding, enum result result,
							int exit_code, const char *format,
							va_list arguments)
{
	free(finding->what);
	free(TAKE(finding->remedy));
	finding->result = result;
	finding->exit_code = exit_code;
	finding->what = one_line(format, arguments);
}

void finding_ok(struct finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	judge(finding, RESULT_OK, EXIT_DONE, format, arguments);
	va_end(arguments);
}

void finding_warn(struct finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	judge(finding, RESULT_WARNING, EXIT_DONE, format, arguments);
	va_end(arguments);
}

void finding_fail(struct finding *finding, int exit_code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	judge(finding, RESULT_FAILURE, exit_code, format, arguments);
	va_end(arguments);
}

void finding_skip(struct finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	judge(finding, RESULT_SKIPPED, EXIT_DONE, format, arguments);
	va_end(arguments);
}

void finding_remedy(struct finding *finding, const char *format, ...)
{
	va_list arguments;

	free(finding->remedy);
	va_start(arguments, format);
	finding->remedy = one_line(format, arguments);
	va_end(arguments);
}
