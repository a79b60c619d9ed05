/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The HTTP side: libmicrohttpd in its external epoll mode behind two listening unix sockets of our
 * own, the engine's and the control interface's. Listening ourselves lets the engine's socket
 * disappear and come back while containers and control connections stay.
 */

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct json_object;
struct server;

/* Listens on both sockets; NULL (and a line on stderr) when that fails. */
struct server *server_new(struct engine *engine);

/* Closes every connection and removes the socket files. */
void server_free(struct server *server);

/* One turn: waits for something to do and does it. */
void server_turn(struct server *server);

/* Takes the engine's socket away, or brings it back; `cut` also closes its connections. */
bool server_listen(struct server *server, bool up, bool cut);

/* Takes the socket and all its connections away for a while, as a service does that has ended. */
void server_leave(struct server *server, int64_t away_ms);

/* Stops or resumes taking connections from the engine's accept queue. */
void server_accept(struct server *server, bool on);

/* Adds the numbers of open connections to `stats`. */
void server_stats(const struct server *server, struct json_object *stats);
