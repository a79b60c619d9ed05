/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file is written under one name that no capture has and renamed when it is whole, so that at
 * most one unfinished file is ever left behind, which the next write takes.
 */
#include "session/captures.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX	   ".log"
#define UNFINISHED "unfinished"
#define HEAD_MAX   ((size_t)4 << 10)

static void closedirp(DIR **directory)
{
	if (*directory)
		(void)closedir(*directory);
}

void capture_about_done(struct capture_about *about)
{
	free(TAKE(about->path));
	free(TAKE(about->environment));
	free(TAKE(about->session));
	free(TAKE(about->work));
	free(TAKE(about->container));
	free(TAKE(about->name));
}

static char *logs_dir(const char *state_dir)
{
	return xasprintf("%s/logs", state_dir);
}

static bool is_capture_name(const char *name)
{
	size_t length = strlen(name);

	return length > strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0;
}

/* --- pruning ---------------------------------------------------------------------------------- */

struct file_age {
	char name[256];
	struct timespec at;
};

static int by_age(const void *a, const void *b)
{
	const struct file_age *left = a, *right = b;

	if (left->at.tv_sec != right->at.tv_sec)
		return left->at.tv_sec < right->at.tv_sec ? -1 : 1;
	if (left->at.tv_nsec != right->at.tv_nsec)
		return left->at.tv_nsec < right->at.tv_nsec ? -1 : 1;
	return strcmp(left->name, right->name);
}

static size_t read_ages(DIR *directory, struct file_age **ret)
{
	struct file_age *ages = NULL;
	size_t count = 0;
	const struct dirent *entry;
	struct stat status;

	/* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((entry = readdir(directory)) != NULL) {
		if (!is_capture_name(entry->d_name) ||
		    fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		ages = xreallocarray(ages, count + 1, sizeof(*ages));
		(void)snprintf(ages[count].name, sizeof(ages[count].name), "%s", entry->d_name);
		ages[count++].at = status.st_mtim;
	}
	*ret = ages;
	return count;
}

/* The one just written stays, whatever its clock says. */
static int prune(const char *path, const char *written, int64_t keep, struct err *err)
{
	_cleanup_(closedirp) DIR *directory = opendir(path);
	_cleanup_free_ struct file_age *ages = NULL;

	if (!directory)
		return err_set(err, ERR_TEMPORARY, -errno, "cannot read '%s': %s", path,
			       strerror(errno));
	size_t count = read_ages(directory, &ages), left = count;
	if (left <= (size_t)keep)
		return 0;
	qsort(ages, count, sizeof(*ages), by_age);
	for (size_t i = 0; i < count && left > (size_t)keep; i++) {
		if (strcmp(ages[i].name, written) == 0)
			continue;
		if (unlinkat(dirfd(directory), ages[i].name, 0) < 0 && errno != ENOENT)
			return err_set(err, ERR_TEMPORARY, -errno, "cannot delete '%s/%s': %s",
				       path, ages[i].name, strerror(errno));
		left--;
	}
	return 0;
}

/* --- writing ---------------------------------------------------------------------------------- */

static char *render_head(const struct capture_about *about)
{
	_cleanup_(json_putp) struct json_object *head = json_new_object();
	char exited[32];

	json_add_string(head, "environment", about->environment);
	json_add_string(head, "session", about->session);
	json_add_string(head, "work", about->work);
	json_add_string(head, "container", about->container);
	json_add_string(head, "name", about->name);
	text_format_time(exited, about->exited_ms);
	json_add_string(head, "exited", about->exited_ms > 0 ? exited : NULL);
	if (about->exit_code >= 0)
		json_add_int(head, "exit_code", about->exit_code);
	json_add_bool(head, "cut", about->is_cut);
	return xasprintf("%s\n", json_line(head));
}

static int write_whole(int fd, const char *head, const struct buf *text)
{
	int r = file_write_all(fd, head, strlen(head));

	return r < 0 ? r : file_write_all(fd, text->data, text->len);
}

int captures_write(const char *state_dir, const struct capture_about *about, const struct buf *text,
		   int64_t keep, struct err *err)
{
	_cleanup_free_ char *directory = logs_dir(state_dir);
	/* berth-WORK with at most 134 bytes, a dot, 12, and the suffix: below NAME_MAX. */
	_cleanup_free_ char *file = xasprintf("%s.%.12s" SUFFIX, about->name, about->container);
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, file);
	_cleanup_free_ char *unfinished = xasprintf("%s/" UNFINISHED, directory);
	_cleanup_free_ char *head = render_head(about);

	int r = file_make_directories(directory, 0700, err);
	if (r < 0)
		return r;
	(void)unlink(unfinished);
	_cleanup_close_ int fd =
		open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	r = fd < 0 ? -errno : write_whole(fd, head, text);
	if (r == 0 && rename(unfinished, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(unfinished);
		return err_set(err, ERR_TEMPORARY, r, "cannot write '%s': %s", path, strerror(-r));
	}
	return prune(directory, file, keep, err);
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool parse_head(const char *line, size_t len, struct capture_about *ret)
{
	_cleanup_(json_putp) struct json_object *head = NULL;

	if (json_parse(line, len, &head) < 0 || !json_get_string(head, "container"))
		return false;
	*ret = (struct capture_about){
		.environment = xstrdup_or_null(json_get_string(head, "environment")),
		.session = xstrdup_or_null(json_get_string(head, "session")),
		.work = xstrdup_or_null(json_get_string(head, "work")),
		.container = xstrdup_or_null(json_get_string(head, "container")),
		.name = xstrdup_or_null(json_get_string(head, "name")),
		.exit_code = (int)json_get_int(head, "exit_code", -1),
		.is_cut = json_get_bool(head, "cut", false),
	};
	const char *exited = json_get_string(head, "exited");
	if (exited)
		(void)text_parse_time(exited, &ret->exited_ms);
	return true;
}

static bool read_about(int directory, const char *name, struct capture_about *ret)
{
	_cleanup_close_ int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char head[HEAD_MAX];

	ssize_t len = fd < 0 ? -1 : read(fd, head, sizeof(head));
	const char *end = len > 0 ? memchr(head, '\n', (size_t)len) : NULL;
	return end && parse_head(head, (size_t)(end - head), ret);
}

int captures_list(const char *state_dir, struct capture_about **ret, size_t *ret_count,
		  struct err *err)
{
	_cleanup_free_ char *path = logs_dir(state_dir);
	_cleanup_(closedirp) DIR *directory = opendir(path);
	struct capture_about *list = NULL, about;
	const struct dirent *entry;
	size_t count = 0;

	if (!directory && errno != ENOENT)
		return err_set(err, ERR_INPUT, -errno, "cannot read '%s': %s", path,
			       strerror(errno));
	/* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (directory && (entry = readdir(directory)) != NULL) {
		if (!is_capture_name(entry->d_name) ||
		    !read_about(dirfd(directory), entry->d_name, &about))
			continue;
		about.path = xasprintf("%s/%s", path, entry->d_name);
		list = xreallocarray(list, count + 1, sizeof(*list));
		list[count++] = about;
	}
	*ret = list;
	*ret_count = count;
	return 0;
}

int captures_read(const char *path, struct buf *text, struct err *err)
{
	int r = file_read(path, text, err);
	if (r < 0)
		return r;
	const char *end = memchr(text->data, '\n', text->len);
	size_t head = end ? (size_t)(end - text->data) + 1 : text->len;
	text->len -= head;
	memmove(text->data, text->data + head, text->len + 1);
	return 0;
}
