#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What of the host no session may be given, whatever a policy or a configuration says. */
#include "base/err.h"

#include <stdbool.h>

/* ERR_REFUSED (-EPERM) if `path`, which is normal, is or holds something of the machine or of an
 * engine, or lies in it. Compared as text. `what` opens the message. */
int host_path_check(const char *what, const char *path, struct err *err);

/* ERR_REFUSED unless `root` is a directory that mounts may come from: itself and no symbolic link,
 * nothing of the machine or of an engine, and such that nobody but root, or the user that berth
 * runs as, can change it or put another one in its place. Looks at the file system. */
int host_path_check_root(const char *root, struct err *err);

/* ERR_REFUSED unless each directory between `root` and `source`, which lies in it, is such that
 * nobody but root, or the user that berth runs as, can put something else in the source's place.
 * The source itself may be anybody's, or not be there. Looks at the file system. */
int host_path_check_source(const char *root, const char *source, struct err *err);

/* ERR_REFUSED if a symbolic link makes `path` another one than it says, or if by a mount it is, or
 * has in it, what no session may be given. One that is not there is left to the engine. Looks at
 * the file system. */
int host_path_check_link(const char *path, struct err *err);

/* True if one of the two is the other or lies in it, by their names or by any mount: with one of
 * them a session has something of the other. Both are normal. Looks at this machine's mounts. */
bool host_path_shares(const char *path, const char *other);
