/* SPDX-License-Identifier: Apache-2.0 */
/* The key of an environment: read again when it is rejected, on reload, and when its file changes.
 */
#include "base/cleanup.h"
#include "daemon/claimant_parts.h"
#include "daemon/daemon.h"

bool claimant_reread_key(struct claimant *claimant)
{
	_cleanup_(secret_freep) struct secret *key = NULL;
	struct log_ids ids = claimant_ids(claimant);
	struct err err;

	claimant->key_stamp = key_look(&claimant_config(claimant)->key);
	if (key_read(&claimant_config(claimant)->key, &key, &err) < 0) {
		(void)log_err(LOG_WARNING, "key_unreadable", &ids, &err);
		return false;
	}
	if (secret_equal(key, claimant->key))
		return false;
	claimant->key = secret_free(claimant->key);
	claimant->key = TAKE(key);
	claimant->peer.key = claimant->key;
	log_event(LOG_INFO, "key_replaced", &ids, NULL, "another key is used from here on");
	lookup_key_replaced(claimant->lookup);
	if (claimant->may_resume) {
		/* A poller whose key was rejected has stopped for good: another one starts. */
		claimant_begin_again(claimant);
		claimant_start(claimant);
	}
	return true;
}

bool claimant_key_rejected(const struct err *why, void *arg)
{
	struct claimant *claimant = arg;
	struct log_ids ids = claimant_ids(claimant);

	if (claimant->is_rejected)
		return false;
	if (claimant_reread_key(claimant))
		return true;
	/* Sessions and the last poll of one that has been told to stop go on asking. */
	bool was_stopped = claimant->state == CLAIMANT_FINISHED;
	claimant->is_rejected = true;
	log_event(LOG_ERROR, "key_rejected", &ids, NULL,
		  "%s; check the environment's id and its key, then reload (SIGHUP) or start again",
		  why->text);
	claimant->host->verdict(VERDICT_KEY_REJECTED, claimant->host->arg);
	claimant_stop(claimant);
	claimant->may_resume = !was_stopped && !claimant->host->is_drain;
	return false;
}

void claimant_look_at_key(struct claimant *claimant)
{
	struct key_stamp stamp = key_look(&claimant_config(claimant)->key);

	/* A file that is gone for a moment is being replaced. */
	if (stamp.inode != 0 && !key_stamp_equal(&stamp, &claimant->key_stamp))
		(void)claimant_reread_key(claimant);
}
