/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/admission.h"

#include "io/space.h"

#include <inttypes.h>
#include <stdio.h>

#define LOOK_EVERY_MS 1000u

bool admission_has_room(struct admission *admission, const struct host_settings *host,
			const char *data_root, uint64_t now_ms)
{
	if (admission->has_looked && now_ms - admission->looked_ms < LOOK_EVERY_MS)
		return !admission->refusal[0];
	admission->has_looked = true;
	admission->looked_ms = now_ms;
	admission->refusal[0] = '\0';

	int64_t disk = data_root ? space_on_disk(data_root) : INT64_MAX;
	int64_t memory = space_in_memory();
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
