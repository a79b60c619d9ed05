/* SPDX-License-Identifier: Apache-2.0 */
/* Plain values follow from the rows of the policy; the others are in the table below. */
#include "doctor/policy_value.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "policy/caps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static char *size_text(int64_t bytes)
{
	char text[32];

	text_format_size(text, bytes);
	return xstrdup(text);
}

static char *user(const struct policy *policy)
{
	return xasprintf("%" PRIu32 ":%" PRIu32, policy->uid, policy->gid);
}

static char *capabilities(const struct policy *policy)
{
	struct buf text;
	char name[64];

	if (policy->capabilities == 0)
		return xstrdup("none");
	buf_init(&text, BUF_MAX_LOG_LINE);
	for (int number = -1; (number = caps_next(policy->capabilities, number + 1)) >= 0;) {
		caps_format(name, number);
		(void)!buf_addf(&text, "%s%s", text.len > 0 ? ", " : "", name);
	}
	return buf_take(&text);
}

static char *seccomp(const struct policy *policy)
{
	return xstrdup(policy->seccomp);
}

static char *apparmor(const struct policy *policy)
{
	return xstrdup(policy->apparmor ? policy->apparmor : "the engine's choice");
}

static char *selinux(const struct policy *policy)
{
	return xstrdup(policy->selinux ? policy->selinux : "the engine's choice");
}

static char *user_namespace(const struct policy *policy)
{
	return xstrdup(policy->user_namespace == USER_NAMESPACE_REQUIRED ? "required"
									 : "the engine's choice");
}

static char *cpus(const struct policy *policy)
{
	return policy->cpu_millis % 1000 == 0
		       ? xasprintf("%" PRId64, policy->cpu_millis / 1000)
		       : xasprintf("%" PRId64 ".%03" PRId64, policy->cpu_millis / 1000,
				   policy->cpu_millis % 1000);
}

static char *tmpfs(const struct policy *policy)
{
	return xasprintf("%zu place%s", policy->tmpfs_count, policy->tmpfs_count == 1 ? "" : "s");
}

static char *disk(const struct policy *policy)
{
	return policy->disk_bytes == OPTION_NOT_SET ? xstrdup("no limit")
						    : size_text(policy->disk_bytes);
}

static char *volumes(const struct policy *policy)
{
	return size_text(policy->volume_bytes);
}

static char *mounts(const struct policy *policy)
{
	size_t count = 0;

	while (policy->mount_roots && policy->mount_roots[count])
		count++;
	return count == 0 ? xstrdup("none") : xasprintf("from %zu directories", count);
}

static char *network(const struct policy *policy)
{
	switch (policy->network) {
	case NETWORK_NONE:
		return xstrdup("none");
	case NETWORK_UNRESTRICTED:
		return xstrdup("unrestricted");
	case NETWORK_ENGINE:
		return xasprintf("engine:%s", policy->network_name);
	}
	abort();
}

static char *runtime(const struct policy *policy)
{
	return xstrdup(policy->runtime ? policy->runtime : "the engine's choice");
}

static char *log_size(const struct policy *policy)
{
	return size_text(policy->log_bytes);
}

static const struct {
	const char *field;
	char *(*text)(const struct policy *policy);
} others[] = {
	{"user", user},	      {"capabilities", capabilities},
	{"seccomp", seccomp}, {"apparmor", apparmor},
	{"selinux", selinux}, {"user_namespace", user_namespace},
	{"cpus", cpus},	      {"tmpfs", tmpfs},
	{"disk", disk},	      {"volumes", volumes},
	{"mounts", mounts},   {"network", network},
	{"runtime", runtime}, {"log", log_size},
};

static char *plain_value(const struct policy *policy, const struct option *option)
{
	const void *at = (const char *)policy + option->offset;

	if (option->type == OPTION_BOOL)
		return xstrdup(*(const bool *)at ? "yes" : "no");
	if (option->type == OPTION_SIZE)
		return size_text(*(const int64_t *)at);
	return xasprintf("%" PRId64, *(const int64_t *)at);
}

char *policy_value(const struct policy *policy, const char *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(others[i].field, field) == 0)
			return others[i].text(policy);
	for (const struct option *option = policy_options; option->key; option++)
		if (strcmp(option->key, field) == 0)
			return plain_value(policy, option);
	return xstrdup("?");
}
