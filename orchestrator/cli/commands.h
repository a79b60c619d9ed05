#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, each in its cmd_<verb>.c (doctor's in the folder of its checks), and their order in
 * every list of them. */
#include "cli/flags.h"

extern const struct command command_check;
extern const struct command command_completion;
extern const struct command command_doctor;
extern const struct command command_drain;
extern const struct command command_gc;
extern const struct command command_logs;
extern const struct command command_plan;
extern const struct command command_ps;
extern const struct command command_queue_list;
extern const struct command command_queue_stats;
extern const struct command command_queue_stop;
extern const struct command command_run;
extern const struct command command_schema;
extern const struct command command_stop;
extern const struct command command_version;

/* All of them; NULL ends the list. */
extern const struct command *const commands[];

/* The command that the words at `argv` begin with, NULL if there is none. *ret_words is the number
 * of words that its name has. */
const struct command *command_find(int argc, char *const *argv, int *ret_words);

/* The name of a command that `word` may have been meant for, or NULL. */
const char *command_nearest(const char *word);
