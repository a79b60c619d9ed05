/* SPDX-License-Identifier: Apache-2.0 */
#include "poller_owner.h"

#include "base/cleanup.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

static void meddle(struct owner *owner, enum callback callback)
{
	if (owner->wake_in == callback)
		poller_wake(owner->poller);
	if (owner->stop_in == callback)
		poller_stop(owner->poller);
	if (owner->free_in == callback)
		owner->poller = poller_free(owner->poller);
}

static bool take_slot(bool *ret_no_block, void *arg)
{
	struct owner *owner = arg;

	*ret_no_block = owner->others_wait;
	meddle(owner, TAKE_SLOT);
	if (owner->slots == 0)
		return false;
	owner->slots--;
	owner->taken++;
	return true;
}

static void release_slot(void *arg)
{
	struct owner *owner = arg;

	owner->slots++;
	owner->released++;
	meddle(owner, RELEASE_SLOT);
}

static void claimed(struct work_item *item, void *arg)
{
	struct owner *owner = arg;

	owner->claimed++;
	(void)snprintf(owner->last_id, sizeof(owner->last_id), "%s", item->id);
	work_item_done(item);
	meddle(owner, CLAIMED);
}

static void refused(struct work_item *item, const struct err *why, void *arg)
{
	struct owner *owner = arg;

	owner->refused++;
	owner->why = *why;
	(void)snprintf(owner->last_id, sizeof(owner->last_id), "%s", item->id);
	work_item_done(item);
	meddle(owner, REFUSED);
}

static void empty(void *arg)
{
	struct owner *owner = arg;

	owner->empty++;
	meddle(owner, EMPTY);
}

static void trouble(const struct err *why, unsigned in_a_row, void *arg)
{
	struct owner *owner = arg;

	owner->trouble = in_a_row;
	owner->why = *why;
	meddle(owner, TROUBLE);
}

static bool rejected(const struct err *why, void *arg)
{
	struct owner *owner = arg;

	owner->rejected++;
	owner->why = *why;
	meddle(owner, REJECTED);
	if (owner->keys_left == 0)
		return false;
	owner->keys_left--;
	(void)secret_free(owner->key);
	owner->key = secret_new("new-key", 7);
	owner->peer.key = owner->key;
	return true;
}

static void failed(const struct err *why, void *arg)
{
	struct owner *owner = arg;

	owner->failed++;
	owner->why = *why;
	meddle(owner, FAILED);
}

int owner_set_up(void **state)
{
	struct owner *owner = xcalloc(1, sizeof(*owner));
	const struct poller_owner functions = {
		.take_slot = take_slot,
		.release_slot = release_slot,
		.claimed = claimed,
		.refused = refused,
		.empty = empty,
		.trouble = trouble,
		.rejected = rejected,
		.failed = failed,
		.arg = owner,
	};

	assert_int_equal(loop_new(&owner->loop, NULL), 0);
	owner->key = secret_new("old-key", 7);
	owner->peer = (struct queue_peer){.loop = owner->loop,
					  .lane = fake_lane(owner->loop),
					  .base_url = "https://queue.example",
					  .environment_id = "env_1",
					  .name = "env_1",
					  .worker_id = "host-1",
					  .key = owner->key};
	owner->settings =
		(struct poll_settings){.block_ms = 999, .idle_min_ms = 1000, .idle_max_ms = 3000};
	owner->slots = 1000000;
	owner->poller = poller_new(&owner->peer, &owner->settings, &functions);
	captured_log_begin(&owner->log);
	*state = owner;
	return 0;
}

int owner_tear_down(void **state)
{
	struct owner *owner = *state;

	(void)poller_free(owner->poller);
	(void)lane_free(owner->peer.lane);
	(void)loop_free(owner->loop);
	(void)secret_free(owner->key);
	captured_log_end(&owner->log);
	free(owner);
	return 0;
}

void owner_reply_status(struct owner *owner, long status)
{
	fake_reply(owner->loop, (struct fake_reply){.status = status});
}

void owner_reply_body(struct owner *owner, const char *body)
{
	fake_reply(owner->loop, (struct fake_reply){.status = 200, .body = body});
}

void owner_reply_empty(struct owner *owner, unsigned times)
{
	while (times-- > 0)
		owner_reply_body(owner, "null");
}

size_t owner_polls(struct owner *owner)
{
	return fake_sent_count(owner->loop);
}

uint64_t owner_pause_before(struct owner *owner, size_t n)
{
	return fake_sent(owner->loop, n)->at_ms - fake_sent(owner->loop, n - 1)->at_ms;
}

void owner_start(struct owner *owner)
{
	poller_wake(owner->poller);
	assert_int_equal(owner_polls(owner), 0);
	fake_run(owner->loop, 0);
}

unsigned owner_logged(struct owner *owner, const char *event, const char *level)
{
	unsigned count = captured_log_count(&owner->log, event, level, "env_1");

	assert_int_equal(count, captured_log_count(&owner->log, event, level, NULL));
	return count;
}

void assert_slots_are_back(struct owner *owner)
{
	assert_int_equal(owner->released + owner->claimed + owner->refused, owner->taken);
}
