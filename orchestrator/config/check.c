/* SPDX-License-Identifier: Apache-2.0 */
/* What must fit together. A value that its own row refused is not complained about again. */
#include "base/cleanup.h"
#include "base/text.h"
#include "config/loader.h"
#include "config/values.h"
#include "policy/option.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* The most exact place there is for environment `i`: the key itself, or where it should be. */
static const struct yaml_node *place_of(const struct loader *loader, size_t i, const char *section,
					const char *key)
{
	const struct yaml_node *place = loader->origins[i].node;
	const struct yaml_node *inner = section ? yaml_get(place, section) : NULL;

	place = inner ? inner : place;
	inner = yaml_get(place, key);
	return inner ? inner : place;
}

static bool is_given(const struct yaml_node *node, const char *key)
{
	const struct yaml_node *value = yaml_get(node, key);

	return value && !yaml_is_null(value);
}

static void check_twice(struct loader *loader, size_t i, const char *key, const char *own,
			const char *other)
{
	if (own && other && strcmp(own, other) == 0)
		complain(loader, place_of(loader, i, NULL, key), key,
			 "%s: '%s' is the %s of another environment too", key, own, key);
}

static void check_key_source(struct loader *loader, size_t i)
{
	const struct yaml_node *node = yaml_get(loader->origins[i].node, "key");

	if (is_given(node, "file") + is_given(node, "env") + is_given(node, "credential") > 1)
		complain(loader, node, "key", "key: say one of file, env, credential");
}

void check_file(struct loader *loader)
{
	const struct environment *environments = loader->fleet->environments;

	for (size_t i = 0; i < loader->fleet->environment_count; i++) {
		check_key_source(loader, i);
		for (size_t j = 0; j < i; j++) {
			check_twice(loader, i, "id", environments[i].id, environments[j].id);
			check_twice(loader, i, "name", environments[i].name, environments[j].name);
		}
	}
}

static void check_url(struct loader *loader, const char *key, const char *url, const char *origin)
{
	const struct yaml_node *node = origin ? NULL : yaml_get(loader->root, key);

	if (url && text_starts_with(url, "http://") && !loader->fleet->allow_http &&
	    !value_url_is_loopback(url))
		complain(loader, node, origin,
			 "%s%sit would carry keys in the clear: must be https:// beyond this "
			 "machine (allow_http: true in a fleet file is for tests)",
			 node ? key : "", node ? ": " : "");
}

/* Containers are told what somebody said, not what workers do by themselves. */
static void settle_urls(struct fleet *fleet)
{
	if (!fleet->session_base_url)
		fleet->session_base_url = xstrdup_or_null(fleet->base_url);
	if (!fleet->base_url)
		fleet->base_url = xstrdup("https://api.anthropic.com");
}

static void check_readable(struct loader *loader, const struct yaml_node *section, const char *key,
			   const char *path)
{
	if (path && access(path, R_OK) < 0)
		complain(loader, yaml_get(section, key), key, "%s: cannot read '%s': %m", key,
			 path);
}

static bool is_variable_name(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
				     "0123456789");

	return text[0] != '\0' && strchr(letters, text[0]) && text[length] == '\0';
}

static void check_variables(struct loader *loader, const struct yaml_node *map)
{
	for (size_t i = 0; map && map->kind == YAML_MAP && i < map->count; i++) {
		const struct yaml_node *key = map->pairs[i].key;
		if (!is_variable_name(key->text))
			complain(loader, key, NULL, "env: '%s' is no name of a variable",
				 key->text);
		else if (strncasecmp(key->text, "ANTHROPIC_", strlen("ANTHROPIC_")) == 0)
			complain(loader, key, NULL, "env: '%s': ANTHROPIC_* is set by berth alone",
				 key->text);
	}
}

static void check_labels(struct loader *loader, const struct yaml_node *map)
{
	for (size_t i = 0; map && map->kind == YAML_MAP && i < map->count; i++) {
		const struct yaml_node *key = map->pairs[i].key;
		if (key->text[0] == '\0')
			complain(loader, key, NULL, "labels: a label needs a name");
		else if (text_starts_with(key->text, "berth."))
			complain(loader, key, NULL, "labels: '%s': berth.* is set by berth alone",
				 key->text);
	}
}

static void check_poll(struct loader *loader, size_t i)
{
	const struct poll_settings *poll = &loader->fleet->environments[i].poll;

	if (poll->idle_min_ms > poll->idle_max_ms)
		complain(loader, place_of(loader, i, "poll", "idle_min"), "poll",
			 "idle_min: must not be more than idle_max");
	if (poll->reclaim_older_than_ms > 0 && poll->ack_within_ms >= poll->reclaim_older_than_ms)
		complain(loader, place_of(loader, i, "poll", "ack_within"), "poll",
			 "ack_within: must be less than reclaim_older_than_ms, or items are "
			 "offered again while they are being prepared");
}

