/* SPDX-License-Identifier: Apache-2.0 */
#include "queue_fixture.h"

#include "base/cleanup.h"
#include "unit/unit.h"

#include <string.h>

static void on_done(struct queue_call *call, void *arg)
{
	struct queue_fixture *f = arg;

	assert_ptr_equal(call, &f->call);
	f->done_count++;
}

int queue_set_up(void **state)
{
	struct queue_fixture *f = xcalloc(1, sizeof(*f));

	assert_int_equal(loop_new(&f->loop, NULL), 0);
	f->key = secret_new(KEY, strlen(KEY));
	f->peer = (struct queue_peer){.loop = f->loop,
				      .lane = fake_lane(f->loop),
				      .base_url = "https://queue.example",
				      .environment_id = "env_1",
				      .name = "env_1",
				      .worker_id = "host-1",
				      .key = f->key};
	queue_call_init(&f->call, on_done, f);
	*state = f;
	return 0;
}

int queue_tear_down(void **state)
{
	struct queue_fixture *f = *state;

	queue_call_done(&f->call);
	(void)lane_free(f->peer.lane);
	(void)loop_free(f->loop);
	(void)secret_free(f->key);
	free(f);
	return 0;
}

void call_start(struct queue_fixture *f, enum which which)
{
	switch (which) {
	case POLL:
		queue_poll(&f->peer, &f->call, 999, 0);
		break;
	case ACK:
		queue_ack(&f->peer, &f->call, "work_1");
		break;
	case STOP:
		queue_force_stop(&f->peer, &f->call, "work_1");
		break;
	case LIST:
		queue_list(&f->peer, &f->call, NULL);
		break;
	case STATS:
		queue_stats(&f->peer, &f->call);
		break;
	}
}

enum queue_outcome call_outcome(struct queue_fixture *f, enum which which, struct fake_reply reply)
{
	unsigned before = f->done_count;

	fake_reply(f->loop, reply);
	call_start(f, which);
	assert_int_equal(f->done_count, before);
	fake_run(f->loop, 60000);
	assert_int_equal(f->done_count, before + 1);
	return f->call.outcome;
}

enum queue_outcome call_outcome_of_body(struct queue_fixture *f, enum which which, const char *body)
{
	return call_outcome(f, which, (struct fake_reply){.status = 200, .body = body});
}

const struct fake_sent *call_sent(struct queue_fixture *f)
{
	return fake_sent(f->loop, fake_sent_count(f->loop) - 1);
}

void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}
