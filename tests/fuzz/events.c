/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine's event stream: lines, in pieces that the first bytes decide about. However it is
 * cut, the lines are the same, and so is what they say.
 */
#include "base/cleanup.h"
#include "engine/container.h"
#include "engine/event.h"
#include "engine/lines.h"
#include "fuzz/fuzz.h"

#include <string.h>

#define LINE_MAX_BYTES 512

struct seen {
	struct buf text; /* all lines, one after the other */
	unsigned dropped;
};

static void on_line(const char *line, size_t len, void *arg)
{
	struct seen *seen = arg;
	struct engine_event event;

	must(line[len] == '\0' && len > 0 && len <= LINE_MAX_BYTES && !memchr(line, '\n', len));
	must(buf_add(&seen->text, line, len) == 0 && buf_add(&seen->text, "\n", 1) == 0);
	const struct dialect *const dialects[] = {&dialect_docker, &dialect_podman};
	for (size_t i = 0; i < ARRAY_SIZE(dialects); i++)
		if (event_parse(dialects[i], line, len, &event) == 1) {
			must(container_id_is_valid(event.container_id));
			must(event.action);
		}
}

/* `cuts` as fuzz_piece() has them; NULL: all at once. */
static void feed(struct seen *seen, const char *data, size_t size, const uint8_t *cuts)
{
	struct lines lines;

	buf_init(&seen->text, 2 * size + 2);
	lines_init(&lines, LINE_MAX_BYTES);
	for (size_t at = 0, i = 0, piece; at < size; at += piece, i++) {
		piece = cuts ? fuzz_piece(cuts, i, size - at) : size;
		seen->dropped += lines_feed(&lines, data + at, piece, on_line, seen);
	}
	lines_done(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = {.dropped = 0}, cut = {.dropped = 0};

	if (size < FUZZ_CUTS)
		return 0;
	feed(&whole, (const char *)data + FUZZ_CUTS, size - FUZZ_CUTS, NULL);
	feed(&cut, (const char *)data + FUZZ_CUTS, size - FUZZ_CUTS, data);
	must(whole.dropped == cut.dropped);
	must(whole.text.len == cut.text.len);
	must(whole.text.len == 0 || memcmp(whole.text.data, cut.text.data, cut.text.len) == 0);
	buf_done(&whole.text);
	buf_done(&cut.text);
	return 0;
}
