/* SPDX-License-Identifier: Apache-2.0 */
/* What a rootless engine needs of its host. The user is who owns the engine's socket. */
#include "base/buf.h"
#include "base/cleanup.h"
#include "cli/exit.h"
#include "doctor/checks.h"
#include "doctor/rootless_host.h"
#include "engine/probe.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* What images expect to find: ids from 0 to 65535. */
#define ENOUGH_IDS 65536

struct user {
	uid_t uid;
	char *name;
};

static void user_done(struct user *user)
{
	free(user->name);
}

/* False, with the finding skipped, if it cannot be told. */
static bool find_user(const struct subject *subject, struct user *ret, struct finding *finding)
{
	const char *socket = subject->engine->settings->socket;
	struct stat status;

	*ret = (struct user){.name = NULL};
	if (stat(socket, &status) < 0 || status.st_uid == 0) {
		finding_skip(finding, "the socket does not show whose engine it is");
		return false;
	}
	ret->uid = status.st_uid;
	ret->name = rootless_user(subject->doctor->host_root, status.st_uid);
	if (!ret->name)
		finding_skip(finding, "the host has no user %u", (unsigned)status.st_uid);
	return ret->name;
}

static void check_linger(const struct subject *subject, struct finding *finding)
{
	const char *root = subject->doctor->host_root;
	_cleanup_(user_done) struct user user = {.name = NULL};

	if (!rootless_has_systemd(root)) {
		finding_skip(finding, "this host has no systemd that ends what users leave behind");
	} else if (find_user(subject, &user, finding)) {
		if (rootless_lingers(root, user.name)) {
			finding_ok(finding, "the session of %s outlives its logins", user.name);
			return;
		}
		finding_fail(finding, EXIT_CONFIG,
			     "the engine and its sessions end with the last login of %s",
			     user.name);
		finding_remedy(finding, "loginctl enable-linger %s", user.name);
	}
}

static void check_ids(const struct subject *subject, const char *file, struct finding *finding)
{
	const char *root = subject->doctor->host_root;
	_cleanup_(user_done) struct user user = {.name = NULL};

	if (!find_user(subject, &user, finding))
		return;
	int64_t count = rootless_ids(root, file, user.name, user.uid);
	if (count >= ENOUGH_IDS) {
		finding_ok(finding, "%" PRId64 " ids for the containers of %s", count, user.name);
		return;
	}
	if (count < 0 && count != -ENOENT) {
		finding_skip(finding, "/etc/%s cannot be read: %s", file, strerror((int)-count));
		return;
	}
	if (count <= 0)
		finding_fail(finding, EXIT_CONFIG,
			     "/etc/%s has no range for %s: containers have no user to run as", file,
			     user.name);
	else
		finding_warn(finding, "/etc/%s has %" PRId64 " ids for %s: images expect %d", file,
			     count, user.name, ENOUGH_IDS);
	/* A range that somebody else has would open that user's containers to this one's. */
	int64_t first = rootless_free_ids(root, file);
	finding_remedy(finding, "usermod --add-%ss %" PRId64 "-%" PRId64 " %s", file, first,
		       first + ENOUGH_IDS - 1, user.name);
}

static void check_subuid(const struct subject *subject, struct finding *finding)
{
	check_ids(subject, "subuid", finding);
}

static void check_subgid(const struct subject *subject, struct finding *finding)
{
	check_ids(subject, "subgid", finding);
}

static void check_newuidmap(const struct subject *subject, struct finding *finding)
{
	const char *root = subject->doctor->host_root;
	_cleanup_free_ char *uid = rootless_find_program(root, "newuidmap");
	_cleanup_free_ char *gid = rootless_find_program(root, "newgidmap");

	if (uid && gid) {
		finding_ok(finding, "%s and %s", uid, gid);
		return;
	}
	finding_fail(finding, EXIT_CONFIG, "the host has no %s, which gives containers their ids",
		     uid ? "newgidmap" : "newuidmap");
	finding_remedy(finding, "apt-get install --yes uidmap");
}

static void judge_delegation(const struct subject *subject, const char *controllers,
			     struct finding *finding)
{
	static const struct {
		const char *name;
		unsigned needed_for;
	} needed[] = {
		{"cpu", WAIVE_CPUS}, {"memory", WAIVE_MEMORY | WAIVE_SWAP}, {"pids", WAIVE_PIDS}};
	unsigned promised = doctor_promised(subject->doctor, subject->engine->settings);
	_cleanup_(buf_done) struct buf missing;
	bool is_promised = false;

	buf_init(&missing, BUF_MAX_LOG_LINE);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (rootless_has_word(controllers, needed[i].name))
			continue;
		(void)!buf_addf(&missing, "%s%s", missing.len > 0 ? ", " : "", needed[i].name);
		is_promised |= (promised & needed[i].needed_for) != 0;
	}
	if (missing.len == 0) {
		finding_ok(finding, "the user's session may use %s", controllers);
		return;
	}
	if (is_promised)
		finding_fail(finding, EXIT_CONFIG,
			     "the user's session may not limit %s, which a policy promises",
			     missing.data);
	else
		finding_warn(finding, "the user's session may not limit %s", missing.data);
	finding_remedy(finding, "mkdir -p /etc/systemd/system/user@.service.d && printf "
				"'[Service]\\nDelegate=cpu memory pids\\n' > "
				"/etc/systemd/system/user@.service.d/delegate.conf && systemctl "
				"daemon-reload");
}

static void check_delegation(const struct subject *subject, struct finding *finding)
{
	const char *root = subject->doctor->host_root;
	_cleanup_(user_done) struct user user = {.name = NULL};

	if (!engine_probe(subject->engine->engine)->host.has_cgroup_v2) {
		finding_skip(finding, "cgroup v1 gives users nothing");
		return;
	}
	if (!find_user(subject, &user, finding))
		return;
	_cleanup_free_ char *controllers = rootless_controllers(root, user.uid);
	if (controllers) {
		judge_delegation(subject, controllers, finding);
		return;
	}
	finding_fail(finding, EXIT_CONFIG, "%s has no session that cgroups are given to",
		     user.name);
	finding_remedy(finding, "loginctl enable-linger %s", user.name);
}

const struct check rootless_checks[] = {
	{"rootless.linger", check_linger, true},
	{"rootless.subuid", check_subuid, true},
	{"rootless.subgid", check_subgid, true},
	{"rootless.newuidmap", check_newuidmap, true},
	{"rootless.delegation", check_delegation, true},
	{NULL},
};
