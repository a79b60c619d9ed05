/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/probe.h"

#include "base/cleanup.h"
#include "engine/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The version of the libpod API that dialect_podman.c speaks; newer ones serve it too. */
#define OLDEST_LIBPOD 4

void probe_done(struct probe *probe)
{
	free(probe->data_root);
	*probe = (struct probe){0};
}

int probe_detect(struct probe *probe, const char *libpod, struct err *err)
{
	struct api_version version;

	probe->dialect = libpod ? &dialect_podman : &dialect_docker;
	if (!libpod)
		return 0;
	/* "4.3.1", "5.0.0-dev": two numbers are enough. */
	_cleanup_free_ char *start = xstrndup(libpod, strspn(libpod, "0123456789."));
	char *second = strchr(start, '.'), *third = second ? strchr(second + 1, '.') : NULL;
	if (third)
		*third = '\0';
	if (!api_version_parse(start, &version) || version.major < OLDEST_LIBPOD)
		return err_set(err, ERR_REFUSED, -ENOTSUP,
			       "this is Podman %.40s, berth needs %d.0 or newer: upgrade Podman",
			       libpod, OLDEST_LIBPOD);
	return 0;
}

static int negotiate(struct probe *probe, struct api_version minimum, struct api_version maximum,
		     struct err *err)
{
	const struct dialect *dialect = probe->dialect;

	if (api_version_compare(maximum, dialect->oldest) < 0) {
		return err_set(err, ERR_REFUSED, -ENOTSUP,
			       "%s %s speaks API %d.%d at most, berth needs %d.%d: %s",
			       dialect->name, probe->engine_version, maximum.major, maximum.minor,
			       dialect->oldest.major, dialect->oldest.minor, dialect->upgrade_hint);
	}
	if (api_version_compare(minimum, dialect->newest) > 0) {
		return err_set(err, ERR_REFUSED, -ENOTSUP,
			       "%s %s speaks API %d.%d at least, berth knows %d.%d at most: "
			       "upgrade berth",
			       dialect->name, probe->engine_version, minimum.major, minimum.minor,
			       dialect->newest.major, dialect->newest.minor);
	}
	probe->api = api_version_compare(maximum, dialect->newest) < 0 ? maximum : dialect->newest;
	return 0;
}

int probe_read_version(struct probe *probe, struct json_object *version, struct err *err)
{
	const char *engine = json_get_string(version, "Version");
	const char *newest = json_get_string(version, "ApiVersion");
	const char *oldest = json_get_string(version, "MinAPIVersion");
	struct api_version maximum, minimum;
	char clean[MESSAGE_MAX];

	if (!engine || !newest || !api_version_parse(newest, &maximum))
		return err_set(err, ERR_ENGINE, -EBADMSG, "version: reply makes no sense");
	/* Left out by engines that accept every older version. */
	if (!oldest || !api_version_parse(oldest, &minimum))
		minimum = (struct api_version){0, 0};
	message_clean(clean, engine, strlen(engine), NULL);
	(void)snprintf(probe->engine_version, sizeof(probe->engine_version), "%.60s", clean);
	return negotiate(probe, minimum, maximum, err);
}

/* A field that an engine leaves out because its host has no such thing. */
static int refuse_missing(const char *field, const char *what, struct err *err)
{
	return err_set(err, ERR_REFUSED, -EPERM,
		       "%s: its host has no %s, so that the engine would leave this out; enable "
		       "%s on the host and restart the engine, or take `%s` out of the policy",
		       field, what, what, field);
}

int probe_check_confinement(const struct engine_host *host, const struct policy *policy,
			    const char *remedy, struct err *err)
{
	if (policy->apparmor && !host->has_apparmor)
		return refuse_missing("apparmor", "AppArmor", err);
	if (policy->selinux && !host->has_selinux)
		return refuse_missing("selinux", "SELinux", err);
	if (policy->user_namespace != USER_NAMESPACE_REQUIRED || host->has_user_namespaces)
		return 0;
	return err_set(
		err, ERR_REFUSED, -EPERM,
		"user_namespace: root in its containers is the host's root, and it leaves out "
		"what a container asks for; %s, or say `user_namespace: engine`",
		remedy);
}

void probe_describe(const struct probe *probe, char into[128])
{
	const struct engine_host *host = &probe->host;
	bool is_known = host->cgroup_manager[0];

	(void)snprintf(into, 128, "%s %s, API %d.%d%s%s", probe->dialect->name,
		       probe->engine_version, probe->api.major, probe->api.minor,
		       is_known && host->is_rootless ? ", rootless" : "",
		       !is_known	     ? ""
		       : host->has_cgroup_v2 ? ", cgroup v2"
					     : ", cgroup v1");
}
