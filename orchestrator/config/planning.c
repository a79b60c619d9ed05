/* SPDX-License-Identifier: Apache-2.0 */
/* From a configuration to a plan. */
#include "base/cleanup.h"
#include "config/fleet.h"

#include <string.h>

void fleet_plan_input(const struct fleet *fleet, const struct environment *environment,
		      struct plan_input *ret)
{
	*ret = (struct plan_input){
		.instance = fleet->instance,
		.environment_id = environment->id,
		.credential = environment->credential,
		.base_url = fleet->session_base_url,
		.ca_file = fleet->ca_file,
		.image = environment->image,
		.policy = environment->policy,
		.command = environment->command,
		.env = environment->env,
		.env_count = environment->env_count,
		.labels = environment->labels,
		.label_count = environment->label_count,
		.mounts = environment->mounts,
		.mount_count = environment->mount_count,
		.network = environment->network,
		.stop_grace_ms = environment->timeouts.stop_grace_ms,
	};
}

#define SAMPLE_CLAIMED_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

/* Stand-ins for what an item, an engine and an image would bring. */
struct sample {
	char command[32];
	char *commands[2];
	struct image_facts facts;
	struct secret *secret;
	char *bridge;
};

static void sample_init(struct sample *sample, const struct fleet *fleet,
			const struct environment *environment, struct plan_input *input)
{
	static const char secret[] = "sample";

	*sample = (struct sample){
		/* An image that says nothing of itself but that it can be run. */
		.command = "(the image's own command)",
		.commands = {sample->command, NULL},
		.facts = {.id = environment->image, .command = sample->commands},
		.secret = secret_new(secret, strlen(secret)),
		.bridge = xasprintf("berth-%s", fleet->instance),
	};
	fleet_plan_input(fleet, environment, input);
	input->work_secret = sample->secret;
	input->sessions_token = sample->secret;
	input->environment_key = sample->secret;
	input->image_facts = &sample->facts;
	input->bridge = sample->bridge;
}

static void sample_done(struct sample *sample)
{
	secret_free(sample->secret);
	free(sample->bridge);
}

int fleet_sample_plan(const struct fleet *fleet, const struct environment *environment,
		      const char *work_id, const char *session_id, struct plan **ret,
		      struct err *err)
{
	struct plan_input input;
	struct sample sample;

	sample_init(&sample, fleet, environment, &input);
	input.work_id = work_id;
	input.session_id = session_id;
	input.claimed_ms = SAMPLE_CLAIMED_MS;
	int r = plan_build(&input, ret, err);
	sample_done(&sample);
	return r;
}

void fleet_sample_admit(const struct fleet *fleet, const struct environment *environment,
			admit_refused_fn *refused, void *arg)
{
	struct plan_input input;
	struct sample sample;

	sample_init(&sample, fleet, environment, &input);
	input.work_id = "work";
	input.session_id = "session";
	if (!input.environment_id)
		input.environment_id = "environment";
	admit_each(&input, refused, arg);
	sample_done(&sample);
}
