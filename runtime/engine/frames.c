/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/frames.h"

#include <string.h>

/* What the stream's number means: 0 is what went in, 3 an error of the engine's own. */
static bool read_header(struct frames *frames)
{
	static const enum output_stream streams[] = {OUTPUT_STDOUT, OUTPUT_STDOUT, OUTPUT_STDERR,
						     OUTPUT_STDERR};
	const unsigned char *header = frames->header;

	if (header[0] > 3 || header[1] != 0 || header[2] != 0 || header[3] != 0)
		return false;
	frames->stream = streams[header[0]];
	frames->left = (uint32_t)header[4] << 24 | (uint32_t)header[5] << 16 |
		       (uint32_t)header[6] << 8 | header[7];
	frames->header_len = 0;
	return true;
}

bool frames_feed(struct frames *frames, const char *data, size_t len, output_fn fn, void *arg)
{
	while (len > 0) {
		size_t piece;
		if (frames->left > 0) {
			piece = len < frames->left ? len : frames->left;
			fn(frames->stream, data, piece, arg);
			frames->left -= (uint32_t)piece;
		} else {
			piece = sizeof(frames->header) - frames->header_len;
			piece = len < piece ? len : piece;
			memcpy(frames->header + frames->header_len, data, piece);
			frames->header_len += piece;
			if (frames->header_len == sizeof(frames->header) && !read_header(frames))
				return false;
		}
		data += piece;
		len -= piece;
	}
	return true;
}
