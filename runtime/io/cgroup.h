#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the cgroups of a process are in the file system. It has one per hierarchy, and which
 * hierarchy has a controller is the machine's choice: old ones (cgroup v1) are looked at first, as
 * a controller belongs to one hierarchy only. Private to io/.
 */
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct cgroup_view {
	struct buf cgroups; /* /proc/PID/cgroup: cgroups(7) */
	struct buf mounts;  /* /proc/self/mountinfo: proc(5) */
};

/* Where the files of one controller are for the process. */
struct cgroup_place {
	bool is_v2;
	char *folder;	/* of its own cgroup; the holder's */
	size_t topmost; /* as many characters of `folder` name the cgroup of the container */
};

/* The path of the process's cgroup in the hierarchy with that controller ("" for cgroup v2). The
 * caller's, or NULL. */
char *cgroup_path(const struct cgroup_view *view, const char *controller);

/* False unless the process is in a cgroup that has `owner` in its name, and its files can be seen.
 */
bool cgroup_find(const struct cgroup_view *view, const char *controller, const char *owner,
		 struct cgroup_place *ret);
