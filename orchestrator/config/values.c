/* SPDX-License-Identifier: Apache-2.0 */
#include "config/values.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "config/fleet.h"
#include "engine/reference.h"
#include "policy/path.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/un.h>

/* Keeps room for "berth-" and what else is made of it: networks, label values. */
#define INSTANCE_MAX 40

static int keep(char **field, char *value)
{
	free(*field);
	*field = value;
	return 0;
}

static void drop(char **field)
{
	free(*field);
	*field = NULL;
}

static int must_be_id(const char *text, struct err *err)
{
	if (text_starts_with(text, TEXT_KEY_PREFIX))
		return err_set(err, ERR_INPUT, -EINVAL, "must be an id, and '%.140s' is a key",
			       text);
	if (text_is_id(text))
		return 0;
	return err_set(err, ERR_INPUT, -EINVAL,
		       "must be 1 to 128 of the characters A-Z a-z 0-9 _ -, not '%.140s'", text);
}

static int must_be_path(const char *text, struct err *err)
{
	if (path_is_normal(text))
		return 0;
	return err_set(err, ERR_INPUT, -EINVAL,
		       "must be a path that starts with / and has no '.', '..' or '//' in it, not "
		       "'%.140s'",
		       text);
}

int parse_version(const char *text, void *target, struct err *err)
{
	(void)target;
	if (strcmp(text, "1") == 0)
		return 0;
	return err_set(err, ERR_INPUT, -EINVAL, "must be 1, not '%.40s'", text);
}

int parse_instance(const char *text, void *target, struct err *err)
{
	struct fleet *fleet = target;

	int r = must_be_id(text, err);
	if (r < 0)
		return r;
	if (strlen(text) > INSTANCE_MAX)
		return err_set(err, ERR_INPUT, -ERANGE, "must have at most %d characters, not %zu",
			       INSTANCE_MAX, strlen(text));
	return keep(&fleet->instance, xstrdup(text));
}

void release_instance(void *target)
{
	drop(&((struct fleet *)target)->instance);
}

/* Where the host of an http or https URL starts; NULL if it is neither. */
static const char *host_of(const char *url)
{
	if (text_starts_with(url, "https://"))
		return url + strlen("https://");
	if (text_starts_with(url, "http://"))
		return url + strlen("http://");
	return NULL;
}

static int parse_url(const char *text, char **field, struct err *err)
{
	const char *host = host_of(text);
	size_t length = strlen(text);

	if (!host || *host == '\0' || *host == '/' || *host == ':')
		return err_set(err, ERR_INPUT, -EINVAL,
			       "must be a URL such as https://api.anthropic.com, not '%.140s'",
			       text);
	for (const char *p = text; *p != '\0'; p++)
		if (!isgraph((unsigned char)*p))
			return err_set(err, ERR_INPUT, -EINVAL,
				       "must be a URL: it contains a space or control character");
	if (strchr(host, '@'))
		return err_set(err, ERR_INPUT, -EINVAL, "must not contain a user or password");
	if (strpbrk(host, "?#"))
		return err_set(err, ERR_INPUT, -EINVAL, "must not contain '?' or '#'");
	/* Paths are appended to it. */
	while (text[length - 1] == '/')
		length--;
	return keep(field, xstrndup(text, length));
}

int parse_base_url(const char *text, void *target, struct err *err)
{
	return parse_url(text, &((struct fleet *)target)->base_url, err);
}

void release_base_url(void *target)
{
	drop(&((struct fleet *)target)->base_url);
}

int parse_session_base_url(const char *text, void *target, struct err *err)
{
	return parse_url(text, &((struct fleet *)target)->session_base_url, err);
}

void release_session_base_url(void *target)
{
	drop(&((struct fleet *)target)->session_base_url);
}

