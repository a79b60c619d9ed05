/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session writes, as an engine frames it, with its token taken out, for a terminal: in
 * pieces that the first bytes decide about. However it is cut, the same comes out, and never the
 * token, nor anything that a terminal would obey.
 */
#include "base/redact.h"
#include "cli/visible.h"
#include "engine/frames.h"
#include "fuzz/fuzz.h"

#include <string.h>

static const char token[] = "sk-ant-Zm9vYmFy-1234";

struct stage {
	struct redaction redaction;
	struct visible visible;
	struct buf redacted, shown;
};

static void on_shown(const char *data, size_t len, void *arg)
{
	struct stage *stage = arg;

	for (size_t i = 0; i < len; i++)
		must((unsigned char)data[i] >= ' ' || strchr("\n\r\t", data[i]));
	must(buf_add(&stage->shown, data, len) == 0);
}

static void on_redacted(const char *data, size_t len, void *arg)
{
	struct stage *stage = arg;

	must(buf_add(&stage->redacted, data, len) == 0);
	visible_feed(&stage->visible, data, len, on_shown, stage);
}

static void on_output(enum output_stream stream, const char *data, size_t len, void *arg)
{
	struct stage *stages = arg;

	must(stream == OUTPUT_STDOUT || stream == OUTPUT_STDERR);
	redaction_feed(&stages[stream].redaction, data, len);
}

/* `cuts` as fuzz_piece() has them; NULL: all at once. */
static void feed(struct stage stages[OUTPUT_STREAMS], const struct redactor *redactor,
		 const char *data, size_t size, const uint8_t *cuts)
{
	struct frames frames = {0};
	bool is_framed = true;

	for (int i = 0; i < OUTPUT_STREAMS; i++) {
		stages[i] = (struct stage){0};
		redaction_init(&stages[i].redaction, redactor, on_redacted, &stages[i]);
		buf_init(&stages[i].redacted, 64 * size + 64);
		buf_init(&stages[i].shown, 512 * size + 512);
	}
	for (size_t at = 0, i = 0, piece; is_framed && at < size; at += piece, i++) {
		piece = cuts ? fuzz_piece(cuts, i, size - at) : size;
		is_framed = frames_feed(&frames, data + at, piece, on_output, stages);
	}
	for (int i = 0; i < OUTPUT_STREAMS; i++)
		redaction_finish(&stages[i].redaction);
}

static void forget(struct stage stages[OUTPUT_STREAMS])
{
	for (int i = 0; i < OUTPUT_STREAMS; i++) {
		redaction_done(&stages[i].redaction);
		buf_done(&stages[i].redacted);
		buf_done(&stages[i].shown);
	}
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stage whole[OUTPUT_STREAMS], cut[OUTPUT_STREAMS];
	struct redactor *redactor = redactor_new();
	struct secret *secret = secret_new(token, sizeof(token) - 1);

	redactor_add(redactor, secret, "sessions token");
	if (size >= FUZZ_CUTS) {
		const char *bytes = (const char *)data + FUZZ_CUTS;
		feed(whole, redactor, bytes, size - FUZZ_CUTS, NULL);
		feed(cut, redactor, bytes, size - FUZZ_CUTS, data);
		for (int i = 0; i < OUTPUT_STREAMS; i++) {
			must(same(&whole[i].redacted, &cut[i].redacted));
			must(same(&whole[i].shown, &cut[i].shown));
			must(whole[i].redacted.len == 0 ||
			     !memmem(whole[i].redacted.data, whole[i].redacted.len, token,
				     sizeof(token) - 1));
		}
		forget(whole);
		forget(cut);
	}
	(void)secret_free(secret);
	(void)redactor_free(redactor);
	return 0;
}
