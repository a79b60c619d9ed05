/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fleet file, in a folder of its own with a key and a policy. What is wrong with it has a place;
 * what is right with it can be planned; and no message has the key in it, not even if the file has.
 */
#include "config/fleet.h"

#include "fuzz/fuzz.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "fleet.yaml"
#define KEY	  "sk-ant-oat01-fuzzed"

static char folder[] = "/tmp/berth-fuzz-XXXXXX";

static void leave_folder(void)
{
	(void)unlink(FILE_NAME);
	(void)unlink("key");
	(void)unlink("policies/hardened.yaml");
	(void)rmdir("policies");
	if (chdir("/") == 0)
		(void)rmdir(folder);
}

static void write_file(const char *path, const void *data, size_t size)
{
	/* A file that is made shorter goes to the disk at once; a new one does not. */
	(void)unlink(path);
	FILE *file = fopen(path, "w");
	must(file);
	must(fwrite(data, 1, size, file) == size);
	must(fclose(file) == 0);
}

static void enter_folder(void)
{
	static const char policy[] = "mounts: {roots: [/srv]}\n";
	static bool is_there;

	if (is_there)
		return;
	must(mkdtemp(folder) && chdir(folder) == 0);
	must(atexit(leave_folder) == 0);
	/* Nothing but the file decides. */
	must(clearenv() == 0);
	write_file("key", KEY, strlen(KEY));
	must(chmod("key", 0600) == 0);
	must(mkdir("policies", 0700) == 0);
	write_file("policies/hardened.yaml", policy, strlen(policy));
	is_there = true;
}

struct input {
	const uint8_t *data;
	size_t size;
};

static bool has(const struct input *input, const char *text)
{
	return memmem(input->data, input->size, text, strlen(text));
}

static void check_line(const char *line, void *arg)
{
	const struct input *input = arg;

	must(fuzz_is_message(line));
	must(!strstr(line, KEY));
	/* An included file is a place, too. */
	must(strncmp(line, FILE_NAME ":", strlen(FILE_NAME ":")) == 0 || has(input, "include"));
}

static void check_problems(const struct problems *problems, struct input *input)
{
	problems_each(problems, check_line, input);
}

static void check_fleet(const struct fleet *fleet, enum fleet_need need, struct input *input)
{
	must(fleet->instance && fleet->state_dir && fleet->engine_count > 0);
	check_problems(&fleet->warnings, input);
	for (size_t i = 0; need != FLEET_ENGINE_ONLY && i < fleet->environment_count; i++) {
		struct plan *plan = NULL;
		struct err err;
		must(fleet_sample_plan(fleet, &fleet->environments[i], "work", "session", &plan,
				       &err) == 0);
		(void)plan_free(plan);
	}
}

static void load(struct input *input, enum fleet_need need)
{
	struct fleet_flags flags = {.config = FILE_NAME, .need = need};
	struct fleet *fleet = NULL;
	struct problems problems;

	problems_init(&problems);
	int r = fleet_load(&flags, &problems, &fleet);
	must((r == 0) == (problems.count == 0) && (r == 0) == (fleet != NULL));
	check_problems(&problems, input);
	if (fleet)
		check_fleet(fleet, need, input);
	(void)fleet_free(fleet);
	problems_done(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};

	enter_folder();
	/* A pattern could go through all of this machine's files. */
	if (has(&input, "include") && has(&input, "/"))
		return 0;
	write_file(FILE_NAME, data, size);
	load(&input, FLEET_ENGINE_ONLY);
	load(&input, FLEET_NO_KEYS);
	load(&input, FLEET_ALL);
	return 0;
}
