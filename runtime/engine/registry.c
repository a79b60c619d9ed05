/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/registry.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

/* Under which Docker's own tools keep the credentials of docker.io (a historic name). */
#define DOCKER_HUB_KEY "index.docker.io"

#define AUTH_MAX ((size_t)32 << 10)

/* Keys are hosts, or URLs such as "https://HOST/v1/". */
static bool is_key_of(const char *key, const char *registry)
{
	const char *scheme = strstr(key, "://");
	const char *host = scheme ? scheme + strlen("://") : key;
	size_t len = strcspn(host, "/");

	if (strcmp(registry, "docker.io") == 0 && len == strlen(DOCKER_HUB_KEY) &&
	    strncmp(host, DOCKER_HUB_KEY, len) == 0)
		return true;
	return len == strlen(registry) && strncmp(host, registry, len) == 0;
}

static struct json_object *find(struct json_object *table, const char *registry)
{
	if (!table)
		return NULL;
	json_object_object_foreach (table, key, value) {
		if (is_key_of(key, registry))
			return value;
	}
	return NULL;
}

/* "auth" is base64 of "user:password". */
static int add_decoded(struct json_object *into, const char *auth)
{
	_cleanup_(buf_done_wipe) struct buf pair = {0};

	buf_init(&pair, AUTH_MAX);
	if (text_add_base64_decoded(&pair, auth, strlen(auth)) < 0 || strlen(pair.data) != pair.len)
		return -EINVAL;
	char *colon = strchr(pair.data, ':');
	if (!colon)
		return -EINVAL;
	*colon = '\0';
	json_add_string(into, "username", pair.data);
	json_add_string(into, "password", colon + 1);
	return 0;
}

static int encode(struct json_object *auth, char **ret)
{
	_cleanup_(buf_done_wipe) struct buf header = {0};
	const char *line = json_line(auth);

	buf_init(&header, AUTH_MAX * 2);
	int r = text_add_base64(&header, line, strlen(line), true);
	if (r < 0)
		return r;
	*ret = buf_take(&header);
	return 0;
}

int registry_auth(struct json_object *config, const char *registry, char **ret, struct err *err)
{
	_cleanup_(json_putp) struct json_object *auth = NULL;
	struct json_object *entry = find(json_get_object(config, "auths"), registry);
	const char *token = json_get_string(entry, "identitytoken");
	const char *pair = json_get_string(entry, "auth");
	const char *user = json_get_string(entry, "username");
	const char *password = json_get_string(entry, "password");
	int r = 0;

	auth = json_new_object();
	json_add_string(auth, "serveraddress", registry);
	if (token && *token) {
		json_add_string(auth, "identitytoken", token);
	} else if (pair && *pair) {
		r = add_decoded(auth, pair);
	} else if (user && password) {
		json_add_string(auth, "username", user);
		json_add_string(auth, "password", password);
	} else if (find(json_get_object(config, "credHelpers"), registry) ||
		   (entry && json_get_string(config, "credsStore"))) {
		return err_set(err, ERR_REFUSED, -ENOTSUP,
			       "the credentials of %s are kept by a helper program, which berth "
			       "does not run: write them under `auths`",
			       registry);
	} else {
		*ret = NULL;
		return 0;
	}
	if (r == 0)
		r = encode(auth, ret);
	if (r < 0)
		return err_set(err, ERR_INPUT, r, "the entry of %s makes no sense", registry);
	return 0;
}
