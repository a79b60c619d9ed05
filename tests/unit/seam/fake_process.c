/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_process.h"

#include <errno.h>
#include <string.h>

static struct fake_process the_process;

struct fake_process *fake_process(void)
{
	return &the_process;
}

void fake_process_end(void)
{
	the_process = (struct fake_process){0};
}

static bool exists(int pid)
{
	return pid > 0 && pid == the_process.pid;
}

int process_find(int pid, struct process *ret)
{
	if (!exists(pid))
		return -ESRCH;
	*ret = (struct process){pid, the_process.start_ticks};
	return 0;
}

bool process_may_run(const struct process *process)
{
	return process->pid <= 0 ||
	       (exists(process->pid) && process->start_ticks == the_process.start_ticks);
}

bool process_names(int pid, const char *owner)
{
	return exists(pid) && the_process.owner && strcmp(the_process.owner, owner) == 0;
}

bool process_runs(int pid, const char *program)
{
	return exists(pid) && the_process.program && strcmp(the_process.program, program) == 0;
}

int process_read_limits(int pid, const char *owner, struct process_limits *ret, struct err *err)
{
	if (!process_names(pid, owner) || the_process.hides_its_limits)
		return err_set(err, ERR_ENGINE, -ESRCH, "process %d cannot be looked at", pid);
	*ret = the_process.limits;
	return 0;
}

bool process_is_inside(int pid, const char *owner)
{
	return process_names(pid, owner);
}

/* Only values: nothing that would have to be released. */
int process_read_state(int pid, struct process_state *ret)
{
	*ret = (struct process_state){.seccomp = 0};
	if (!exists(pid))
		return -ESRCH;
	the_process.looks++;
	if (!the_process.state)
		return -EACCES;
	*ret = *the_process.state;
	return 0;
}

void process_state_done(struct process_state *state)
{
	*state = (struct process_state){.seccomp = 0};
}

bool process_kernel_has(const char *path)
{
	(void)path;
	return false;
}
