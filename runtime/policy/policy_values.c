/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_values.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/caps.h"
#include "policy/path.h"
#include "policy/policy.h"
#include "policy/seccomp.h"
#include "policy/waivers.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Reads decimal digits up to `end` into a number below 2^32 - 1 (which means "unchanged" to the
 * kernel's chown and setresuid). */
static int parse_id(const char *from, const char *end, uint32_t *ret)
{
	char digits[11];
	size_t len = (size_t)(end - from);
	int64_t value;

	if (len == 0 || len >= sizeof(digits) || !isdigit((unsigned char)from[0]))
		return -EINVAL;
	memcpy(digits, from, len);
	digits[len] = '\0';
	if (text_parse_int(digits, &value) < 0 || value >= UINT32_MAX)
		return -EINVAL;
	*ret = (uint32_t)value;
	return 0;
}

int policy_parse_user(const char *text, void *target, struct err *err)
{
	struct policy *policy = target;
	const char *colon = strchr(text, ':');
	uint32_t uid, gid;

	if (!colon || parse_id(text, colon, &uid) < 0 ||
	    parse_id(colon + 1, colon + strlen(colon), &gid) < 0)
		return err_set(err, ERR_INPUT, -EINVAL,
			       "must be UID:GID in numbers, such as 10001:10001, not '%s'", text);
	if (uid == 0 || gid == 0)
		return err_set(err, ERR_INPUT, -EPERM,
			       "must not be root, neither the user nor the group: choose ids that "
			       "nobody has on the host, such as 10001:10001");
	policy->uid = uid;
	policy->gid = gid;
	return 0;
}

int policy_parse_capability(const char *text, void *target, struct err *err)
{
	struct policy *policy = target;
	uint64_t bit;

	int r = caps_parse(text, &bit, err);
	if (r < 0)
		return r;
	policy->capabilities |= bit;
	return 0;
}

int policy_parse_seccomp(const char *text, void *target, struct err *err)
{
	struct policy *policy = target;

	int r = seccomp_check_name(text, err);
	if (r < 0)
		return r;
	free(policy->seccomp);
	policy->seccomp = xstrdup(text);
	return 0;
}

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

int policy_parse_apparmor(const char *text, void *target, struct err *err)
{
	struct policy *policy = target;

	if (strcmp(text, "unconfined") == 0)
		return err_set(err, ERR_INPUT, -EPERM,
			       "'unconfined' takes the engine's own profile away: leave "
			       "`apparmor` out to keep that");
	if (strspn(text, LETTERS_AND_DIGITS "_./-") != strlen(text) || text[0] == '\0' ||
	    text[0] == '-' || text[0] == '.')
		return err_set(err, ERR_INPUT, -EINVAL,
			       "must be the name of a profile: letters, digits and _ . / -, not "
			       "'%s'",
			       text);
	free(policy->apparmor);
	policy->apparmor = xstrdup(text);
	return 0;
}

int policy_parse_selinux(const char *text, void *target, struct err *err)
{
	struct policy *policy = target;

	if (strcmp(text, "spc_t") == 0 || strcmp(text, "unconfined_t") == 0)
		return err_set(err, ERR_INPUT, -EPERM,
			       "'%s' is confined by nothing: leave `selinux` out to keep the "
			       "engine's own type",
			       text);
	if (strspn(text, LETTERS_AND_DIGITS "_") != strlen(text) || text[0] == '\0')
		return err_set(err, ERR_INPUT, -EINVAL,
			       "must be a type such as container_t: letters, digits and _, not "
			       "'%s'",
			       text);
	free(policy->selinux);
	policy->selinux = xstrdup(text);
	return 0;
}

void policy_release_apparmor(void *target)
{
	struct policy *policy = target;

	free(TAKE(policy->apparmor));
}

void policy_release_selinux(void *target)
{
	struct policy *policy = target;

	free(TAKE(policy->selinux));
}

