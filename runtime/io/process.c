/* SPDX-License-Identifier: Apache-2.0 */
/* Processes by number and start time, as proc(5) shows them (Linux 3.8 and newer). */
#include "io/process.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAT_MAX   ((size_t)64 << 10)
#define START_TIME 22 /* the field of stat */

static int read_proc(const char *path, struct buf *text)
{
	struct err err;

	buf_init(text, STAT_MAX);
	return file_read(path, text, &err);
}

/* False for one that has ended: its number stays taken until its parent has asked for its end. */
static bool read_start(int pid, uint64_t *ret_ticks)
{
	_cleanup_(buf_done) struct buf text = {0};
	_cleanup_free_ char *path = xasprintf("/proc/%d/stat", pid);

	if (pid <= 0 || read_proc(path, &text) < 0)
		return false;
	/* The second field is the program's name in parentheses, with whatever it contains. */
	const char *field = strrchr(text.data, ')');
	if (!field || strncmp(field, ") Z", 3) == 0 || strncmp(field, ") X", 3) == 0)
		return false;
	for (int i = 2; field && i < START_TIME; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return false;
	*ret_ticks = strtoull(field, NULL, 10);
	return true;
}

int process_find(int pid, struct process *ret)
{
	uint64_t ticks;

	if (!read_start(pid, &ticks))
		return -ESRCH;
	*ret = (struct process){pid, ticks};
	return 0;
}

bool process_may_run(const struct process *process)
{
	uint64_t ticks;

	return process->pid <= 0 ||
	       (read_start(process->pid, &ticks) && ticks == process->start_ticks);
}

int64_t process_started_at_ms(const struct process *process)
{
	_cleanup_(buf_done) struct buf text = {0};
	long ticks_per_second = sysconf(_SC_CLK_TCK);

	if (process->pid <= 0 || ticks_per_second <= 0 || read_proc("/proc/stat", &text) < 0)
		return 0;
	const char *boot = strstr(text.data, "\nbtime ");
	if (!boot)
		return 0;
	return strtoll(boot + strlen("\nbtime "), NULL, 10) * 1000 +
	       (int64_t)(process->start_ticks * 1000 / (uint64_t)ticks_per_second);
}
