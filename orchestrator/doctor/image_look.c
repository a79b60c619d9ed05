/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/image_look.h"

#include <errno.h>

static void on_done(struct image_wait *wait, void *arg)
{
	(void)wait;
	visit_answered(arg);
}

void image_look(struct visit *visit, struct visited_engine *on, const char *image,
		struct image_look *ret)
{
	struct image_wait wait = {.next = NULL};

	*ret = (struct image_look){.outcome = ENGINE_UNKNOWN};
	(void)err_set(&ret->err, ERR_TEMPORARY, -ETIMEDOUT, "the engine does not answer");
	image_wait_init(&wait, on_done, visit);
	image_ensure(on->engine, &wait, image, PULL_NEVER);
	if (visit_await(visit, on)) {
		ret->outcome = wait.outcome;
		ret->err = wait.err;
		ret->facts = wait.facts;
		wait.facts = (struct image_facts){.id = NULL};
	}
	image_wait_done(&wait);
}
