#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a container engine's socket where nobody named one. */
#include <sys/types.h>

/*
 * The first of the usual sockets that user `uid` has, that this process may use, and behind which
 * somebody listens, as a path of the caller's; NULL if there is none. *ret_reason says in either
 * case why, for the log, and how to choose where others would do as well; it is the caller's.
 * Sockets of a user are found by uid, because cron sets no XDG_RUNTIME_DIR. `root` stands before
 * every path:
 * "" outside of tests.
 */
char *discover_socket(const char *root, uid_t uid, char **ret_reason);

/* For a socket below /run/user/UID: why that directory is not there and what to do, as a text of
 * the caller's; NULL if it is, or for another socket. */
char *discover_session_hint(const char *root, const char *socket);
