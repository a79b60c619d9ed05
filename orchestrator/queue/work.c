/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of the checks in work_parse() matters: only an item whose own id is usable can be
 * refused, because refusing means to ack and stop it under that id.
 */
#include "queue/work.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "queue/work_secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int64_t get_time(struct json_object *json, const char *key)
{
	const char *text = json_get_string(json, key);
	int64_t epoch_ms;

	return text && text_parse_time(text, &epoch_ms) == 0 ? epoch_ms : 0;
}

/* Copies the member `key` into `into` if it is an id. */
static bool get_id(struct json_object *json, const char *key, char into[129])
{
	const char *text = json_get_string(json, key);

	if (!text || !text_is_id(text))
		return false;
	(void)snprintf(into, 129, "%s", text);
	return true;
}

/* A word such as "healthcheck" is worth repeating in a message; anything else might be long, ugly,
 * or a token that slipped into the wrong member. */
static bool is_word(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz_");

	return text[len] == '\0' && len >= 1 && len <= 32;
}

static bool is_environment_id(const char *text)
{
	return text_starts_with(text, "env_") && text_is_id(text);
}

static enum work_verdict skip(struct err *why, const char *what)
{
	(void)err_set(why, ERR_INPUT, -EBADMSG, "%s", what);
	return WORK_SKIP;
}

/* The member `key` is there and is not `wanted`. */
static enum work_verdict refuse(struct err *why, const char *key, struct json_object *value,
				const char *wanted, bool (*is_quotable)(const char *))
{
	const char *text = json_string(value);
	char found[160] = "";

	if (!value)
		(void)snprintf(found, sizeof(found), " missing,");
	else if (text && is_quotable(text))
		(void)snprintf(found, sizeof(found), " \"%s\",", text);
	(void)err_set(why, ERR_INPUT, -EBADMSG, "its %s is%s not %s", key, found, wanted);
	return WORK_REFUSE;
}

static bool is_text(struct json_object *value, const char *wanted)
{
	const char *text = json_string(value);

	return text && strcmp(text, wanted) == 0;
}

enum work_verdict work_parse(struct json_object *json, const char *environment_id,
			     struct work_item *item, struct err *why)
{
	*item = (struct work_item){0};
	if (!json_object_is_type(json, json_type_object))
		return skip(why, "it is no JSON object");
	if (!json_get_string(json, "id"))
		return skip(why, "its id is missing or no text");
	if (!get_id(json, "id", item->id))
		return skip(why, "its id is not 1 to 128 letters, digits, '_' and '-'");
	item->created_at_ms = get_time(json, "created_at");

	struct json_object *type = json_get(json, "type");
	if (type && !is_text(type, "work"))
		return refuse(why, "type", type, "\"work\"", is_word);
	struct json_object *environment = json_get(json, "environment_id");
	if (environment && !is_text(environment, environment_id))
		return refuse(why, "environment_id", environment, "the one it was polled from",
			      is_environment_id);
	struct json_object *data = json_get(json, "data");
	if (!json_object_is_type(data, json_type_object))
		return refuse(why, "data", data, "a JSON object", is_word);
	struct json_object *data_type = json_get(data, "type");
	if (!is_text(data_type, "session"))
		return refuse(why, "data.type", data_type, "\"session\"", is_word);
	if (!get_id(data, "id", item->session_id))
		return refuse(why, "data.id", json_get(data, "id"),
			      "1 to 128 letters, digits, '_' and '-'", is_word);

	(void)work_secret_decode(json_get_string(json, "secret"), &item->secret,
				 &item->sessions_token);
	return WORK_RUN;
}

void work_item_done(struct work_item *item)
{
	item->secret = secret_free(item->secret);
	item->sessions_token = secret_free(item->sessions_token);
}

void work_item_move(struct work_item *into, struct work_item *from)
{
	*into = *from;
	*from = (struct work_item){0};
}

void work_fingerprint(char into[17], struct json_object *json)
{
	_cleanup_(json_putp) struct json_object *copy = NULL;
	char digest[65];

	if (json_object_is_type(json, json_type_object)) {
		copy = json_new_object();
		json_object_object_foreach (json, key, value) {
			if (strcmp(key, "secret") != 0)
				json_add(copy, key, json_object_get(value));
		}
	}
	const char *text = json_line(copy ? copy : json);
	text_sha256(digest, text, strlen(text));
	(void)snprintf(into, 17, "%.16s", digest);
}

static const char *const state_names[] = {
	[WORK_UNKNOWN] = "unknown", [WORK_QUEUED] = "queued",	  [WORK_STARTING] = "starting",
	[WORK_ACTIVE] = "active",   [WORK_STOPPING] = "stopping", [WORK_STOPPED] = "stopped",
};

static enum work_state parse_state(const char *text)
{
	for (size_t i = WORK_QUEUED; text && i < ARRAY_SIZE(state_names); i++)
		if (strcmp(text, state_names[i]) == 0)
			return (enum work_state)i;
	return WORK_UNKNOWN;
}

/* Absent, null, or the zero time of Go, which some serialisers write for "never". */
static bool is_never(struct json_object *value)
{
	const char *text = json_string(value);

	return !value || (text && text_starts_with(text, "0001-01-01T00:00:00"));
}

int work_status_parse(struct json_object *json, struct work_status *ret)
{
	struct work_status status = {.state = parse_state(json_get_string(json, "state"))};

	if (!get_id(json, "id", status.id))
		return -EBADMSG;
	struct json_object *data = json_get(json, "data");
	const char *type = json_get_string(data, "type");
	if (type && strcmp(type, "session") == 0)
		(void)get_id(data, "id", status.session_id);
	status.acknowledged_at_ms = get_time(json, "acknowledged_at");
	status.started_at_ms = get_time(json, "started_at");
	status.latest_heartbeat_at_ms = get_time(json, "latest_heartbeat_at");
	status.stop_requested_at_ms = get_time(json, "stop_requested_at");
	/* "Never heartbeated" allows a start or a stop, so it must not rest on a misread time. */
	if (status.latest_heartbeat_at_ms == 0 && !is_never(json_get(json, "latest_heartbeat_at")))
		status.state = WORK_UNKNOWN;
	*ret = status;
	return 0;
}

const char *work_state_name(enum work_state state)
{
	return state_names[state];
}
