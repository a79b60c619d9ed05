#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the `queue` commands have in common: the environments, the key that each is asked with, and
 * the exit code of several answers. An organization's key (ANTHROPIC_API_KEY, or the file that
 * ANTHROPIC_API_KEY_FILE names) is accepted by these commands alone, and used where an environment
 * has no key of its own and the call takes it.
 */
#include "cli/enquiry.h"

#include <stdbool.h>

struct queue_command {
	const char *name;	   /* "queue list" */
	bool takes_api_key;	   /* its call accepts an organization's key */
	bool is_about_one;	   /* of several environments one must be named */
	struct fleet_flags *flags; /* `need` is set here */
	/* Asks one environment: EXIT_DONE, or an exit code after stderr was told why. */
	int (*ask)(struct enquiry *enquiry, const struct environment *environment, void *arg);
	void *arg;
};

/* Asks each environment. The gravest exit code; what was said where it is one of its own. */
int queue_each(const struct queue_command *command);

/* The exit code of a call that failed, after stderr was told why. */
int queue_complain(const char *command, const struct enquiry *enquiry);
