/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

void explain(const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	int r = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (r < 0)
		abort();
	(void)text_mask_keys(text);
	(void)fputs(text, stderr);
}
