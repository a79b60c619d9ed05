/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int read_fd(int fd, struct buf *buf)
{
	char chunk[4096];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int r = n < 0 ? -errno : 0;
			explicit_bzero(chunk, sizeof(chunk));
			return r;
		}
		int r = buf_add(buf, chunk, (size_t)n);
		if (r < 0) {
			explicit_bzero(chunk, sizeof(chunk));
			return r;
		}
	}
}

/* `what` is read: "'/etc/berth.yaml'". */
static int refuse_reading(const char *what, const struct buf *buf, int r, struct err *err)
{
	char limit[32];

	if (r != -E2BIG)
		return err_set(err, ERR_INPUT, r, "cannot read %s: %s", what, strerror(-r));
	text_format_size(limit, (int64_t)buf->max);
	return err_set(err, ERR_INPUT, r, "cannot read %s: it is larger than %s", what, limit);
}

int file_read(const char *path, struct buf *buf, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	int r = fd < 0 ? -errno : read_fd(fd, buf);
	if (r == 0)
		return 0;
	_cleanup_free_ char *what = xasprintf("'%s'", path);
	return refuse_reading(what, buf, r, err);
}

static int check_trusted(const char *path, int fd, struct err *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return err_set(err, ERR_INPUT, -errno, "cannot examine '%s': %s", path,
			       strerror(errno));
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_REFUSED, -EINVAL, "'%s' is not a regular file", path);
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return err_set(err, ERR_REFUSED, -EPERM,
			       "'%s' belongs to user %u, who could change it at any time: chown "
			       "root '%s'",
			       path, status.st_uid, path);
	if (status.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, ERR_REFUSED, -EPERM,
			       "'%s' can be written by others than its owner (mode %04o): chmod "
			       "go-w '%s'",
			       path, (unsigned)(status.st_mode & 07777), path);
	return 0;
}

int file_read_trusted(const char *path, struct buf *buf, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r = fd < 0 ? -errno : 0;
	_cleanup_free_ char *what = xasprintf("'%s'", path);

	if (r < 0)
		return refuse_reading(what, buf, r, err);
	r = check_trusted(path, fd, err);
	if (r < 0)
		return r;
	r = read_fd(fd, buf);
	return r < 0 ? refuse_reading(what, buf, r, err) : 0;
}

static int check_private(const char *path, int fd, struct err *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return err_set(err, ERR_INPUT, -errno, "cannot examine '%s': %s", path,
			       strerror(errno));
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_REFUSED, -EINVAL, "key file '%s' is not a regular file",
			       path);
	if (status.st_mode & (S_IRWXG | S_IRWXO))
		return err_set(err, ERR_REFUSED, -EPERM,
			       "key file '%s' can be read or written by others than its owner "
			       "(mode %04o): chmod 600 '%s'",
			       path, (unsigned)(status.st_mode & 07777), path);
	return 0;
}

int file_read_secret(const char *path, struct secret **ret, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	_cleanup_(buf_done_wipe) struct buf content;

	buf_init(&content, BUF_MAX_KEY_FILE);
	int r = fd < 0 ? -errno : 0;
	_cleanup_free_ char *what = xasprintf("key file '%s'", path);
	if (r < 0)
		return refuse_reading(what, &content, r, err);
	r = check_private(path, fd, err);
	if (r < 0)
		return r;
	r = read_fd(fd, &content);
	if (r < 0)
		return refuse_reading(what, &content, r, err);

	const char *from = content.data, *to = content.data + content.len;
	while (from < to && isspace((unsigned char)*from))
		from++;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	if (from == to)
		return err_set(err, ERR_INPUT, -ENODATA, "key file '%s' is empty", path);
	for (const char *p = from; p < to; p++) {
		if (!isgraph((unsigned char)*p))
			return err_set(err, ERR_INPUT, -EINVAL,
				       "key file '%s' holds more than one key: one line "
				       "without spaces is expected",
				       path);
	}
	*ret = secret_new(from, (size_t)(to - from));
	return 0;
}

int file_make_directories(const char *path, mode_t mode, struct err *err)
{
	if (path[0] == '\0')
		return err_set(err, ERR_INPUT, -ENOENT, "cannot create '': it is no path");

	_cleanup_free_ char *partial = xstrdup(path);
	for (char *p = partial + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char end = *p;
		*p = '\0';
		if (mkdir(partial, mode) < 0 && errno != EEXIST)
			return err_set(err, ERR_INPUT, -errno, "cannot create '%s': %s", partial,
				       strerror(errno));
		if (end == '\0')
			return 0;
		*p = end;
	}
}

int file_write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}
