/* SPDX-License-Identifier: Apache-2.0 */
/* What the control plane says, as the simulator of tests/controlplane says it. */
#include "base/cleanup.h"
#include "base/text.h"
#include "world/plane_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void add_null(struct json_object *object, const char *key)
{
	json_add(object, key, NULL);
}

static void add_text_or_null(struct json_object *object, const char *key, const char *text)
{
	if (text)
		json_add_string(object, key, text);
	else
		add_null(object, key);
}

static void add_time(struct json_object *object, const char *key, int64_t us)
{
	char text[32];

	plane_format_time(text, us);
	add_text_or_null(object, key, us != 0 ? text : NULL);
}

/* base64url without padding. */
static char *secret_of(const char *token)
{
	_cleanup_free_ char *payload = xasprintf("{\"sessions_token\": \"%s\"}", token);
	struct buf buf;

	buf_init(&buf, 2 * strlen(payload) + 4);
	(void)!text_add_base64(&buf, payload, strlen(payload), true);
	while (buf.len > 0 && buf.data[buf.len - 1] == '=')
		buf.data[--buf.len] = '\0';
	return buf_take(&buf);
}

struct json_object *plane_work_json(const struct plane_item *item, bool has_secret)
{
	const struct plane_work *work = &item->work;
	struct json_object *object = json_new_object(), *data = json_new_object();
	_cleanup_free_ char *secret = has_secret && work->token ? secret_of(work->token) : NULL;

	json_add_string(object, "id", work->id);
	json_add_string(object, "type", "work");
	json_add_string(object, "state", work_state_name(work->state));
	json_add_string(object, "environment_id", work->environment->id);
	json_add_string(data, "type", work->type);
	json_add_string(data, "id", work->session_id);
	json_add(object, "data", data);
	add_time(object, "created_at", item->created_us);
	add_time(object, "acknowledged_at", item->acked_us);
	add_time(object, "started_at", item->started_us);
	add_time(object, "latest_heartbeat_at", item->beaten_us);
	add_time(object, "stop_requested_at", item->stop_requested_us);
	add_time(object, "stopped_at", item->stopped_us);
	json_add(object, "metadata", json_new_object());
	add_text_or_null(object, "secret", secret);
	return object;
}

struct json_object *plane_heartbeat_json(const struct plane_item *item)
{
	const struct plane_work *work = &item->work;
	struct json_object *object = json_new_object();
	int64_t ttl_seconds = (int64_t)(work->environment->options.ttl_ms / 1000);

	json_add_string(object, "type", "work_heartbeat");
	json_add_string(object, "last_heartbeat", work->last_heartbeat);
	json_add_bool(object, "lease_extended", work->state != WORK_STOPPED);
	json_add_string(object, "state", work_state_name(work->state));
	json_add_int(object, "ttl_seconds", ttl_seconds > 0 ? ttl_seconds : 1);
	return object;
}

struct json_object *plane_lost_json(const struct plane_item *item)
{
	const struct plane_work *work = &item->work;
	struct json_object *details = json_new_object(), *state = json_new_object();

	json_add_string(details, "error_code", "heartbeat_precondition_failed");
	json_add_string(state, "state", work_state_name(work->state));
	add_text_or_null(state, "last_heartbeat",
			 work->last_heartbeat[0] != '\0' ? work->last_heartbeat : NULL);
	json_add_bool(state, "lease_extended", false);
	json_add_int(state, "ttl_seconds", (int64_t)(work->environment->options.ttl_ms / 1000));
	json_add(details, "current_state", state);
	return details;
}

struct json_object *plane_stats_json(const struct plane_queue *queue)
{
	struct json_object *object = json_new_object();
	int64_t depth = 0, pending = 0;

	for (const struct plane_item *item = queue->queued; item; item = item->queued_next) {
		depth += item->work.claimed_ms == 0;
		pending += item->work.claimed_ms != 0;
	}
	json_add_string(object, "type", "work_queue_stats");
	json_add_int(object, "depth", depth);
	json_add_int(object, "pending", pending);
	add_time(object, "oldest_queued_at", queue->queued ? queue->queued->created_us : 0);
	json_add_int(object, "workers_polling", (int64_t)plane_workers_polling(queue));
	return object;
}

struct json_object *plane_page_json(const struct plane_queue *queue, size_t start, size_t limit)
{
	struct json_object *object = json_new_object(), *data = json_new_array();
	const struct plane_item *item = queue->items;
	char following[32];

	for (size_t skipped = 0; item && skipped < start; skipped++)
		item = item->next;
	for (size_t count = 0; item && count < limit; count++) {
		json_append(data, plane_work_json(item, false));
		item = item->next;
	}
	json_add(object, "data", data);
	(void)snprintf(following, sizeof(following), "page_%zu", start + limit);
	add_text_or_null(object, "next_page", item ? following : NULL);
	return object;
}

static const char *error_type(long status)
{
	static const struct {
		long status;
		const char *type;
	} types[] = {{400, "invalid_request_error"}, {401, "authentication_error"},
		     {403, "permission_error"},	     {404, "not_found_error"},
		     {409, "conflict_error"},	     {412, "invalid_request_error"}};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].status == status)
			return types[i].type;
	return "api_error";
}

struct json_object *plane_error_json(long status, const char *message, uint64_t request_number,
				     struct json_object *details)
{
	struct json_object *object = json_new_object(), *error = json_new_object();
	char request_id[32];

	(void)snprintf(request_id, sizeof(request_id), "req_%08" PRIu64, request_number);
	json_add_string(object, "type", "error");
	json_add_string(error, "type", error_type(status));
	json_add_string(error, "message", message);
	if (details)
		json_add(error, "details", details);
	json_add(object, "error", error);
	json_add_string(object, "request_id", request_id);
	return object;
}
