/* SPDX-License-Identifier: Apache-2.0 */
/* Formats: subuid(5), passwd(5), logind's /var/lib/systemd/linger, and the kernel's cgroup-v2.rst.
 */
#include "doctor/rootless_host.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool exists(const char *root, const char *path)
{
	_cleanup_free_ char *full = xasprintf("%s%s", root, path);

	return access(full, F_OK) == 0;
}

static char *user_of_this_machine(uid_t uid)
{
	char text[4096];
	struct passwd entry, *found = NULL;

	if (getpwuid_r(uid, &entry, text, sizeof(text), &found) != 0 || !found)
		return NULL;
	return xstrdup(found->pw_name);
}

char *rootless_user(const char *root, uid_t uid)
{
	char text[4096], *name = NULL;
	struct passwd entry, *found = NULL;

	/* Users of this machine may be known to a directory service alone. */
	if (*root == '\0')
		return user_of_this_machine(uid);
	_cleanup_free_ char *path = xasprintf("%s/etc/passwd", root);
	FILE *file = fopen(path, "re");
	if (!file)
		return NULL;
	while (!name && fgetpwent_r(file, &entry, text, sizeof(text), &found) == 0)
		if (found->pw_uid == uid)
			name = xstrdup(found->pw_name);
	(void)fclose(file);
	return name;
}

bool rootless_has_systemd(const char *root)
{
	return exists(root, "/run/systemd/system");
}

bool rootless_lingers(const char *root, const char *user)
{
	_cleanup_free_ char *path = xasprintf("/var/lib/systemd/linger/%s", user);

	return exists(root, path);
}

/* --- ids -------------------------------------------------------------------------------------- */

/* Where useradd begins to give them out (SUB_UID_MIN of login.defs). */
#define FIRST_IDS 100000

/* The count of a line "OWNER:FIRST:COUNT" of that owner, else 0. */
static int64_t count_of_line(const char *line, const char *user, uid_t uid)
{
	char owner[256];
	uint64_t first, count;

	/* NOLINTNEXTLINE(cert-err34-c): a number that is too large is a mistake of the file's */
	if (sscanf(line, "%255[^:]:%lu:%lu", owner, &first, &count) != 3)
		return 0;
	_cleanup_free_ char *number = xasprintf("%u", (unsigned)uid);
	if (strcmp(owner, user) != 0 && strcmp(owner, number) != 0)
		return 0;
	return count < UINT32_MAX ? (int64_t)count : UINT32_MAX;
}

int64_t rootless_ids(const char *root, const char *file, const char *user, uid_t uid)
{
	_cleanup_free_ char *path = xasprintf("%s/etc/%s", root, file);
	_cleanup_(buf_done) struct buf text;
	int64_t sum = 0;

	buf_init(&text, BUF_MAX_CONFIG_FILE);
	int r = file_read(path, &text, NULL);
	if (r < 0)
		return r;
	char *rest = text.data, *line;
	while ((line = strsep(&rest, "\n")))
		sum += count_of_line(line, user, uid);
	return sum;
}

int64_t rootless_free_ids(const char *root, const char *file)
{
	_cleanup_free_ char *path = xasprintf("%s/etc/%s", root, file);
	_cleanup_(buf_done) struct buf text;
	uint64_t first, count, free_from = FIRST_IDS;

	buf_init(&text, BUF_MAX_CONFIG_FILE);
	char *rest = file_read(path, &text, NULL) == 0 ? text.data : NULL, *line;
	while ((line = strsep(&rest, "\n"))) {
		/* NOLINTNEXTLINE(cert-err34-c): a number that is too large is left out below */
		if (sscanf(line, "%*[^:]:%lu:%lu", &first, &count) != 2 || first > UINT32_MAX ||
		    count > UINT32_MAX)
			continue;
		if (first + count > free_from)
			free_from = first + count;
	}
	return (int64_t)free_from;
}

/* --- programs and cgroups --------------------------------------------------------------------- */

char *rootless_find_program(const char *root, const char *name)
{
	static const char *const folders[] = {"/usr/bin", "/usr/local/bin", "/bin", "/usr/sbin"};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		char *path = xasprintf("%s/%s", folders[i], name);
		if (exists(root, path))
			return path;
		free(path);
	}
	return NULL;
}

char *rootless_controllers(const char *root, uid_t uid)
{
	_cleanup_free_ char *path = xasprintf("%s/sys/fs/cgroup/user.slice/user-%u.slice/"
					      "user@%u.service/cgroup.controllers",
					      root, (unsigned)uid, (unsigned)uid);
	_cleanup_(buf_done) struct buf text;

	buf_init(&text, BUF_MAX_KEY_FILE);
	if (file_read(path, &text, NULL) < 0)
		return NULL;
	while (text.len > 0 && strchr(" \n", text.data[text.len - 1]))
		text.data[--text.len] = '\0';
	return buf_take(&text);
}

bool rootless_has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		if (length == len && strncmp(at, word, len) == 0)
			return true;
		at += length;
	}
	return false;
}
