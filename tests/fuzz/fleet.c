/* SPDX-License-Identifier: Apache-2.0 */
/* A fleet file, in an empty folder of its own. */
#include "config/fleet.h"

#include "fuzz/fuzz.h"

#include <string.h>
#include <unistd.h>

#define FILE_NAME "fleet.yaml"

static char folder[] = "/tmp/berth-fuzz-XXXXXX";

static void leave_folder(void)
{
	(void)unlink(FILE_NAME);
	if (chdir("/") == 0)
		(void)rmdir(folder);
}

static void enter_folder(void)
{
	static bool is_there;

	if (is_there)
		return;
	must(mkdtemp(folder) && chdir(folder) == 0);
	must(atexit(leave_folder) == 0);
	/* Nothing but the file decides. */
	must(clearenv() == 0);
	is_there = true;
}

static void write_input(const uint8_t *data, size_t size)
{
	FILE *file = fopen(FILE_NAME, "w");

	must(file);
	must(fwrite(data, 1, size, file) == size);
	must(fclose(file) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum fleet_need needs[] = {FLEET_ENGINE_ONLY, FLEET_NO_KEYS};

	enter_folder();
	write_input(data, size);
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		struct fleet_flags flags = {.config = FILE_NAME, .need = needs[i]};
		struct fleet *fleet = NULL;
		struct problems problems;

		problems_init(&problems);
		int r = fleet_load(&flags, &problems, &fleet);
		must((r == 0) == (problems.count == 0) && (r == 0) == (fleet != NULL));
		must(!fleet || (fleet->instance && fleet->state_dir));
		(void)fleet_free(fleet);
		problems_done(&problems);
	}
	return 0;
}
