/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* `length` is the one that the text would have had. */
static void finish(struct err *err, int length)
{
	static const char dots[] = "...";

	if (length >= (int)sizeof(err->text))
		memcpy(err->text + sizeof(err->text) - sizeof(dots), dots, sizeof(dots));
	(void)text_mask_keys(err->text);
	text_show(err->text);
}

int err_set(struct err *err, enum err_kind kind, int code, const char *format, ...)
{
	va_list arguments;

	if (!err)
		return code;
	err->kind = kind;
	err->code = code;
	va_start(arguments, format);
	finish(err, vsnprintf(err->text, sizeof(err->text), format, arguments));
	va_end(arguments);
	return code;
}

int err_prefix(struct err *err, const char *format, ...)
{
	char prefix[sizeof(err->text)], rest[sizeof(err->text)];
	va_list arguments;

	if (!err)
		return -EIO;
	va_start(arguments, format);
	(void)vsnprintf(prefix, sizeof(prefix), format, arguments);
	va_end(arguments);
	memcpy(rest, err->text, sizeof(rest));
	finish(err, snprintf(err->text, sizeof(err->text), "%s: %s", prefix, rest));
	return err->code;
}
