/* SPDX-License-Identifier: Apache-2.0 */
/* Does the engine answer, is it one that berth can work with, and what does its host give it? */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/exit.h"
#include "doctor/check_space.h"
#include "doctor/checks.h"
#include "doctor/rootless_host.h"
#include "engine/probe.h"
#include "io/space.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* It answered, and is not one that berth can work with. */
static bool is_refused(const struct visited_engine *engine)
{
	return !engine->is_open && engine->why.kind == ERR_REFUSED;
}

static const struct engine_host *host_of(const struct subject *subject)
{
	return &engine_probe(subject->engine->engine)->host;
}

static bool is_podman(const struct visited_engine *engine)
{
	return engine_probe(engine->engine)->dialect == &dialect_podman;
}

/* How the service behind that socket is started. */
static void suggest_start(struct finding *finding, const char *socket)
{
	bool is_podmans = socket && strstr(socket, "podman");
	/* Who pastes it is root. */
	_cleanup_free_ char *name = rootless_user("", geteuid());

	if (name && socket && access(socket, R_OK | W_OK) < 0 && errno == EACCES && !is_podmans)
		finding_remedy(finding, "usermod --append --groups docker %s", name);
	else if (socket ? text_starts_with(socket, "/run/user/") : geteuid() != 0)
		finding_remedy(finding, "systemctl --user enable --now %s.socket",
			       is_podmans || !socket ? "podman" : "docker");
	else
		finding_remedy(finding, "systemctl enable --now %s.socket",
			       is_podmans ? "podman" : "docker");
}

static void check_reachable(const struct subject *subject, struct finding *finding)
{
	const struct visited_engine *engine = subject->engine;
	const struct engine_settings *settings = engine->settings;

	if ((engine->is_open && !engine->is_away) || is_refused(engine)) {
		finding_ok(finding, "unix://%s answers (%s)", settings->socket,
			   settings->socket_reason);
		return;
	}
	finding_fail(finding, EXIT_UNAVAILABLE, "%s", engine->why.text);
	suggest_start(finding, settings->socket);
}

static void check_version(const struct subject *subject, struct finding *finding)
{
	const struct visited_engine *engine = subject->engine;

	if (is_refused(engine))
		finding_fail(finding, EXIT_UNAVAILABLE, "%s", engine->why.text);
	else if (!engine->is_open)
		finding_skip(finding, "the engine does not answer");
	else
		finding_ok(finding, "%s", engine_description(engine->engine));
}

static void check_cgroups(const struct subject *subject, struct finding *finding)
{
	const struct engine_host *host = host_of(subject);

	if (host->cgroup_manager[0] == '\0') {
		finding_skip(finding, "the engine does not say");
		return;
	}
	if (!host->is_rootless ||
	    (host->has_cgroup_v2 && strcmp(host->cgroup_manager, "systemd") == 0)) {
		finding_ok(finding, "cgroup %s, managed by %s", host->has_cgroup_v2 ? "v2" : "v1",
			   host->cgroup_manager);
		return;
	}
	/* Whether that is a failure is a matter of the policy: see policy.NAME.host. */
	finding_warn(finding, "cgroup %s, managed by %s: a rootless engine limits nothing there",
		     host->has_cgroup_v2 ? "v2" : "v1", host->cgroup_manager);
	if (host->has_cgroup_v2)
		finding_remedy(finding, "systemctl --user enable --now %s.socket",
			       is_podman(subject->engine) ? "podman" : "docker");
	else
		finding_remedy(finding,
			       "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&systemd.unified_cgroup_"
			       "hierarchy=1 /' /etc/default/grub && update-grub && reboot");
}

struct missing {
	struct buf there, missing;
	unsigned promises; /* that need what is missing */
};

static void sort_out(const struct engine_host *host, struct missing *ret)
{
	static const struct {
		const char *name;
		unsigned bit, needed_for;
	} all[] = {
		{"memory", CONTROLLER_MEMORY, WAIVE_MEMORY | WAIVE_SWAP},
		{"pids", CONTROLLER_PIDS, WAIVE_PIDS},
		{"cpu", CONTROLLER_CPU, WAIVE_CPUS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool is_there = host->controllers & all[i].bit;
		struct buf *list = is_there ? &ret->there : &ret->missing;
		(void)!buf_addf(list, "%s%s", list->len > 0 ? ", " : "", all[i].name);
		ret->promises |= is_there ? 0 : all[i].needed_for;
	}
	if (host->lacks_swap_limit) {
		(void)!buf_addf(&ret->missing, "%sswap", ret->missing.len > 0 ? ", " : "");
		ret->promises |= WAIVE_SWAP;
	}
}

static void judge_controllers(const struct subject *subject, const struct missing *found,
			      struct finding *finding)
{
	const struct engine_host *host = host_of(subject);
	unsigned promised = doctor_promised(subject->doctor, subject->engine->settings);

	if (found->missing.len == 0) {
		finding_ok(finding, "%s", found->there.data);
	} else if (host->is_rootless) {
		/* What a user's service lists is not all that it can use: each container shows. */
		finding_warn(finding, "the service does not list %s", found->missing.data);
	} else if (!(promised & found->promises)) {
		finding_warn(finding, "no limit for %s, which no policy promises here",
			     found->missing.data);
	} else {
		finding_fail(finding, EXIT_CONFIG, "no limit for %s, which a policy promises",
			     found->missing.data);
		finding_remedy(finding,
			       "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&cgroup_enable=memory "
			       "swapaccount=1 /' /etc/default/grub && update-grub && reboot");
	}
}

static void check_controllers(const struct subject *subject, struct finding *finding)
{
	const struct engine_host *host = host_of(subject);
	struct missing found = {.promises = 0};

	if (host->cgroup_manager[0] == '\0') {
		finding_skip(finding, "the engine does not say");
		return;
	}
	buf_init(&found.there, BUF_MAX_LOG_LINE);
	buf_init(&found.missing, BUF_MAX_LOG_LINE);
	sort_out(host, &found);
	judge_controllers(subject, &found, finding);
	buf_done(&found.there);
	buf_done(&found.missing);
}

static void check_disk(const struct subject *subject, struct finding *finding)
{
	_cleanup_free_ char *client = doctor_client(subject->engine);
	const char *root = engine_data_root(subject->engine->engine);

	if (!root) {
		finding_skip(finding, "the engine does not say where it stores images");
		return;
	}
	check_space(finding, root, space_on_disk(root),
		    subject->doctor->fleet->host.min_free_disk_bytes, "min_free_disk");
	if (finding->result == RESULT_FAILURE)
		finding_remedy(finding, "%s system df", client);
}

const struct check engine_checks[] = {
	{"engine.reachable", check_reachable, false},
	{"engine.version", check_version, false},
	{"cgroups.version", check_cgroups, true},
	{"cgroups.controllers", check_controllers, true},
	{"disk.free", check_disk, true},
	{NULL},
};
