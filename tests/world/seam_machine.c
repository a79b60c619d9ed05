/* SPDX-License-Identifier: Apache-2.0 */
/* What a host asks its own machine: io/process.h, io/space.h; and its service manager, who is not
 * there: io/notify.h. */
#include "base/cleanup.h"
#include "io/notify.h"
#include "io/process.h"
#include "io/space.h"
#include "world/seam.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int process_find(int pid, struct process *ret)
{
	const struct machine_container *container = machine_process(pid);

	if (!container)
		return -ESRCH;
	*ret = (struct process){.pid = pid, .start_ticks = 1 + (uint64_t)pid};
	return 0;
}

bool process_may_run(const struct process *process)
{
	return process->pid == 0 || machine_process(process->pid);
}

bool process_names(int pid, const char *owner)
{
	const struct machine_container *container = machine_process(pid);

	return container && strcmp(container->id, owner) == 0;
}

bool process_runs(int pid, const char *program)
{
	const struct machine_container *container = machine_process(pid);

	(void)program;
	return container && machine_process_runs(container);
}

int process_read_limits(int pid, const char *owner, struct process_limits *ret, struct err *err)
{
	const struct machine_container *container = machine_process(pid);

	if (!container)
		return err_set(err, ERR_ENGINE, -ESRCH, "there is no process %d", pid);
	/* No promise is broken here: whatever was asked for, less is allowed. */
	*ret = (struct process_limits){0};
	(void)snprintf(ret->cgroup, sizeof(ret->cgroup), "/libpod-%s", owner);
	return 0;
}

bool process_is_inside(int pid, const char *owner)
{
	return process_names(pid, owner);
}

/* Nobody looks into a process here. */
int process_read_state(int pid, struct process_state *ret)
{
	(void)pid;
	*ret = (struct process_state){.seccomp = 0};
	return -EACCES;
}

void process_state_done(struct process_state *state)
{
	(void)state;
}

bool process_kernel_has(const char *path)
{
	(void)path;
	return false;
}

int64_t space_on_disk(const char *path)
{
	(void)path;
	return machine_disk(host_current()->machines[0]);
}

int64_t space_in_memory(void)
{
	return machine_memory(host_current()->machines[0]);
}

void notify_send(const char *assignments)
{
	(void)assignments;
}

void notify_reloading(void)
{
}

uint64_t notify_watchdog_ms(void)
{
	return 0;
}
