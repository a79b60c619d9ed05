#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An error as a value: the caller owns the storage, the callee fills it in, every level on the way
 * up may prefix what it was doing. No heap, so it also works when nothing else does.
 *
 * Functions that can fail return 0 or -errno and take `struct err *err` as their last argument;
 * NULL means that the caller does not want the text. Callers branch on `kind`, never on `text`.
 */
#include <stdarg.h>

enum err_kind {
	ERR_NONE,
	ERR_INPUT,   /* what somebody wrote is wrong: file, flag, work item */
	ERR_REFUSED, /* understood and not done: a policy or a credential forbids it; never retried
		      */
	ERR_TEMPORARY, /* may work later: retry with back-off */
	ERR_ENGINE,    /* the container engine said no, or something unexpected */
	ERR_LOST,      /* somebody else holds the work item now */
	ERR_BUG,       /* cannot happen; reported, never hidden */
};

struct err {
	int code; /* negative errno */
	enum err_kind kind;
	char text[512]; /* one line, no secret, no trailing full stop */
};

/* Sets kind, code and text; longer texts are cut and end in "...". In what is quoted keys
 * are masked (text_mask_keys()), and what does not show becomes '?' (text_show()). Returns `code`.
 */
int err_set(struct err *err, enum err_kind kind, int code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Puts "what was being done: " before the text. Returns err's code, or -EIO without an err. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
