/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what confines a running process is what its policy promises: one function per promise. */
#include "engine/proof_state.h"

#include "base/cleanup.h"
#include "engine/verify.h"
#include "policy/caps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SECCOMP_MODE_FILTER of <linux/seccomp.h>. */
#define SECCOMP_FILTER 2

#define REMEDY                                                                                     \
	"the engine did not do what it said, or something between berth and the engine changed "   \
	"the request: remove it, or use another engine"

static int refuse(const char *field, const char *asked, const char *holds, struct err *err)
{
	return err_set(err, ERR_REFUSED, -EPERM,
		       "%.60s: asked for %.80s, but its process has %.80s; " REMEDY, field, asked,
		       holds);
}

static int refuse_number(const char *field, int64_t asked, int64_t holds, struct err *err)
{
	char want[24], got[24];

	(void)snprintf(want, sizeof(want), "%" PRId64, asked);
	(void)snprintf(got, sizeof(got), "%" PRId64, holds);
	return refuse(field, want, got, err);
}

static int check_user(const struct policy *policy, const struct process_state *state,
		      struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(state->uids); i++)
		if (state->uids[i] != policy->uid)
			return refuse_number("user", policy->uid, state->uids[i], err);
	for (size_t i = 0; i < ARRAY_SIZE(state->gids); i++)
		if (state->gids[i] != policy->gid)
			return refuse_number("user (group)", policy->gid, state->gids[i], err);
	for (size_t i = 0; i < state->group_count; i++)
		if (state->groups[i] != policy->gid)
			return refuse_number("user (further group)", policy->gid, state->groups[i],
					     err);
	return 0;
}

static int check_capabilities(const struct policy *policy, const struct process_state *state,
			      struct err *err)
{
	uint64_t held = state->inheritable | state->permitted | state->effective | state->bounding |
			state->ambient;
	int added = caps_next(held & ~policy->capabilities, 0);
	char name[64];

	if (added < 0)
		return 0;
	caps_format(name, added);
	return refuse("capabilities", "none but those of the policy", name, err);
}

static int check_privileges(const struct policy *policy, const struct process_state *state,
			    struct err *err)
{
	if (policy->no_new_privileges && !state->no_new_privileges)
		return refuse("no_new_privileges", "true", "no such mark", err);
	if (state->seccomp != SECCOMP_FILTER && !(policy->unenforced & WAIVE_SECCOMP))
		return refuse("seccomp", "a filter of system calls", "none", err);
	if (state->oom_score_adj < policy->oom_score_adj)
		return refuse_number("oom_score_adj", policy->oom_score_adj, state->oom_score_adj,
				     err);
	return 0;
}

/* "NAME (enforce)", or a label of SELinux; where nothing is told nothing is known. */
static int check_label(const struct policy *policy, const struct process_state *state,
		       struct err *err)
{
	_cleanup_free_ char *enforced = xasprintf("%s (enforce)", policy->apparmor);
	_cleanup_free_ char *type = xasprintf(":%s:", policy->selinux);

	if (state->label[0] == '\0')
		return 0;
	if (policy->apparmor && strcmp(state->label, enforced) != 0)
		return refuse("apparmor", enforced, state->label, err);
	if (policy->selinux && !strstr(state->label, type))
		return refuse("selinux", policy->selinux, state->label, err);
	return 0;
}