bool value_url_is_loopback(const char *url)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
	const char *host = host_of(url);

	for (size_t i = 0; host && i < ARRAY_SIZE(hosts); i++) {
		size_t length = strlen(hosts[i]);
		if (strncasecmp(host, hosts[i], length) == 0 && strchr(":/", host[length]))
			return true;
	}
	return false;
}

int value_parse_socket(const char *text, char **ret_path, struct err *err)
{
	static const char scheme[] = "unix://";
	const char *path = text + strlen(scheme);

	if (!text_starts_with(text, scheme)) {
		if (text[0] == '/')
			return err_set(err, ERR_INPUT, -EINVAL, "must be written unix://%.140s",
				       text);
		return err_set(err, ERR_INPUT, -EINVAL,
			       "'%.140s' is no socket of this machine: berth runs beside its "
			       "engine and speaks to unix sockets only, such as "
			       "unix:///run/docker.sock",
			       text);
	}
	int r = must_be_path(path, err);
	if (r < 0)
		return r;
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(err, ERR_INPUT, -ENAMETOOLONG,
			       "must have a path of at most %zu characters, not %zu",
			       sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1, strlen(path));
	*ret_path = xstrdup(path);
	return 0;
}

int parse_engine_socket(const char *text, void *target, struct err *err)
{
	struct engine_settings *engine = target;
	char *path = NULL;

	int r = value_parse_socket(text, &path, err);
	return r < 0 ? r : keep(&engine->socket, path);
}

void release_engine_socket(void *target)
{
	drop(&((struct engine_settings *)target)->socket);
}

int parse_environment_id(const char *text, void *target, struct err *err)
{
	int r = must_be_id(text, err);
	return r < 0 ? r : keep(&((struct environment *)target)->id, xstrdup(text));
}

void release_environment_id(void *target)
{
	drop(&((struct environment *)target)->id);
}

int parse_environment_name(const char *text, void *target, struct err *err)
{
	int r = must_be_id(text, err);
	return r < 0 ? r : keep(&((struct environment *)target)->name, xstrdup(text));
}

void release_environment_name(void *target)
{
	drop(&((struct environment *)target)->name);
}

int parse_image(const char *text, void *target, struct err *err)
{
	struct reference reference = {.name = NULL};

	int r = reference_parse(text, &reference, err);
	reference_done(&reference);
	return r < 0 ? r : keep(&((struct environment *)target)->image, xstrdup(text));
}

void release_image(void *target)
{
	drop(&((struct environment *)target)->image);
}

int parse_network(const char *text, void *target, struct err *err)
{
	_cleanup_free_ char *name = NULL;
	enum policy_network network;

	if (policy_parse_network(text, &network, &name) < 0)
		return policy_refuse_network(text, err);
	return keep(&((struct environment *)target)->network, xstrdup(text));
}

void release_network(void *target)
{
	drop(&((struct environment *)target)->network);
}

int parse_block_ms(const char *text, void *target, struct err *err)
{
	int64_t value = 0;

	/* The control plane takes 1 to 999 (contract of /work/poll, 2026-11). */
	if (text_parse_int(text, &value) < 0 || value < 1 || value > 999)
		return err_set(err, ERR_INPUT, -EINVAL,
			       "must be a number from 1 to 999, or null to leave it out, not "
			       "'%.140s'",
			       text);
	((struct poll_settings *)target)->block_ms = (unsigned)value;
	return 0;
}

int parse_mount_source(const char *text, void *target, struct err *err)
{
	int r = must_be_path(text, err);
	return r < 0 ? r : keep(&((struct plan_mount *)target)->source, xstrdup(text));
}

void release_mount_source(void *target)
{
	drop(&((struct plan_mount *)target)->source);
}

int parse_mount_target(const char *text, void *target, struct err *err)
{
	int r = must_be_path(text, err);
	return r < 0 ? r : keep(&((struct plan_mount *)target)->target, xstrdup(text));
}

void release_mount_target(void *target)
{
	drop(&((struct plan_mount *)target)->target);
}
