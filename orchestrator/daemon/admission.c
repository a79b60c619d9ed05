/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/admission.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define LOOK_EVERY_MS 1000u

static int64_t free_disk_bytes(const char *path)
{
	struct statvfs status;

	/* A data root on another machine, or behind a wall, cannot be measured from here. */
	if (!path || statvfs(path, &status) < 0)
		return INT64_MAX;
	return (int64_t)status.f_bavail * (int64_t)status.f_frsize;
}

static int64_t free_memory_bytes(void)
{
	_cleanup_(buf_done) struct buf text;
	int64_t kib = INT64_MAX / 1024;

	buf_init(&text, BUF_MAX_KEY_FILE);
	if (file_read("/proc/meminfo", &text, NULL) < 0)
		return INT64_MAX;
	const char *line = strstr(text.data, "MemAvailable:");
	if (line)
		kib = strtoll(line + strlen("MemAvailable:"), NULL, 10);
	return kib * 1024;
}

bool admission_has_room(struct admission *admission, const struct host_settings *host,
			const char *data_root, uint64_t now_ms)
{
	if (admission->has_looked && now_ms - admission->looked_ms < LOOK_EVERY_MS)
		return !admission->refusal[0];
	admission->has_looked = true;
	admission->looked_ms = now_ms;
	admission->refusal[0] = '\0';

	int64_t disk = free_disk_bytes(data_root), memory = free_memory_bytes();
	if (disk < host->min_free_disk_bytes) {
		(void)snprintf(admission->refusal, sizeof(admission->refusal),
			       "%" PRId64
			       " MiB free below '%.60s', host.min_free_disk asks for %" PRId64,
			       disk >> 20, data_root, host->min_free_disk_bytes >> 20);
	} else if (memory < host->min_free_memory_bytes) {
		(void)snprintf(admission->refusal, sizeof(admission->refusal),
			       "%" PRId64
			       " MiB of memory available, host.min_free_memory asks for %" PRId64,
			       memory >> 20, host->min_free_memory_bytes >> 20);
	}
	return !admission->refusal[0];
}
