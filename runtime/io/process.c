/* SPDX-License-Identifier: Apache-2.0 */
/* Processes by number and start time, as proc(5) shows them (Linux 3.8 and newer). */
#include "io/process.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROC_MAX   ((size_t)256 << 10) /* command lines may be long */
#define START_TIME 22		       /* the field of stat */

static int read_proc(const char *path, struct buf *text)
{
	struct err err;

	buf_init(text, PROC_MAX);
	return file_read(path, text, &err);
}

/* -ESRCH for one that has ended: its number stays taken until its parent has asked for its end. Any
 * other error (no descriptor is left, /proc hides it) says nothing about it. */
static int read_start(int pid, uint64_t *ret_ticks)
{
	_cleanup_(buf_done) struct buf text = {0};
	_cleanup_free_ char *path = xasprintf("/proc/%d/stat", pid);

	int r = pid <= 0 ? -ESRCH : read_proc(path, &text);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	/* The second field is the program's name in parentheses, with whatever it contains. */
	const char *field = strrchr(text.data, ')');
	if (!field || strncmp(field, ") Z", 3) == 0 || strncmp(field, ") X", 3) == 0)
		return -ESRCH;
	for (int i = 2; field && i < START_TIME; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return -EBADMSG;
	*ret_ticks = strtoull(field, NULL, 10);
	return 0;
}

int process_find(int pid, struct process *ret)
{
	uint64_t ticks;

	if (read_start(pid, &ticks) < 0)
		return -ESRCH;
	*ret = (struct process){pid, ticks};
	return 0;
}

bool process_may_run(const struct process *process)
{
	uint64_t ticks;

	if (process->pid <= 0)
		return true;
	int r = read_start(process->pid, &ticks);
	return r < 0 ? r != -ESRCH : ticks == process->start_ticks;
}

static bool file_names(int pid, const char *file, const char *owner)
{
	_cleanup_(buf_done) struct buf text = {0};
	_cleanup_free_ char *path = xasprintf("/proc/%d/%s", pid, file);

	return read_proc(path, &text) == 0 && memmem(text.data, text.len, owner, strlen(owner));
}

bool process_names(int pid, const char *owner)
{
	return pid > 0 && (file_names(pid, "cgroup", owner) || file_names(pid, "cmdline", owner));
}

bool process_is_inside(int pid, const char *owner)
{
	return pid > 0 && (file_names(pid, "cgroup", owner) || file_names(pid, "mountinfo", owner));
}

bool process_runs(int pid, const char *program)
{
	_cleanup_(buf_done) struct buf text = {0};
	_cleanup_free_ char *path = xasprintf("/proc/%d/cmdline", pid);

	return pid > 0 && read_proc(path, &text) == 0 && strcmp(text.data, program) == 0;
}
