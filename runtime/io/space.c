/* SPDX-License-Identifier: Apache-2.0 */
#include "io/space.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"

#include <string.h>
#include <sys/statvfs.h>

int64_t space_on_disk(const char *path)
{
	struct statvfs status;

	if (statvfs(path, &status) < 0)
		return INT64_MAX;
	return (int64_t)status.f_bavail * (int64_t)status.f_frsize;
}

int64_t space_in_memory(void)
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
