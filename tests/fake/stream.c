/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

struct stream *stream_new(struct loop *loop, void (*released)(struct stream *stream, void *arg),
			  void *arg)
{
	struct stream *stream = xcalloc(1, sizeof(*stream));

	stream->loop = loop;
	stream->released = released;
	stream->arg = arg;
	stream->cut_at = -1;
	return stream;
}

void stream_add(struct stream *stream, const void *bytes, size_t len)
{
	if (stream->offset == stream->pending.len)
		stream->offset = stream->pending.len = 0;
	text_add(&stream->pending, bytes, len);
	if (stream->drip_ms == 0)
		park_wake(&stream->park);
}

void stream_end(struct stream *stream)
{
	stream->ended = true;
	if (stream->drip_ms == 0)
		park_wake(&stream->park);
}

void stream_break(struct stream *stream)
{
	stream->broken = true;
	park_wake(&stream->park);
}

void stream_free(struct stream *stream)
{
	if (stream->released)
		stream->released(stream, stream->arg);
	text_done(&stream->pending);
	free(stream);
}

static void free_callback(void *cls)
{
	stream_free(cls);
}

static size_t smaller(size_t a, uint64_t b)
{
	return b < a ? (size_t)b : a;
}

static size_t take_bytes(struct stream *stream, char *out, size_t max)
{
	size_t len = smaller(max, stream->pending.len - stream->offset);

	if (len) {
		memcpy(out, stream->pending.data + stream->offset, len);
		stream->offset += len;
	} else {
		len = smaller(max, stream->filler);
		memset(out, ' ', len);
		stream->filler -= len;
	}
	stream->sent += len;
	return len;
}

static ssize_t next_piece(void *cls, uint64_t position, char *out, size_t max)
{
	struct stream *stream = cls;
	bool empty = stream->offset == stream->pending.len && stream->filler == 0;

	(void)position;
	if (stream->broken || stream->park.gone ||
	    (stream->cut_at >= 0 && stream->sent >= (uint64_t)stream->cut_at))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (empty && stream->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (empty) {
		/* What is added to one that drips wakes nobody: it is looked at in its time. */
		park_wait(&stream->park, stream->loop, stream->connection,
			  stream->drip_ms ? stream->drip_ms : -1);
		return 0;
	}
	if (stream->drip_ms && !stream->rested) {
		stream->rested = true;
		park_wait(&stream->park, stream->loop, stream->connection, stream->drip_ms);
		return 0;
	}
	stream->rested = false;
	if (stream->drip_ms)
		max = smaller(max, stream->drip_bytes);
	if (stream->cut_at >= 0)
		max = smaller(max, (uint64_t)stream->cut_at - stream->sent);
	return (ssize_t)take_bytes(stream, out, max);
}

struct MHD_Response *stream_response(struct stream *stream, struct MHD_Connection *connection,
				     uint64_t size)
{
	stream->connection = connection;
	return MHD_create_response_from_callback(size, 16384, next_piece, stream, free_callback);
}
