#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes apart the output of a container without a terminal: frames of an 8-byte header (stream,
 * three zeros, length in network order) and that many bytes, as Docker's API reference has them
 * under "Attach to a container"; Podman's are the same. Arrives in pieces, cut anywhere. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum output_stream { OUTPUT_STDOUT, OUTPUT_STDERR, OUTPUT_STREAMS };

/* Zero-initialised: at the beginning. */
struct frames {
	unsigned char header[8];
	size_t header_len;
	uint32_t left; /* of the frame's bytes */
	enum output_stream stream;
};

/* `data` is only valid during the call. */
typedef void (*output_fn)(enum output_stream stream, const char *data, size_t len, void *arg);

/* Calls fn(stream, data, len, arg) for what is there of each frame. False if these are no frames;
 * then nothing more must be fed. */
bool frames_feed(struct frames *frames, const char *data, size_t len, output_fn fn, void *arg);
