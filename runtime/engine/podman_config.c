/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Podman has written for its OCI runtime (config.json of the runtime specification, 1.0): the
 * last word on a container before it runs, and the only one on what no inspect shows.
 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "engine/oci_config.h"
#include "engine/podman.h"

#include <errno.h>
#include <string.h>

/* As the engine sees it, which may have mounts of its own: its monitor of the container sees what
 * it sees. Without that, or the right to look, as this process sees it. */
static int read_file(const struct container *container, const char *path, struct buf *text)
{
	_cleanup_free_ char *theirs = xasprintf("/proc/%d/root%s", container->monitor_pid, path);

	if (container->monitor_pid > 0 && file_read(theirs, text, NULL) == 0)
		return 0;
	buf_reset(text);
	return file_read(path, text, NULL);
}

int podman_read_config(const struct container *container, struct json_object *inspect,
		       struct json_object **ret, const char **ret_why)
{
	const char *path = json_get_string(inspect, "OCIConfigPath");
	/* It has the container's variables, and so its secrets. */
	_cleanup_(buf_done_wipe) struct buf text;

	buf_init(&text, BUF_MAX_ENGINE_REPLY);
	if (!path) {
		*ret_why = "the engine does not say what its runtime is told";
		return -ENOENT;
	}
	if (read_file(container, path, &text) < 0) {
		*ret_why = "what the engine writes for its runtime cannot be read";
		return -EACCES;
	}
	if (json_parse(text.data, text.len, ret) < 0) {
		*ret_why = "what the engine writes for its runtime makes no sense";
		return -EBADMSG;
	}
	return 0;
}

/* The engine's own profile, where it is a file and can be read; else the text stays empty. */
static const char *read_profile(const struct probe *probe, const struct container *container,
				struct buf *text)
{
	const char *path = probe->host.seccomp_profile;

	return path[0] == '/' && read_file(container, path, text) == 0 ? text->data : NULL;
}

int podman_prove_config(const struct probe *probe, const struct plan *plan,
			const struct container *container, struct json_object *inspect,
			struct err *err)
{
	_cleanup_(json_putp) struct json_object *config = NULL;
	_cleanup_(buf_done) struct buf profile;
	const char *why;

	buf_init(&profile, BUF_MAX_CONFIG_FILE);
	int r = podman_read_config(container, inspect, &config, &why);
	/* That the engine brings a profile of its own its host has said: podman_check_host(). */
	if (r < 0)
		return r == -EBADMSG || plan->policy->seccomp_profile
			       ? podman_refuse_profile(plan->policy, why, err)
			       : 0;
	/* What a filter lets pass depends on the capabilities, which are named first. */
	r = oci_config_verify(plan, container->id, config, err);
	return r == 0 ? podman_prove_profile(plan->policy, read_profile(probe, container, &profile),
					     config, err)
		      : r;
}
