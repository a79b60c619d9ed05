/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of a process: RLIMIT_* from /proc/PID/limits (proc(5)), the others from the files of
 * its cgroups (Linux' documents cgroup-v1 and cgroup-v2).
 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "io/cgroup.h"
#include "io/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROC_FILE_MAX	((size_t)1 << 20)
#define MOUNTS_MAX	((size_t)64 << 20) /* about a kilobyte for each container */
#define CGROUP_FILE_MAX ((size_t)4 << 10)

/* cgroup v1 says "no limit" with the largest multiple of a page. */
#define V1_NO_LIMIT (INT64_C(1) << 62)

struct reader {
	const char *root;
	const char *owner;
	struct cgroup_view view;
};

static int read_file(const struct reader *reader, const char *path, size_t max, struct buf *text,
		     struct err *err)
{
	_cleanup_free_ char *full = xasprintf("%s%s", reader->root, path);

	buf_init(text, max);
	return file_read(full, text, err);
}

/* --- reading values -----------------------------------------------------------------------------
 */

/* Reads what `file` of a cgroup says; false if it is not there. "max" and -1 are no limit. */
static bool read_values(const struct reader *reader, const char *folder, const char *file,
			int64_t *first, int64_t *second)
{
	_cleanup_(buf_done) struct buf text = {0};
	_cleanup_free_ char *path = xasprintf("%s/%s", folder, file);
	struct err err;
	char *rest;

	if (read_file(reader, path, CGROUP_FILE_MAX, &text, &err) < 0)
		return false;
	if (strncmp(text.data, "max", 3) == 0) {
		*first = PROCESS_UNLIMITED;
		rest = text.data + 3;
	} else {
		*first = strtoll(text.data, &rest, 10);
		if (*first < 0 || *first >= V1_NO_LIMIT)
			*first = PROCESS_UNLIMITED;
	}
	if (second)
		*second = strtoll(rest, NULL, 10);
	return true;
}

static int64_t stricter(int64_t a, int64_t b)
{
	if (a == PROCESS_UNLIMITED)
		return b;
	return b == PROCESS_UNLIMITED || a < b ? a : b;
}

/* The strictest value of `file` from the process's own cgroup up to the container's topmost one. */
static int64_t strictest(const struct reader *reader, const struct cgroup_place *place,
			 const char *file)
{
	_cleanup_free_ char *folder = xstrdup(place->folder);
	int64_t result = PROCESS_UNLIMITED, value;

	for (;;) {
		if (read_values(reader, folder, file, &value, NULL))
			result = stricter(result, value);
		char *slash = strrchr(folder, '/');
		if (!slash || (size_t)(slash - folder) < place->topmost)
			return result;
		*slash = '\0';
	}
}

static int64_t cpu_millis(const struct reader *reader, const char *folder, bool is_v2)
{
	int64_t quota = PROCESS_UNLIMITED, period = 0;

	if (is_v2)
		(void)read_values(reader, folder, "cpu.max", &quota, &period);
	else if (read_values(reader, folder, "cpu.cfs_quota_us", &quota, NULL))
		(void)read_values(reader, folder, "cpu.cfs_period_us", &period, NULL);
	if (quota == PROCESS_UNLIMITED || quota > INT64_MAX / 2000 || period <= 0)
		return PROCESS_UNLIMITED;
	return (quota * 1000 + period - 1) / period;
}

static int64_t strictest_cpu(const struct reader *reader, const struct cgroup_place *place)
{
	_cleanup_free_ char *folder = xstrdup(place->folder);
	int64_t result = PROCESS_UNLIMITED;

	for (;;) {
		result = stricter(result, cpu_millis(reader, folder, place->is_v2));
		char *slash = strrchr(folder, '/');
		if (!slash || (size_t)(slash - folder) < place->topmost)
			return result;
		*slash = '\0';
	}
}

static void read_memory(const struct reader *reader, const struct cgroup_place *place,
			struct process_limits *limits)
{
	if (place->is_v2) {
		limits->memory_bytes = strictest(reader, place, "memory.max");
		limits->swap_bytes = strictest(reader, place, "memory.swap.max");
		return;
	}
	int64_t both = strictest(reader, place, "memory.memsw.limit_in_bytes");
	limits->memory_bytes = strictest(reader, place, "memory.limit_in_bytes");
	if (both != PROCESS_UNLIMITED && limits->memory_bytes != PROCESS_UNLIMITED)
		limits->swap_bytes = both - limits->memory_bytes;
}

static void read_cgroups(const struct reader *reader, struct process_limits *limits)
{
	struct cgroup_place memory = {0}, pids = {0}, cpu = {0};

	bool has_memory = cgroup_find(&reader->view, "memory", reader->owner, &memory);
	bool has_pids = cgroup_find(&reader->view, "pids", reader->owner, &pids);
	bool has_cpu = cgroup_find(&reader->view, "cpu", reader->owner, &cpu);
	if (has_memory)
		read_memory(reader, &memory, limits);
	if (has_pids)
		limits->pids = strictest(reader, &pids, "pids.max");
	if (has_cpu)
		limits->cpu_millis = strictest_cpu(reader, &cpu);
	limits->is_whole = has_memory && has_pids && has_cpu;
	free(memory.folder);
	free(pids.folder);
	free(cpu.folder);
}

/* "Max open files   1024   4096   files": the second value is the hard limit. */
static int read_rlimit(const struct buf *text, const char *name, int64_t *ret, struct err *err)
{
	const char *line = strstr(text->data, name);
	char hard[32];

	if (!line || sscanf(line + strlen(name), "%*s %31s", hard) != 1)
		return err_set(err, ERR_ENGINE, -EIO, "/proc does not show '%s'", name);
	*ret = strcmp(hard, "unlimited") == 0 ? PROCESS_UNLIMITED : strtoll(hard, NULL, 10);
	return 0;
}

static int read_rlimits(const struct buf *text, struct process_limits *limits, struct err *err)
{
	int r = read_rlimit(text, "Max open files", &limits->open_files, err);
	if (r == 0)
		r = read_rlimit(text, "Max processes", &limits->processes, err);
	if (r == 0)
		r = read_rlimit(text, "Max core file size", &limits->core_bytes, err);
	return r;
}

/* user_namespaces(7): lines of "inside outside count". */
static int64_t read_root_uid(const struct reader *reader, int pid)
{
	_cleanup_(buf_done) struct buf text = {0};
	_cleanup_free_ char *path = xasprintf("/proc/%d/uid_map", pid);
	struct err err;

	if (read_file(reader, path, PROC_FILE_MAX, &text, &err) < 0 || text.len == 0)
		return 0;
	for (const char *line = text.data; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line == '\0')
			break;
		char *second, *third;
		int64_t inside = strtoll(line, &second, 10);
		int64_t outside = strtoll(second, &third, 10);
		/* What makes no sense proves nothing. */
		if (second == line || third == second)
			return 0;
		if (inside == 0)
			return outside;
	}
	return -1;
}

