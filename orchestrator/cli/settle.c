/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/settle.h"

#include "base/cleanup.h"
#include "cli/enquiry.h"
#include "cli/exit.h"

#include <stdio.h>

struct settling {
	struct visit *visit;
	const char *work;
	struct holding *holding;
};

static int be_undecided(const struct settling *settling, const char *why)
{
	printf("undecided: work item %s is not force-stopped: %s\n", settling->work, why);
	return EXIT_TEMPORARY;
}

static int force_stop(const struct settling *settling, struct enquiry *enquiry)
{
	if (!enquiry_stop(enquiry, settling->work, true))
		return be_undecided(settling, enquiry->call.err.text);
	printf("work item %s is force-stopped\n", settling->work);
	return EXIT_DONE;
}

static int decide(const struct settling *settling, struct enquiry *enquiry)
{
	struct holding *holding = settling->holding;
	struct work_status status;

	enum find_item found =
		enquiry_find(enquiry, settling->work, &status, &holding->clock_offset_ms);
	if (settling->visit->exit_code != EXIT_DONE)
		return settling->visit->exit_code;
	if (found == ITEM_UNKNOWN)
		return be_undecided(settling, enquiry->call.err.text);
	if (found == ITEM_NOT_FOUND)
		return be_undecided(settling, "it is not in the list of the queue");
	if (status.state == WORK_STOPPED) {
		printf("work item %s is stopped\n", settling->work);
		return EXIT_DONE;
	}
	if (holding_never_began(holding, &status) || holding_was_ended(holding, &status))
		return force_stop(settling, enquiry);
	_cleanup_free_ char *why =
		xasprintf("it is %s, and not provably held by this container; look at it with "
			  "'berth queue list'",
			  work_state_name(status.state));
	return be_undecided(settling, why);
}

int settle_item(struct visit *visit, const struct environment *environment, const char *work,
		struct holding *holding)
{
	const struct settling settling = {.visit = visit, .work = work, .holding = holding};
	struct secret *key = NULL;
	struct enquiry enquiry = {.loop = NULL};
	struct err err;
	int exit_code;

	if (!environment)
		return be_undecided(&settling, "its environment is not configured here; say "
					       "--config FILE, or --environment-id ID and "
					       "--environment-key-file FILE");
	if (key_read(&environment->key, &key, &err) < 0)
		return be_undecided(&settling, err.text);
	if (enquiry_open(&enquiry, visit->fleet, environment, visit->loop, &visit->exit_code, key,
			 &err) < 0)
		exit_code = be_undecided(&settling, err.text);
	else
		exit_code = decide(&settling, &enquiry);
	enquiry_close(&enquiry);
	return exit_code;
}
