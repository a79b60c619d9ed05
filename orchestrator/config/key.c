/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys are read when they are needed and again when one is rejected, so that a replaced file is
 * picked up. A key in an environment variable stays readable in /proc/PID/environ of berth for its
 * own user and root, whatever berth does about its copy: a file is the better place.
 */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "config/fleet.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* A key without the white space around it. `where` names it in messages. */
static int take_key(const char *where, const char *text, size_t len, struct secret **ret,
		    struct err *err)
{
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	while (len > 0 && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	if (len == 0)
		return err_set(err, ERR_INPUT, -ENODATA, "%s is empty", where);
	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)text[i]))
			return err_set(err, ERR_INPUT, -EINVAL,
				       "%s holds a space or control character inside the key",
				       where);
	*ret = secret_new(text, len);
	return 0;
}

static int read_variable(const char *name, struct secret **ret, struct err *err)
{
	_cleanup_free_ char *where = xasprintf("environment variable %s", name);
	const char *text = getenv(name);

	if (!text)
		return err_set(err, ERR_INPUT, -ENOENT, "%s is not set", where);
	return take_key(where, text, strlen(text), ret, err);
}

static char *credential_path(const char *directory, const char *name)
{
	return xasprintf("%s/%s", directory, name);
}

/*
 * systemd hands a service of another user its credentials by ACL, whose mask shows as permissions
 * of the group (systemd 247 and later): only what others may do is looked at here.
 */
static int read_credential(const char *name, struct secret **ret, struct err *err)
{
	_cleanup_(buf_done_wipe) struct buf content;
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	struct stat status;

	buf_init(&content, BUF_MAX_KEY_FILE);
	if (strchr(name, '/') || name[0] == '.')
		return err_set(err, ERR_INPUT, -EINVAL, "'%s' is no name of a credential", name);
	if (!directory || *directory == '\0')
		return err_set(err, ERR_INPUT, -ENOENT,
			       "credential '%s': CREDENTIALS_DIRECTORY is not set; systemd sets it "
			       "for a unit with LoadCredential=%s:/PATH",
			       name, name);
	_cleanup_free_ char *path = credential_path(directory, name);
	int r = file_read(path, &content, err);
	if (r < 0)
		return r;
	if (stat(path, &status) < 0 || (status.st_mode & S_IRWXO))
		return err_set(err, ERR_REFUSED, -EPERM,
			       "credential '%s' can be read or written by every user: chmod 600 "
			       "'%s'",
			       name, path);
	return take_key(path, content.data, content.len, ret, err);
}

int key_check_source(const char *written, struct err *err)
{
	if (!text_starts_with(written, TEXT_KEY_PREFIX))
		return 0;
	return err_set(err, ERR_INPUT, -EINVAL,
		       "this is a key itself: write it into a file that only berth's user can read "
		       "(chmod 600), and name that file here; a key that others could see must be "
		       "rotated");
}

int key_read(const struct key_source *source, struct secret **ret, struct err *err)
{
	if (source->file)
		return file_read_secret(source->file, ret, err);
	if (source->variable)
		return read_variable(source->variable, ret, err);
	if (source->credential)
		return read_credential(source->credential, ret, err);
	return err_set(err, ERR_INPUT, -ENOENT, "no key is configured");
}

static char *path_of(const struct key_source *source)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");

	if (source->file)
		return xstrdup(source->file);
	return source->credential && directory ? credential_path(directory, source->credential)
					       : NULL;
}

struct key_stamp key_look(const struct key_source *source)
{
	_cleanup_free_ char *path = path_of(source);
	struct stat status;

	if (!path || stat(path, &status) < 0)
		return (struct key_stamp){0};
	return (struct key_stamp){
		.device = status.st_dev,
		.inode = status.st_ino,
		.size = status.st_size,
		.changed_ns = (int64_t)status.st_ctim.tv_sec * 1000000000 + status.st_ctim.tv_nsec,
	};
}

bool key_stamp_equal(const struct key_stamp *a, const struct key_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed_ns == b->changed_ns;
}