static int check_namespaces(const struct process_state *state, struct err *err)
{
	static const struct {
		enum process_namespace bit;
		const char *name;
	} all[] = {
		{NAMESPACE_PID, "processes (pid)"},
		{NAMESPACE_NETWORK, "network"},
		{NAMESPACE_IPC, "ipc"},
		{NAMESPACE_UTS, "host name (uts)"},
		{NAMESPACE_MOUNT, "mounts"},
		{NAMESPACE_CGROUP, "cgroup"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (state->shared & all[i].bit)
			return refuse(all[i].name, "a name space of its own", "the host's", err);
	return 0;
}

/* --- mounts ------------------------------------------------------------------------------------
 */

static const struct process_mount *find_mount(const struct process_state *state, const char *point)
{
	for (size_t i = 0; i < state->mount_count; i++)
		if (strcmp(state->mounts[i].point, point) == 0)
			return &state->mounts[i];
	return NULL;
}

/* Whether `word` is among words with commas between them. */
static bool has_option(const char *options, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = options; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* "size=65536k" in bytes; -1: no limit. */
static int64_t size_of(const struct process_mount *mount)
{
	const char *size = strstr(mount->of_type, "size=");
	char *end;

	if (!size)
		return -1;
	int64_t number = strtoll(size + strlen("size="), &end, 10);
	return *end == 'k' && number < INT64_MAX / 1024 ? number * 1024 : number;
}

static int64_t whole_pages(int64_t bytes)
{
	return (bytes + 4095) / 4096 * 4096;
}

static int check_size(const char *field, const struct process_mount *mount, int64_t asked,
		      struct err *err)
{
	int64_t size = size_of(mount);

	return size < 0 || size > whole_pages(asked) ? refuse_number(field, asked, size, err) : 0;
}

static int check_tmpfs(const struct policy_tmpfs *tmpfs, const struct process_state *state,
		       struct err *err)
{
	const char *const options[] = {"nosuid", "nodev", tmpfs->exec ? NULL : "noexec"};
	const struct process_mount *mount = find_mount(state, tmpfs->path);
	char name[128];

	(void)snprintf(name, sizeof(name), "tmpfs[%.100s]", tmpfs->path);
	if (!mount || strcmp(mount->type, "tmpfs") != 0)
		return refuse(name, "a tmpfs", mount ? mount->type : "nothing there", err);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i] && !has_option(mount->options, options[i]))
			return refuse(name, options[i], mount->options, err);
	return check_size(name, mount, tmpfs->size_bytes, err);
}

/* Of these paths only those that this kernel has can be hidden. */
static int check_paths(const struct process_state *state, process_has_fn *has, struct err *err)
{
	for (const char *const *path = masked_paths; *path; path++)
		if (has(*path) && !find_mount(state, *path))
			return refuse(*path, "something over it", "the kernel's", err);
	for (const char *const *path = read_only_paths; *path; path++) {
		const struct process_mount *mount = find_mount(state, *path);
		if (has(*path) && !(mount && has_option(mount->options, "ro")))
			return refuse(*path, "it read-only", "it writable", err);
	}
	return 0;
}

static int check_mounts(const struct policy *policy, const struct process_state *state,
			struct err *err)
{
	const struct process_mount *root = find_mount(state, "/"),
				   *shm = find_mount(state, "/dev/shm");
	int r = 0;

	if (policy->read_only_root && !(root && has_option(root->options, "ro")))
		return refuse("read_only_root", "true", "a root that it may write to", err);
	for (size_t i = 0; r == 0 && i < policy->tmpfs_count; i++)
		r = check_tmpfs(&policy->tmpfs[i], state, err);
	return r == 0 && shm ? check_size("shm", shm, policy->shm_bytes, err) : r;
}

int proof_check_state(const struct policy *policy, const struct process_state *state,
		      process_has_fn *has, struct err *err)
{
	int r = check_user(policy, state, err);

	if (r == 0)
		r = check_capabilities(policy, state, err);
	if (r == 0)
		r = check_privileges(policy, state, err);
	if (r == 0)
		r = check_label(policy, state, err);
	if (r == 0)
		r = check_namespaces(state, err);
	if (r == 0)
		r = check_mounts(policy, state, err);
	return r == 0 ? check_paths(state, has, err) : r;
}

bool proof_applies_to(const char *runtime)
{
	static const char *const native[] = {"runc", "crun", "youki", "io.containerd.runc.v1",
					     "io.containerd.runc.v2"};

	for (size_t i = 0; i < ARRAY_SIZE(native); i++)
		if (strcmp(native[i], runtime) == 0)
			return true;
	return false;
}
