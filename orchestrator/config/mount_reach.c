/* SPDX-License-Identifier: Apache-2.0 */
#include "config/mount_reach.h"

#include "base/cleanup.h"
#include "policy/host_path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct question {
	const char *source;
	struct err *err;
};

static int refuse(const struct question *question, const char *what, const char *path)
{
	return err_set(question->err, ERR_REFUSED, -EPERM,
		       "source '%s' would give the session %s ('%s'), read-only or not: mount a "
		       "directory made for sessions",
		       question->source, what, path);
}

/* A file by another name: a hard link, or a mount of it elsewhere. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_ino == other.st_ino &&
	       one.st_dev == other.st_dev;
}

static int check(const struct question *question, const char *what, const char *path)
{
	_cleanup_free_ char *real = path ? realpath(path, NULL) : NULL;
	const char *shown = real ? real : path;

	if (!path || path[0] != '/')
		return 0;
	if (host_path_shares(question->source, shown) || is_same_file(question->source, shown))
		return refuse(question, what, path);
	return 0;
}

int mount_check_reach(const struct fleet *fleet, const char *source, struct err *err)
{
	const struct question question = {source, err};

	int r = check(&question, "berth's records and locks", fleet->state_dir);
	if (r == 0)
		r = check(&question, "berth's configuration", fleet->file);
	if (r == 0)
		r = check(&question, "berth's policies", fleet->policy_dir);
	for (size_t i = 0; r == 0 && i < fleet->engine_count; i++) {
		r = check(&question, "the engine's socket, and with it the host",
			  fleet->engines[i].socket);
		if (r == 0)
			r = check(&question, "the credentials of registries",
				  fleet->engines[i].registry_config);
	}
	for (size_t i = 0; r == 0 && i < fleet->environment_count; i++)
		r = check(&question, "an environment key", fleet->environments[i].key.file);
	return r;
}
