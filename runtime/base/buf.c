/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static char empty[1];

void buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf){.data = empty, .max = max};
}

void buf_done(struct buf *buf)
{
	if (buf->cap > 0)
		free(buf->data);
	buf_init(buf, buf->max);
}

void buf_done_wipe(struct buf *buf)
{
	if (buf->cap > 0)
		explicit_bzero(buf->data, buf->cap);
	buf_done(buf);
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	if (buf->cap > 0)
		buf->data[0] = '\0';
}

static int reserve(struct buf *buf, size_t more)
{
	size_t want = buf->len + more + 1;
	size_t cap = buf->cap > 0 ? buf->cap : 64;

	if (more > buf->max || buf->len > buf->max - more)
		return -E2BIG;
	if (want <= buf->cap)
		return 0;
	while (cap < want)
		cap *= 2;
	/* Not realloc(), which would leave a copy behind that buf_done_wipe() no longer finds. */
	char *data = xmalloc(cap);
	memcpy(data, buf->data, buf->len);
	data[buf->len] = '\0';
	if (buf->cap > 0) {
		explicit_bzero(buf->data, buf->len);
		free(buf->data);
	}
	buf->data = data;
	buf->cap = cap;
	return 0;
}

int buf_add(struct buf *buf, const void *data, size_t len)
{
	int r = reserve(buf, len);
	if (r < 0)
		return r;
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return 0;
}

int buf_adds(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

int buf_vaddf(struct buf *buf, const char *format, va_list arguments)
{
	_cleanup_free_ char *text = NULL;
	int length = vasprintf(&text, format, arguments);

	if (length < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return buf_add(buf, text, (size_t)length);
}

int buf_addf(struct buf *buf, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int r = buf_vaddf(buf, format, arguments);
	va_end(arguments);
	return r;
}

char *buf_take(struct buf *buf)
{
	char *text = buf->cap > 0 ? buf->data : xstrdup("");

	buf_init(buf, buf->max);
	return text;
}
