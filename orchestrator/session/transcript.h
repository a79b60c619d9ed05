#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a container's output as lines of text that say which stream they are of, in the form
 * of Kubernetes' container runtimes without its times:
 *
 *	stdout F a whole line
 *	stderr P the beginning of a line, or a part of it
 *
 * Pure.
 */
#include "base/buf.h"
#include "engine/frames.h"

#include <stdbool.h>

struct transcript {
	struct buf text;
	size_t size;
	bool is_cut; /* more came than is kept */
};

/* Keeps the last `size` bytes, from the beginning of a line on. */
void transcript_init(struct transcript *transcript, size_t size);
void transcript_add(struct transcript *transcript, enum output_stream stream, const char *data,
		    size_t len);
/* Nothing more is added: `text` is what was kept. */
void transcript_finish(struct transcript *transcript);
void transcript_done(struct transcript *transcript);

/* Tells `len` bytes of a transcript as output again, or only its last `tail` lines (negative: all).
 * A line that is none of a transcript is left out. */
void transcript_replay(const char *text, size_t len, int64_t tail, output_fn fn, void *arg);