/* "1.5" to 1500: whole CPUs, and up to three digits behind the point. */
int policy_parse_cpus(const char *text, void *target, struct err *err)
{
	struct policy *policy = target;
	size_t whole = strspn(text, "0123456789");
	const char *point = text + whole;
	int64_t millis = 0;

	size_t digits = *point == '.' ? strspn(point + 1, "0123456789") : 0;
	bool is_number = whole >= 1 && whole <= 4 && digits <= 3 &&
			 (*point == '.' ? digits > 0 && point[1 + digits] == '\0' : *point == '\0');
	if (!is_number)
		return err_set(err, ERR_INPUT, -EINVAL,
			       "must be a number of CPUs such as 2 or 1.5, not '%s'", text);
	for (size_t i = 0; i < whole; i++)
		millis = millis * 10 + (text[i] - '0');
	for (size_t i = 0; i < 3; i++)
		millis = millis * 10 + (i < digits ? point[1 + i] - '0' : 0);
	/* Docker refuses less than a hundredth (API v1.41, HostConfig.NanoCpus). */
	if (millis < 10 || millis > 1024000)
		return err_set(err, ERR_INPUT, -ERANGE, "must be from 0.01 to 1024, not '%s'",
			       text);
	policy->cpu_millis = millis;
	return 0;
}

int policy_parse_network_key(const char *text, void *target, struct err *err)
{
	struct policy *policy = target;
	enum policy_network network;
	char *name;

	if (policy_parse_network(text, &network, &name) < 0)
		return policy_refuse_network(text, err);
	free(policy->network_name);
	policy->network = network;
	policy->network_name = name;
	return 0;
}

void policy_release_network(void *target)
{
	struct policy *policy = target;

	free(TAKE(policy->network_name));
}

void policy_release_seccomp(void *target)
{
	struct policy *policy = target;

	free(TAKE(policy->seccomp));
	free(TAKE(policy->seccomp_file));
	free(TAKE(policy->seccomp_profile));
}

int policy_parse_waiver(const char *text, void *target, struct err *err)
{
	struct policy *policy = target;
	int bit;

	int r = option_choose(waiver_choices, text, &bit, err);
	if (r == 0)
		policy->unenforced |= (unsigned)bit;
	return r;
}

int policy_parse_mount_root(const char *text, void *target, struct err *err)
{
	struct policy *policy = target;
	size_t count = 0;

	if (!path_is_normal(text) || strcmp(text, "/") == 0)
		return err_set(err, ERR_INPUT, -EINVAL,
			       "must list absolute paths without '.', '..' or a trailing '/', and "
			       "not '/' itself; not '%s'",
			       text);
	while (policy->mount_roots && policy->mount_roots[count])
		count++;
	policy->mount_roots = xreallocarray(policy->mount_roots, count + 2, sizeof(char *));
	policy->mount_roots[count] = xstrdup(text);
	policy->mount_roots[count + 1] = NULL;
	return 0;
}

void policy_release_mount_roots(void *target)
{
	struct policy *policy = target;

	for (char **root = policy->mount_roots; root && *root; root++)
		free(*root);
	free(TAKE(policy->mount_roots));
}

int policy_parse_tmpfs_path(const char *text, void *target, struct err *err)
{
	struct policy_tmpfs *tmpfs = target;

	if (!path_is_normal(text))
		return err_set(err, ERR_INPUT, -EINVAL,
			       "must be an absolute path without '.', '..' or a trailing '/', not "
			       "'%s'",
			       text);
	if (!path_is_mountable(text))
		return err_set(err, ERR_INPUT, -EPERM,
			       "must not cover '%s': /, /proc, /sys, /dev and " PATH_OWN_DIRECTORY
			       " are not for a tmpfs",
			       text);
	free(tmpfs->path);
	tmpfs->path = xstrdup(text);
	return 0;
}

void policy_release_tmpfs_path(void *target)
{
	struct policy_tmpfs *tmpfs = target;

	free(TAKE(tmpfs->path));
}

int policy_parse_tmpfs_mode(const char *text, void *target, struct err *err)
{
	struct policy_tmpfs *tmpfs = target;
	size_t len = strlen(text);

	if (len < 3 || len > 4 || strspn(text, "01234567") != len)
		return err_set(err, ERR_INPUT, -EINVAL,
			       "must be three or four octal digits such as 0700, not '%s'", text);
	unsigned mode = (unsigned)strtoul(text, NULL, 8);
	if (mode & 06000)
		return err_set(err, ERR_INPUT, -EPERM,
			       "must not set the set-user-id or set-group-id bit: '%s'", text);
	tmpfs->mode = mode;
	return 0;
}
