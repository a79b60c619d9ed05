#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What a path is besides its name: with a mount, one directory is in several places. Pure. */

/* Which of `paths` (ends with NULL) is also at `path`, in it, or around it, by the mounts that
 * `mountinfo` has (/proc/self/mountinfo, proc(5)); NULL: none. What is so by its name only is not
 * said. All paths are normal. */
const char *host_mounts_find(const char *mountinfo, const char *path, const char *const *paths);