int process_read_limits_at(const char *root, int pid, const char *owner, struct process_limits *ret,
			   struct err *err)
{
	_cleanup_(buf_done) struct buf rlimits = {0};
	_cleanup_free_ char *rlimits_path = xasprintf("/proc/%d/limits", pid);
	_cleanup_free_ char *cgroups_path = xasprintf("/proc/%d/cgroup", pid);
	struct reader reader = {.root = root, .owner = owner};
	struct process_limits limits = {
		.memory_bytes = PROCESS_UNLIMITED,
		.swap_bytes = PROCESS_UNLIMITED,
		.pids = PROCESS_UNLIMITED,
		.cpu_millis = PROCESS_UNLIMITED,
	};

	int r = read_file(&reader, rlimits_path, PROC_FILE_MAX, &rlimits, err);
	if (r == 0)
		r = read_file(&reader, cgroups_path, PROC_FILE_MAX, &reader.view.cgroups, err);
	if (r == 0)
		r = read_file(&reader, "/proc/self/mountinfo", MOUNTS_MAX, &reader.view.mounts,
			      err);
	if (r < 0)
		r = err_set(err, ERR_ENGINE, r == -ENOENT ? -ESRCH : r,
			    "the engine's process %d cannot be looked at (%s)", pid, strerror(-r));
	else
		r = read_rlimits(&rlimits, &limits, err);
	if (r == 0) {
		_cleanup_free_ char *own = cgroup_path(&reader.view, "memory");
		_cleanup_free_ char *unified = cgroup_path(&reader.view, "");
		const char *shown = own ? own : unified;
		(void)snprintf(limits.cgroup, sizeof(limits.cgroup), "%s", shown ? shown : "none");
		read_cgroups(&reader, &limits);
		limits.root_uid = read_root_uid(&reader, pid);
		*ret = limits;
	}
	buf_done(&reader.view.cgroups);
	buf_done(&reader.view.mounts);
	return r;
}

int process_read_limits(int pid, const char *owner, struct process_limits *ret, struct err *err)
{
	return process_read_limits_at("", pid, owner, ret, err);
}
