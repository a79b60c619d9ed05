#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Whether anybody is behind a unix socket. */

/* 0 if a connection to the socket at `path` is accepted, or would be; -ECONNREFUSED if nobody
 * listens (its program has ended and left it), else -errno. What listens sees a connection that
 * ends at once, and a service that is started by a first connection is started. */
int unix_socket_try(const char *path);
