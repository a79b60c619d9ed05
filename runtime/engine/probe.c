/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/probe.h"

#include "base/cleanup.h"
#include "engine/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void probe_done(struct probe *probe)
{
	free(probe->data_root);
	*probe = (struct probe){0};
}

int probe_detect(struct probe *probe, const char *libpod, struct err *err)
{
	if (libpod) {
		return err_set(
			err, ERR_REFUSED, -ENOTSUP,
			"this is Podman %.40s, which berth does not support yet: give it the "
			"socket of a Docker engine",
			libpod);
	}
	probe->dialect = &dialect_docker;
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

int probe_read_info(struct probe *probe, struct json_object *info, struct err *err)
{
	const char *system = json_get_string(info, "OSType");
	const char *data_root = json_get_string(info, "DockerRootDir");

	if (!json_object_is_type(info, json_type_object))
		return err_set(err, ERR_ENGINE, -EBADMSG, "info: reply makes no sense");
	if (system && strcmp(system, "linux") != 0) {
		return err_set(err, ERR_REFUSED, -ENOTSUP,
			       "the engine runs %.20s containers: berth needs Linux containers",
			       system);
	}
	free(probe->data_root);
	probe->data_root = xstrdup_or_null(data_root);
	return 0;
}
