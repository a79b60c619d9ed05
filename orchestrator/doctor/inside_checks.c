/* SPDX-License-Identifier: Apache-2.0 */
/* The promises as they look from inside, and what a worker needs of its image. */
#include "cli/exit.h"
#include "doctor/inside.h"
#include "io/process.h"

#include <inttypes.h>

static void check_user(const struct inside *inside, const struct policy *policy,
		       struct finding *finding)
{
	if (inside->uid == policy->uid && inside->gid == policy->gid)
		finding_ok(finding, "%" PRId64 ":%" PRId64, inside->uid, inside->gid);
	else
		finding_fail(finding, EXIT_CONFIG,
			     "%" PRId64 ":%" PRId64 " instead of %" PRIu32 ":%" PRIu32, inside->uid,
			     inside->gid, policy->uid, policy->gid);
}

static void check_capabilities(const struct inside *inside, const struct policy *policy,
			       struct finding *finding)
{
	if (inside->has_capabilities && !(inside->capabilities & ~policy->capabilities))
		finding_ok(finding, "%s",
			   inside->capabilities ? "no more than the policy keeps" : "none");
	else
		finding_fail(finding, EXIT_CONFIG,
			     "the bounding set is %" PRIx64 ", the policy keeps %" PRIx64,
			     inside->capabilities, policy->capabilities);
}

static void check_no_new_privileges(const struct inside *inside, const struct policy *policy,
				    struct finding *finding)
{
	if (!policy->no_new_privileges)
		finding_skip(finding, "the policy does not ask for it");
	else if (inside->no_new_privileges == 1)
		finding_ok(finding, "set");
	else
		finding_fail(finding, EXIT_CONFIG, "not set");
}

static void check_seccomp(const struct inside *inside, const struct policy *policy,
			  struct finding *finding)
{
	if (inside->seccomp == 2)
		finding_ok(finding, "system calls are filtered");
	else if (policy->unenforced & WAIVE_SECCOMP)
		finding_warn(finding, "system calls are not filtered, which the policy waives");
	else
		finding_fail(finding, EXIT_CONFIG, "system calls are not filtered");
}

static void check_root(const struct inside *inside, const struct policy *policy,
		       struct finding *finding)
{
	if (!policy->read_only_root)
		finding_skip(finding, "the policy does not ask for it");
	else if (inside->has_read_only_root)
		finding_ok(finding, "the image's files cannot be changed");
	else
		finding_fail(finding, EXIT_CONFIG, "the image's files can be changed");
}

static bool is_within(int64_t holds, int64_t asked)
{
	return holds != PROCESS_UNLIMITED && holds <= asked;
}

static void check_ulimits(const struct inside *inside, const struct policy *policy,
			  struct finding *finding)
{
	if (is_within(inside->nofile, policy->nofile) && is_within(inside->nproc, policy->nproc) &&
	    is_within(inside->core_bytes, policy->core_bytes))
		finding_ok(finding, "nofile %" PRId64 ", nproc %" PRId64 ", core %" PRId64,
			   inside->nofile, inside->nproc, inside->core_bytes);
	else if (policy->unenforced & WAIVE_ULIMITS)
		finding_warn(finding, "wider than the policy, which waives them");
	else
		finding_fail(finding, EXIT_CONFIG,
			     "nofile %" PRId64 ", nproc %" PRId64 ", core %" PRId64
			     " (-1: no limit), which is wider than the policy",
			     inside->nofile, inside->nproc, inside->core_bytes);
}

static void check_writable(const struct inside *inside, const struct policy *policy,
			   struct finding *finding)
{
	if (inside->closed[0] == '\0')
		finding_ok(finding, "all %zu places of the policy can be written",
			   policy->tmpfs_count);
	else
		finding_fail(finding, EXIT_CONFIG,
			     "cannot be written: %s (the image's own directory has other "
			     "permission bits)",
			     inside->closed);
}

static void check_ca(const struct inside *inside, const struct policy *policy,
		     struct finding *finding)
{
	(void)policy;
	if (inside->ca[0] != '\0') {
		finding_ok(finding, "%s", inside->ca);
		return;
	}
	finding_warn(finding, "the image has no certificates of authorities: git and curl trust "
			      "nobody in it");
	finding_remedy(finding, "apt-get install --yes ca-certificates  # in the image's build");
}

static void check_node(const struct inside *inside, const struct policy *policy,
		       struct finding *finding)
{
	(void)policy;
	if (inside->node[0] == '\0')
		finding_skip(finding, "the image has no Node");
	else if (inside->proxy[0] == '\0')
		finding_ok(finding, "Node %s, no proxy is set", inside->node);
	else if (inside->node_uses_proxy)
		finding_ok(finding, "Node %s uses %s", inside->node, inside->proxy);
	else
		finding_warn(finding,
			     "Node %s goes past %s: say NODE_USE_ENV_PROXY: \"1\" under "
			     "`env` of the environment",
			     inside->node, inside->proxy);
}

const struct inside_check inside_checks[] = {
	{"inside.user", check_user},
	{"inside.capabilities", check_capabilities},
	{"inside.no_new_privileges", check_no_new_privileges},
	{"inside.seccomp", check_seccomp},
	{"inside.read_only_root", check_root},
	{"inside.ulimits", check_ulimits},
	{"inside.writable", check_writable},
	{"inside.ca_certificates", check_ca},
	{"inside.node_proxy", check_node},
	{NULL},
};
