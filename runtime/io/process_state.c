/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What confines a process, from files that everybody may read (proc(5), user_namespaces(7)), and
 * the links of its name spaces, which only root and its own user's owner may.
 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "io/process.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)4 << 20)

struct source {
	const char *root;
	int pid;
};

static int read_text(const struct source *source, const char *name, struct buf *text)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/%d/%s", source->root, source->pid, name);

	buf_init(text, FILE_MAX);
	return file_read(path, text, NULL);
}

/* The value behind "NAME:" at the start of a line, NULL if there is none. */
static const char *field(const struct buf *status, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = status->data; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1;
	}
	return NULL;
}

/* Numbers up to the end of the line; how many there are. */
static size_t read_numbers(const char *text, int64_t *into, size_t max)
{
	size_t count = 0;
	char *end;

	while (text && count < max) {
		text += strspn(text, " \t");
		int64_t number = strtoll(text, &end, 10);
		if (end == text)
			break;
		into[count++] = number;
		text = end;
	}
	return count;
}

/* Lines of "inside outside count": who it is inside. */
static int64_t inside(const struct buf *map, int64_t id)
{
	int64_t line[3];

	for (const char *at = map->data; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (read_numbers(at, line, 3) == 3 && id >= line[1] && id - line[1] < line[2])
			return line[0] + (id - line[1]);
	}
	return -1;
}

static int read_ids(const struct source *source, const struct buf *status,
		    struct process_state *state)
{
	_cleanup_(buf_done) struct buf users = {0}, groups = {0};

	int r = read_text(source, "uid_map", &users);
	if (r == 0)
		r = read_text(source, "gid_map", &groups);
	if (r < 0)
		return r;
	const char *further = field(status, "Groups");
	if (read_numbers(field(status, "Uid"), state->uids, 4) != 4 ||
	    read_numbers(field(status, "Gid"), state->gids, 4) != 4 || !further)
		return -EBADMSG;
	state->group_count = read_numbers(further, state->groups, PROCESS_GROUPS);
	for (size_t i = 0; i < 4; i++) {
		state->uids[i] = inside(&users, state->uids[i]);
		state->gids[i] = inside(&groups, state->gids[i]);
	}
	for (size_t i = 0; i < state->group_count; i++)
		state->groups[i] = inside(&groups, state->groups[i]);
	return 0;
}

static int read_privileges(const struct buf *status, struct process_state *state)
{
	const struct {
		const char *name;
		uint64_t *set;
	} sets[] = {
		{"CapInh", &state->inheritable}, {"CapPrm", &state->permitted},
		{"CapEff", &state->effective},	 {"CapBnd", &state->bounding},
		{"CapAmb", &state->ambient},
	};
	int64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		const char *text = field(status, sets[i].name);
		if (!text)
			return -EBADMSG;
		*sets[i].set = strtoull(text, NULL, 16);
	}
	/* Linux 4.10 and newer. */
	if (read_numbers(field(status, "NoNewPrivs"), &number, 1) != 1)
		return -EBADMSG;
	state->no_new_privileges = number == 1;
	if (read_numbers(field(status, "Seccomp"), &number, 1) != 1)
		number = 0; /* a kernel without it */
	state->seccomp = (int)number;
	return 0;
}

/* What this machine's processes have: those of its first process, which only root may see, and of
 * this one, which may be in a container itself. */
static bool is_shared(const struct source *source, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/%d/ns/%s", source->root, source->pid, name);
	const char *const others[] = {"1", "self"};
	char own[64], theirs[64];

	ssize_t len = readlink(path, own, sizeof(own));
	for (size_t i = 0; len > 0 && i < ARRAY_SIZE(others); i++) {
		_cleanup_free_ char *other =
			xasprintf("%s/proc/%s/ns/%s", source->root, others[i], name);
		ssize_t size = readlink(other, theirs, sizeof(theirs));
		if (size == len && memcmp(own, theirs, (size_t)len) == 0)
			return true;
	}
	return false;
}

