/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

const struct command *const commands[] = {
	&command_run,	 &command_drain,       &command_check,	    &command_plan,
	&command_doctor, &command_ps,	       &command_logs,	    &command_stop,
	&command_gc,	 &command_queue_stats, &command_queue_list, &command_queue_stop,
	&command_schema, &command_completion,  &command_version,    NULL,
};
