/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/dialect.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "engine/message.h"

#include <stdio.h>
#include <string.h>

/* Longer than any reference, label filter and host name together. */
#define URL_MAX ((size_t)16 << 10)

bool api_version_parse(const char *text, struct api_version *ret)
{
	struct api_version version = {0};
	const char *at = text;

	for (int *number = &version.major;; number = &version.minor) {
		size_t digits = strspn(at, "0123456789");
		if (digits == 0 || digits > 4)
			return false;
		for (size_t i = 0; i < digits; i++)
			*number = *number * 10 + (at[i] - '0');
		at += digits;
		if (number == &version.minor)
			break;
		if (*at++ != '.')
			return false;
	}
	if (*at != '\0')
		return false;
	*ret = version;
	return true;
}

int api_version_compare(struct api_version a, struct api_version b)
{
	return a.major != b.major ? a.major - b.major : a.minor - b.minor;
}

/* Appends one path argument, component by component. */
static int add_path_argument(struct buf *url, const char *argument)
{
	while (*argument) {
		size_t len = strcspn(argument, "/");
		_cleanup_free_ char *component = xstrndup(argument, len);
		int r = text_add_url_component(url, component);
		if (r < 0)
			return r;
		argument += len;
		if (*argument == '/') {
			r = buf_add(url, argument++, 1);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int add_route(struct buf *url, const char *path, const char *const *arguments)
{
	bool in_query = false;

	while (*path) {
		size_t len = strcspn(path, "{");
		in_query = in_query || memchr(path, '?', len);
		int r = buf_add(url, path, len);
		if (r < 0)
			return r;
		path += len;
		if (*path == '\0')
			break;
		r = in_query ? text_add_url_component(url, *arguments)
			     : add_path_argument(url, *arguments);
		if (r < 0)
			return r;
		arguments++;
		path += strlen("{}");
	}
	return 0;
}

char *dialect_url(const struct dialect *dialect, struct api_version api,
		  enum engine_operation operation, const char *const *arguments)
{
	_cleanup_(buf_done) struct buf url = {0};

	/* The host only fills the Host header: the connection goes to the unix socket. */
	buf_init(&url, URL_MAX);
	const struct route *route = &dialect->routes[operation];
	int r = route->base ? buf_addf(&url, "http://localhost%s", route->base)
			    : buf_addf(&url, "http://localhost/v%d.%d", api.major, api.minor);
	if (r < 0 || add_route(&url, route->path, arguments) < 0)
		abort(); /* every argument is bounded far below URL_MAX where it is checked */
	return buf_take(&url);
}

enum engine_outcome dialect_classify_success(enum engine_operation operation, long status)
{
	bool is_for_process = operation == OPERATION_PREPARE || operation == OPERATION_START ||
			      operation == OPERATION_KILL;

	return is_for_process && status != 204 ? ENGINE_UNKNOWN : ENGINE_OK;
}

enum engine_outcome dialect_classify_pull_error(const char *message)
{
	/* Registries say "denied" and "unauthorized" both for a wrong credential and for a
	 * repository that is not there; neither goes away by itself. "toomanyrequests" does. */
	if (message_says(message, "toomanyrequests") || message_says(message, "too many requests"))
		return ENGINE_TROUBLE;
	if (message_says(message, "manifest unknown") || message_says(message, "not found") ||
	    message_says(message, "does not exist"))
		return ENGINE_NOT_FOUND;
	if (message_says(message, "unauthorized") || message_says(message, "denied") ||
	    message_says(message, "auth credentials") ||
	    message_says(message, "authentication required") ||
	    message_says(message, "no matching manifest"))
		return ENGINE_INVALID;
	return ENGINE_TROUBLE;
}

char *dialect_filters(const char *instance, bool containers_only)
{
	_cleanup_(json_putp) struct json_object *filters = json_new_object();
	_cleanup_free_ char *label = xasprintf("berth.instance=%s", instance);

	if (containers_only) {
		struct json_object *types = json_new_array();
		json_append_string(types, "container");
		json_add(filters, "type", types);
	}
	struct json_object *labels = json_new_array();
	json_append_string(labels, label);
	json_add(filters, "label", labels);
	return xstrdup(json_line(filters));
}