static void read_namespaces(const struct source *source, const struct buf *status,
			    struct process_state *state)
{
	static const struct {
		const char *name;
		enum process_namespace bit;
	} all[] = {
		{"pid", NAMESPACE_PID}, {"net", NAMESPACE_NETWORK}, {"ipc", NAMESPACE_IPC},
		{"uts", NAMESPACE_UTS}, {"mnt", NAMESPACE_MOUNT},   {"cgroup", NAMESPACE_CGROUP},
	};
	int64_t pids[8];

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (is_shared(source, all[i].name))
			state->shared |= all[i].bit;
	/* Its number in each name space that it is in, the innermost last: there it is the first.
	 */
	size_t count = read_numbers(field(status, "NSpid"), pids, ARRAY_SIZE(pids));
	if (count > 0 && pids[count - 1] != 1)
		state->shared |= NAMESPACE_PID;
}

static void release_mount(struct process_mount *mount)
{
	free(mount->point);
	free(mount->options);
	free(mount->type);
	free(mount->of_type);
}

/* "36 35 0:32 ROOT POINT OPTIONS [tags] - TYPE source OPTIONS" */
static void read_mount(char *line, struct process_state *state)
{
	struct process_mount mount = {0};
	char *rest = strstr(line, " - ");

	if (!rest || sscanf(line, "%*s %*s %*s %*s %ms %ms", &mount.point, &mount.options) != 2 ||
	    sscanf(rest, " - %ms %*s %ms", &mount.type, &mount.of_type) != 2) {
		release_mount(&mount);
		return;
	}
	text_unescape_octal(mount.point);
	size_t i = 0;
	while (i < state->mount_count && strcmp(state->mounts[i].point, mount.point) != 0)
		i++;
	if (i < state->mount_count) {
		release_mount(&state->mounts[i]);
	} else {
		state->mounts = xreallocarray(state->mounts, i + 1, sizeof(mount));
		state->mount_count++;
	}
	state->mounts[i] = mount;
}

static int read_mounts(const struct source *source, struct process_state *state)
{
	_cleanup_(buf_done) struct buf text = {0};
	char *next = NULL;

	int r = read_text(source, "mountinfo", &text);
	if (r < 0)
		return r;
	for (char *line = strtok_r(text.data, "\n", &next); line;
	     line = strtok_r(NULL, "\n", &next))
		read_mount(line, state);
	return state->mount_count > 0 ? 0 : -EBADMSG;
}

static void read_label(const struct source *source, struct process_state *state)
{
	_cleanup_(buf_done) struct buf text = {0};

	if (read_text(source, "attr/current", &text) == 0)
		(void)snprintf(state->label, sizeof(state->label), "%.*s",
			       (int)strcspn(text.data, "\n"), text.data);
}

int process_read_state_at(const char *root, int pid, struct process_state *ret)
{
	const struct source source = {root, pid};
	_cleanup_(buf_done) struct buf status = {0}, score = {0};

	*ret = (struct process_state){.seccomp = 0};
	int r = pid <= 0 ? -ESRCH : read_text(&source, "status", &status);
	if (r == 0)
		r = read_ids(&source, &status, ret);
	if (r == 0)
		r = read_privileges(&status, ret);
	if (r == 0)
		r = read_mounts(&source, ret);
	if (r == 0)
		r = read_text(&source, "oom_score_adj", &score);
	if (r == 0) {
		(void)read_numbers(score.data, &ret->oom_score_adj, 1);
		read_label(&source, ret);
		read_namespaces(&source, &status, ret);
	}
	return r == -ENOENT ? -ESRCH : r;
}

int process_read_state(int pid, struct process_state *ret)
{
	return process_read_state_at("", pid, ret);
}

void process_state_done(struct process_state *state)
{
	for (size_t i = 0; i < state->mount_count; i++)
		release_mount(&state->mounts[i]);
	free(state->mounts);
	*state = (struct process_state){.seccomp = 0};
}

bool process_kernel_has(const char *path)
{
	return access(path, F_OK) == 0;
}
