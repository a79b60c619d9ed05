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

int fleet_sample_plan(const struct fleet *fleet, const struct environment *environment,
		      const char *work_id, const char *session_id, struct plan **ret,
		      struct err *err)
{
	static const char sample[] = "sample";
	/* An image that says nothing of itself but that it can be run. */
	char command[] = "(the image's own command)";
	char *commands[] = {command, NULL};
	const struct image_facts facts = {.id = environment->image, .command = commands};
	struct secret *secret = secret_new(sample, strlen(sample));
	char *bridge = xasprintf("berth-%s", fleet->instance);
	struct plan_input input;

	fleet_plan_input(fleet, environment, &input);
	input.work_id = work_id;
	input.session_id = session_id;
	input.work_secret = secret;
	input.sessions_token = secret;
	input.environment_key = secret;
	input.image_facts = &facts;
	input.bridge = bridge;
	int r = plan_build(&input, ret, err);
	secret_free(secret);
	free(bridge);
	return r;
}
