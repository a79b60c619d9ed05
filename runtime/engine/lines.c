/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/lines.h"

#include <string.h>

void lines_init(struct lines *lines, size_t max_line)
{
	*lines = (struct lines){0};
	buf_init(&lines->partial, max_line);
}

void lines_done(struct lines *lines)
{
	buf_done(&lines->partial);
	lines->is_dropping = false;
}

static void end_line(struct lines *lines, lines_fn fn, void *arg)
{
	struct buf *line = &lines->partial;

	if (line->len > 0 && line->data[line->len - 1] == '\r')
		line->data[--line->len] = '\0';
	if (line->len > 0)
		fn(line->data, line->len, arg);
	buf_reset(line);
}

unsigned lines_feed(struct lines *lines, const char *data, size_t len, lines_fn fn, void *arg)
{
	unsigned dropped = 0;

	while (len > 0) {
		const char *end = memchr(data, '\n', len);
		size_t piece = end ? (size_t)(end - data) : len;

		if (!lines->is_dropping && buf_add(&lines->partial, data, piece) < 0) {
			lines->is_dropping = true;
			buf_reset(&lines->partial);
			dropped++;
		}
		if (end && !lines->is_dropping)
			end_line(lines, fn, arg);
		if (end)
			lines->is_dropping = false;
		data += piece + (end ? 1 : 0);
		len -= piece + (end ? 1 : 0);
	}
	return dropped;
}
