/* SPDX-License-Identifier: Apache-2.0 */
#include "route.h"

#include "engine.h"
#include "handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct route docker_routes[] = {
	{"ping", "GET", "/_ping", handle_ping},
	{"ping", "HEAD", "/_ping", handle_ping},
	{"version", "GET", "/version", handle_version},
	{"info", "GET", "/info", handle_info},
	{"events", "GET", "/events", handle_events},
	{"image_inspect", "GET", "/images/{name}/json", handle_image_inspect},
	{"image_pull", "POST", "/images/create", handle_image_pull},
	{"list", "GET", "/containers/json", handle_list},
	{"create", "POST", "/containers/create", handle_create},
	{"inspect", "GET", "/containers/{id}/json", handle_inspect},
	{"start", "POST", "/containers/{id}/start", handle_start},
	{"kill", "POST", "/containers/{id}/kill", handle_kill},
	{"stop", "POST", "/containers/{id}/stop", handle_stop},
	{"wait", "POST", "/containers/{id}/wait", handle_wait},
	{"logs", "GET", "/containers/{id}/logs", handle_logs},
	{"archive", "PUT", "/containers/{id}/archive", handle_archive},
	{"remove", "DELETE", "/containers/{id}", handle_remove},
	{"network_list", "GET", "/networks", handle_network_list},
	{"network_create", "POST", "/networks/create", handle_network_create},
	{"network_inspect", "GET", "/networks/{id}", handle_network_inspect},
	{"network_remove", "DELETE", "/networks/{id}", handle_network_remove},
	{"volume_list", "GET", "/volumes", handle_volume_list},
	{"volume_create", "POST", "/volumes/create", handle_volume_create},
	{"volume_inspect", "GET", "/volumes/{id}", handle_volume_inspect},
	{"volume_remove", "DELETE", "/volumes/{id}", handle_volume_remove},
};

/* Podman has more: what the fake engine does not imitate is answered with 501, never by guess. */
static const struct route podman_routes[] = {
	{"ping", "GET", "/_ping", handle_ping},
	{"ping", "HEAD", "/_ping", handle_ping},
	{"version", "GET", "/version", handle_podman_version},
	{"info", "GET", "/libpod/info", handle_podman_info},
	{"events", "GET", "/events", handle_events},
	{"image_inspect", "GET", "/images/{name}/json", handle_image_inspect},
	{"image_pull", "POST", "/images/create", handle_image_pull},
	{"list", "GET", "/containers/json", handle_list},
	{"create", "POST", "/libpod/containers/create", handle_podman_create},
	{"inspect", "GET", "/libpod/containers/{id}/json", handle_podman_inspect},
	{"init", "POST", "/libpod/containers/{id}/init", handle_podman_init},
	{"start", "POST", "/libpod/containers/{id}/start", handle_podman_start},
	{"kill", "POST", "/containers/{id}/kill", handle_podman_kill},
	{"logs", "GET", "/containers/{id}/logs", handle_logs},
	{"remove", "DELETE", "/containers/{id}", handle_podman_remove},
	{"remove", "DELETE", "/libpod/containers/{id}", handle_libpod_remove},
	{"network_list", "GET", "/networks", handle_network_list},
	{"network_create", "POST", "/networks/create", handle_network_create},
	{"network_inspect", "GET", "/networks/{id}", handle_network_inspect},
	{"network_remove", "DELETE", "/networks/{id}", handle_network_remove},
	{"volume_list", "GET", "/volumes", handle_volume_list},
};

/* The part of `path` that stands for the placeholder of `pattern`, or NULL when they differ. */
static char *match_target(const char *pattern, const char *path)
{
	const char *open = strchr(pattern, '{');
	const char *suffix = strchr(pattern, '}') + 1;
	size_t before = (size_t)(open - pattern);
	size_t after = strlen(suffix);
	size_t len = strlen(path);
	char *target;

	if (len <= before + after || strncmp(pattern, path, before) != 0 ||
	    strcmp(path + len - after, suffix) != 0)
		return NULL;
	target = strndup(path + before, len - before - after);
	if (!target)
		abort();
	if (strncmp(open, "{name}", 6) != 0 && strchr(target, '/')) {
		free(target);
		return NULL;
	}
	return target;
}

