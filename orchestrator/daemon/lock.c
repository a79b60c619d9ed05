/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/lock.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

int lock_state_dir(const char *state_dir, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/lock", state_dir);
	_cleanup_close_ int fd = -1;
	char pid[24] = "";

	int r = file_make_directories(state_dir, 0700, err);
	if (r < 0)
		return err_prefix(err, "state_dir");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(err, ERR_INPUT, -errno, "state_dir: cannot open lock '%s': %s", path,
			       strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = -errno;
		if (read(fd, pid, sizeof(pid) - 1) < 0)
			pid[0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		return err_set(err, ERR_TEMPORARY, r,
			       "another berth (pid %s) is at work in state_dir '%s'; give this one "
			       "its own --state-dir and --instance, or wait for it to end",
			       pid[0] ? pid : "unknown", state_dir);
	}
	int length = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)length, 0) != length)
		return err_set(err, ERR_INPUT, -EIO, "cannot write lock '%s'", path);
	return TAKE_FD(fd);
}
