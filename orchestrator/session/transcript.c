/* SPDX-License-Identifier: Apache-2.0 */
#include "session/transcript.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define PIECE ((size_t)4 << 10) /* of a line, so that a long one can lose its beginning */

static const char *const prefixes[OUTPUT_STREAMS] = {"stdout ", "stderr "};

#define PREFIX_LEN ((size_t)9) /* with "F " or "P " */

void transcript_init(struct transcript *transcript, size_t size)
{
	*transcript = (struct transcript){.size = size};
	buf_init(&transcript->text, 2 * size + PREFIX_LEN + PIECE + 1);
}

void transcript_done(struct transcript *transcript)
{
	buf_done_wipe(&transcript->text);
}

/* Drops lines from the beginning until at most `size` bytes are left. */
static void keep_end(struct transcript *transcript)
{
	struct buf *text = &transcript->text;

	if (text->len <= transcript->size)
		return;
	/* From the byte before on: a line may begin exactly there. */
	const char *end = text->data + text->len, *from = end - transcript->size - 1;
	const char *stop = memchr(from, '\n', (size_t)(end - from));
	const char *line = stop ? stop + 1 : end;
	transcript->is_cut = true;
	text->len = (size_t)(end - line);
	memmove(text->data, line, text->len + 1);
}

static void add_line(struct transcript *transcript, enum output_stream stream, bool is_whole,
		     const char *data, size_t len)
{
	struct buf *text = &transcript->text;

	if (text->len > 2 * transcript->size)
		keep_end(transcript);
	if (buf_adds(text, prefixes[stream]) < 0 || buf_adds(text, is_whole ? "F " : "P ") < 0 ||
	    buf_add(text, data, len) < 0 || buf_adds(text, "\n") < 0)
		abort(); /* there is room for one more line than is kept */
}

void transcript_add(struct transcript *transcript, enum output_stream stream, const char *data,
		    size_t len)
{
	while (len > 0) {
		const char *end = memchr(data, '\n', len < PIECE ? len : PIECE);
		size_t piece = end ? (size_t)(end - data) : len < PIECE ? len : PIECE;
		add_line(transcript, stream, end, data, piece);
		data += piece + (end ? 1 : 0);
		len -= piece + (end ? 1 : 0);
	}
}

void transcript_finish(struct transcript *transcript)
{
	keep_end(transcript);
}

/* --- replay ----------------------------------------------------------------------------------- */

/* The beginning of the last `tail` whole lines of output, both streams together. */
static const char *find_tail(const char *text, size_t len, int64_t tail)
{
	const char *from = text + len;

	while (from > text) {
		const char *line = from - 1;
		while (line > text && line[-1] != '\n')
			line--;
		bool is_whole = (size_t)(from - line) >= PREFIX_LEN && line[7] == 'F';
		/* The parts of a line come before the piece that ends it. */
		if (is_whole && tail-- == 0)
			break;
		from = line;
	}
	return from;
}

static void replay_line(const char *line, size_t len, output_fn fn, void *arg)
{
	enum output_stream stream = OUTPUT_STDOUT;

	if (len < PREFIX_LEN)
		return;
	while (stream < OUTPUT_STREAMS && !text_starts_with(line, prefixes[stream]))
		stream++;
	if (stream == OUTPUT_STREAMS || (line[7] != 'F' && line[7] != 'P') || line[8] != ' ')
		return;
	if (len > PREFIX_LEN)
		fn(stream, line + PREFIX_LEN, len - PREFIX_LEN, arg);
	if (line[7] == 'F')
		fn(stream, "\n", 1, arg);
}

void transcript_replay(const char *text, size_t len, int64_t tail, output_fn fn, void *arg)
{
	const char *end = text + len;
	const char *line = tail < 0 ? text : find_tail(text, len, tail);

	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		if (!stop)
			return;
		replay_line(line, (size_t)(stop - line), fn, arg);
		line = stop + 1;
	}
}