static bool route_matches(const struct route *route, struct request *request)
{
	if (strcmp(route->method, request->method) != 0)
		return false;
	if (!strchr(route->path, '{'))
		return strcmp(route->path, request->path) == 0;
	request->target = match_target(route->path, request->path);
	return request->target != NULL;
}

const struct route *route_lookup(struct request *request, const struct route *table, size_t rows)
{
	for (size_t i = 0; i < rows; i++) {
		if (route_matches(&table[i], request))
			return &table[i];
	}
	return NULL;
}

/* Of a prefix "/v1.41", or libpod's "/v4.0.0"; 0 when there is none. */
static int version_len(const char *path)
{
	int end = 0;
	int number[3];

	if (sscanf(path, "/v%d.%d.%d%n", &number[0], &number[1], &number[2], &end) != 3 &&
	    sscanf(path, "/v%d.%d%n", &number[0], &number[1], &end) != 2)
		return 0;
	return path[end] == '/' ? end : 0;
}

void route_find(struct request *request)
{
	const struct engine *engine = request->engine;
	int end = version_len(request->path);

	if (end) {
		request->version = strndup(request->path + 2, (size_t)end - 2);
		memmove(request->path, request->path + end, strlen(request->path + end) + 1);
	} else {
		request->version = xstrdup("");
	}
	if (engine->options.podman)
		request->route = route_lookup(request, podman_routes,
					      sizeof(podman_routes) / sizeof(podman_routes[0]));
	else
		request->route = route_lookup(request, docker_routes,
					      sizeof(docker_routes) / sizeof(docker_routes[0]));
	/* Only Docker-compatible calls may come without a version (4.3.1). */
	if (strncmp(request->path, "/libpod/", 8) == 0 && !end)
		request->route = NULL;
}

/* Below 0 where a is the older of two API versions. */
static int compare_versions(const char *a, const char *b)
{
	int major[2] = {0};
	int minor[2] = {0};

	(void)sscanf(a, "%d.%d", &major[0], &minor[0]);
	(void)sscanf(b, "%d.%d", &major[1], &minor[1]);
	return major[0] != major[1] ? major[0] - major[1] : minor[0] - minor[1];
}

bool route_version_below(const struct request *request, const char *version)
{
	const char *spoken =
		*request->version ? request->version : request->engine->options.api_max;

	return compare_versions(spoken, version) < 0;
}

/*
 * The texts of Docker's version check. Docker 20.10 answers clients below API 1.24 in plain text
 * (measured; later engines, whose minimum is 1.24 or more, always in JSON).
 */
static bool version_refused(struct request *request)
{
	const struct options *options = &request->engine->options;
	char *message = NULL;

	if (!*request->version)
		return false;
	if (compare_versions(request->version, options->api_max) > 0)
		message = xasprintf("client version %s is too new. Maximum supported API version "
				    "is %s",
				    request->version, options->api_max);
	else if (compare_versions(request->version, options->api_min) < 0)
		message = xasprintf("client version %s is too old. Minimum supported API version "
				    "is %s, please upgrade your client to a newer version",
				    request->version, options->api_min);
	if (!message)
		return false;
	if (compare_versions(request->version, "1.24") < 0 &&
	    compare_versions(options->api_min, "1.24") < 0) {
		struct text plain = {0};

		text_addf(&plain, "%s\n", message);
		reply_text(request, 400, "text/plain; charset=utf-8", &plain);
	} else {
		reply_error(request, 400, "%s", message);
	}
	free(message);
	return true;
}

/* Podman looks at no version. */
static void podman_handle(struct request *request)
{
	if (request->route)
		request->route->handle(request);
	else
		reply_error(request, 501, "the fake engine does not imitate this call of Podman's");
}

void route_handle(struct request *request)
{
	if (request->engine->options.podman)
		podman_handle(request);
	else if (!request->route)
		reply_error(request, 404, "page not found");
	else if (!version_refused(request))
		request->route->handle(request);
}
