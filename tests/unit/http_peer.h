#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A web server with bad manners, in threads of its own: what it does is chosen by the path of each
 * request. For tests of what talks HTTP.
 *
 *     /status/N            N with the body "status N"; 204 and 304 without one
 *     /echo                200; the body is the request as it came, head and all
 *     /delay/MS            200 after MS milliseconds
 *     /header/NAME/VALUE   200 with that header
 *     /body/N              200 with N bytes of body
 *     /head/N              200 with N bytes of headers
 *     /drip/MS             200 whose body comes byte by byte, MS apart, for ever
 *     /lines/N             200, chunked, N lines "line 1", "line 2", ... in chunks of their own
 *     /redirect            302 to /status/200
 *     /silent              never replies
 *     /cut                 closes instead of replying
 *     /cut-if-reused       200, but closes if it is not the first request of its connection
 *     /close               200, then closes without having said so
 *     /short               promises 100 bytes of body, sends 10, closes
 *     /short-chunk         the same with a chunked body
 *     /garbage             something that is not HTTP
 */
#include <stdbool.h>
#include <stddef.h>

struct peer;

/* Listens on a free port of 127.0.0.1. */
struct peer *peer_new_tcp(void);

/* Listens on a unix socket with that backlog, and accepts only after a pause each time. */
struct peer *peer_new_unix(const char *path, int backlog, unsigned accept_pause_ms);

/* Cuts every connection and waits for the threads. Returns NULL. */
struct peer *peer_free(struct peer *peer);

int peer_port(const struct peer *peer);

/* How many connections and requests there have been. */
unsigned peer_connections(struct peer *peer);
unsigned peer_requests(struct peer *peer);

/* The most requests that were being answered at once. */
unsigned peer_most_at_once(struct peer *peer);

/* True if the paths of all requests, each followed by a space, are `paths`. */
bool peer_was_asked(struct peer *peer, const char *paths);
