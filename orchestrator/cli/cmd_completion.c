/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "cli/completion.h"
#include "cli/exit.h"

#include <stdio.h>
#include <string.h>

struct completion_flags {
	struct flag_list shells;
};

static const struct {
	const char *name;
	void (*print)(void);
} shells[] = {
	{"bash", completion_bash},
	{"zsh", completion_zsh},
	{"fish", completion_fish},
};

static int print_script(const struct flag_list *names)
{
	if (names->count != 1) {
		(void)fprintf(stderr, "berth completion: say for which shell: %s\n",
			      command_completion.operands);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
		if (strcmp(names->values[0], shells[i].name) == 0)
			shells[i].print();
	return EXIT_DONE;
}

static int run_completion(int argc, char **argv)
{
	struct completion_flags flags = {.shells.count = 0};
	int exit_code;

	if (flags_parse(&command_completion, &flags, argc, argv, &exit_code))
		exit_code = print_script(&flags.shells);
	free(flags.shells.values);
	return exit_code;
}

static const struct flag_group completion_groups[] = {{NULL}};

const struct command command_completion = {
	.name = "completion",
	.summary = "print a completion script for a shell",
	.description = "Prints a script that completes berth's commands, flags and values in a "
		       "shell.\nbash: source <(berth completion bash); zsh likewise; "
		       "fish: berth completion fish | source",
	.groups = completion_groups,
	.operands = "bash|zsh|fish",
	.operands_offset = offsetof(struct completion_flags, shells),
	.run = run_completion,
};
