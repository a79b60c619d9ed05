/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A response body that is sent piece by piece: what follows (events, wait, logs -f), and every
 * body that must misbehave on the wire (cut in the middle, dripped, larger than memory should be).
 */

#include "park.h"
#include "text.h"

#include <microhttpd.h>

struct stream {
	struct loop *loop;
	struct park park;
	struct MHD_Connection *connection;
	struct text pending; /* bytes accepted and not yet sent start at `offset` */
	size_t offset;
	uint64_t filler; /* spaces to send after the pending bytes */
	bool ended;	 /* no more bytes follow the pending ones */
	bool broken;	 /* cut the connection instead of sending more */
	int64_t cut_at;	 /* cut after so many bytes; negative: never */
	int64_t drip_ms; /* pause between pieces; 0: none */
	size_t drip_bytes;
	bool rested; /* the pause before the next piece is over */
	uint64_t sent;
	void (*released)(struct stream *stream, void *arg); /* last call before it is freed */
	void *arg;
};

struct stream *stream_new(struct loop *loop, void (*released)(struct stream *stream, void *arg),
			  void *arg);

/* Queues bytes for sending. */
void stream_add(struct stream *stream, const void *bytes, size_t len);

/* What is pending is sent, then the body ends as HTTP has it. */
void stream_end(struct stream *stream);

/* Closes the connection without ending the body. */
void stream_break(struct stream *stream);

/* Hands the stream to libmicrohttpd, which frees it with the response. `size` may be unknown. */
struct MHD_Response *stream_response(struct stream *stream, struct MHD_Connection *connection,
				     uint64_t size);

/* Frees a stream that was never handed over. */
void stream_free(struct stream *stream);
