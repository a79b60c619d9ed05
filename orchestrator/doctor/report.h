#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a doctor found, as rows: a stable name of the check, whom it is about, the result, the fact,
 * and what to do. A check judges by one of the finding_*() functions:
 *
 *	finding_fail(finding, EXIT_CONFIG, "user '%s' has no range in /etc/subuid", name);
 *	finding_remedy(finding, "usermod --add-subuids 165536-231071 %s", name);
 */
#include <stddef.h>

enum result {
	RESULT_OK,
	RESULT_WARNING, /* sessions run, and something will bite some day */
	RESULT_FAILURE, /* sessions do not run */
	RESULT_SKIPPED, /* it does not apply, or cannot be told */
};

struct finding {
	char *check;		    /* "engine.version" */
	char *engine, *environment; /* whom it is about; both NULL: this host */
	enum result result;
	char *what;   /* one line */
	char *remedy; /* a command, or NULL */
	int exit_code;
};

struct report {
	struct finding *findings;
	size_t count;
};

/* A further row, skipped until it is judged; valid until the next is added. */
struct finding *report_add(struct report *report, const char *check, const char *engine,
			   const char *environment);
void report_done(struct report *report);

/* The gravest exit code. */
int report_exit_code(const struct report *report);

/* On stdout, for people and for programs. */
void report_print_text(const struct report *report);
void report_print_json(const struct report *report);

/* Each replaces what was found before. In all texts keys are masked (text_mask_keys()), and what a
 * terminal does not show where it stands becomes '?' (text_show()). */
void finding_ok(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void finding_warn(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void finding_fail(struct finding *finding, int exit_code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void finding_skip(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A command to paste. */
void finding_remedy(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
