/* SPDX-License-Identifier: Apache-2.0 */
#include "config/fleet.h"

void fleet_plan_input(const struct fleet *fleet, const struct environment *environment,
		      struct plan_input *ret)
{
	*ret = (struct plan_input){
		.instance = fleet->instance,
		.environment_id = environment->id,
		.credential = environment->credential,
		.base_url = fleet->session_base_url,
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