/* Both count from the start. A default that is not reached contradicts nothing. */
static void check_timeouts(struct loader *loader, size_t i)
{
	const struct timeouts *timeouts = &loader->fleet->environments[i].timeouts;
	const struct yaml_node *node = yaml_get(loader->origins[i].node, "timeouts");
	char session[32], first_heartbeat[32];

	if (!is_given(node, "first_heartbeat") || !is_given(node, "session") ||
	    timeouts->first_heartbeat_ms <= timeouts->session_ms)
		return;
	text_format_duration(session, timeouts->session_ms);
	text_format_duration(first_heartbeat, timeouts->first_heartbeat_ms);
	warn(loader, yaml_get(node, "first_heartbeat"), "timeouts",
	     "first_heartbeat: %s never comes to bear, since session: %s ends the session before: "
	     "say a shorter first_heartbeat, or a longer session",
	     first_heartbeat, session);
}

/* What the tree says and no row can: null for block_ms leaves it out. */
static void settle_poll(struct loader *loader, size_t i)
{
	struct poll_settings *poll = &loader->fleet->environments[i].poll;
	const struct yaml_node *node = yaml_get(loader->origins[i].node, "poll");
	const struct yaml_node *block = yaml_get(node, "block_ms");

	if (block && yaml_is_null(block))
		poll->block_ms = 0;
	if (poll->reclaim_older_than_ms == OPTION_NOT_SET)
		poll->reclaim_older_than_ms = 0;
}

/* True if the file lists environments; else flags describe the only one. */
static bool is_written(const struct loader *loader)
{
	const struct yaml_node *list = yaml_get(loader->root, "environments");

	return list && list->kind == YAML_LIST && list->count > 0;
}

static void check_environment(struct loader *loader, size_t i)
{
	const struct yaml_node *node = loader->origins[i].node;
	struct environment *environment = &loader->fleet->environments[i];

	/* An id that was refused, or an entry that is no section, has been reported. */
	if (!environment->id && is_written(loader) && !is_given(node, "id") &&
	    (node->kind == YAML_MAP || yaml_is_null(node)))
		complain(loader, node, NULL, "'id' is missing");
	if (!environment->name)
		environment->name = xstrdup_or_null(environment->id);
	settle_poll(loader, i);
	check_poll(loader, i);
	check_timeouts(loader, i);
	check_variables(loader, yaml_get(node, "env"));
	check_labels(loader, yaml_get(node, "labels"));
}

/* Each environment is to be polled twice a minute, and three quarters of the limit can be had
 * minute for minute (queue/budget.h). */
static void check_requests(struct loader *loader)
{
	const struct yaml_node *node =
		yaml_get(yaml_get(loader->root, "host"), "requests_per_minute");
	struct fleet *fleet = loader->fleet;
	int64_t needed = ((int64_t)fleet->environment_count * 8 + 2) / 3;

	if (fleet->host.requests_per_minute == 0 || fleet->host.requests_per_minute >= needed)
		return;
	warn(loader, node, fleet->file ? fleet->file : "berth",
	     "host: requests_per_minute: with %" PRId64 " not each of %zu environments is polled "
	     "every 30 s: say %" PRId64 " or more, or 0 for no limit",
	     fleet->host.requests_per_minute, fleet->environment_count, needed);
}

void check_values(struct loader *loader)
{
	struct fleet *fleet = loader->fleet;

	check_url(loader, "base_url", fleet->base_url, loader->base_url_origin);
	check_url(loader, "session_base_url", fleet->session_base_url, NULL);
	settle_urls(fleet);
	if (loader->flags->need != FLEET_ENGINE_ONLY) {
		check_readable(loader, loader->root, "ca_file", fleet->ca_file);
		for (size_t i = 0; i < fleet->engine_count; i++)
			check_readable(loader, engine_node(loader, i), "registry_config",
				       fleet->engines[i].registry_config);
	}
	for (size_t i = 0; i < fleet->environment_count; i++)
		check_environment(loader, i);
	check_requests(loader);
	if (fleet->environment_count == 0 && loader->flags->need != FLEET_ENGINE_ONLY &&
	    !environments_are_unusable(loader))
		complain(loader, NULL, fleet->file ? fleet->file : "berth",
			 "no environment is given: say --environment-id, ANTHROPIC_ENVIRONMENT_ID, "
			 "or environments: in a fleet file");
}
