/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include "engine.h"
#include "podman.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *request_arg(const struct request *request, const char *key)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, key);
}

const char *request_header(const struct request *request, const char *key)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, key);
}

bool request_flag(const struct request *request, const char *key)
{
	static const char *const no[] = {"", "0", "no", "false", "none"};
	const char *value = request_arg(request, key);

	if (!value)
		return false;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		if (strcasecmp(value, no[i]) == 0)
			return false;
	}
	return true;
}

struct json_object *request_json(const struct request *request, const char **ret_error)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *json = NULL;

	if (!tokener)
		abort();
	if (request->body.len == 0) {
		*ret_error = "EOF";
	} else {
		json = json_tokener_parse_ex(tokener, request->body.data, (int)request->body.len);
		if (!json || json_tokener_get_error(tokener) != json_tokener_success)
			*ret_error = json_tokener_error_desc(json_tokener_get_error(tokener));
	}
	json_tokener_free(tokener);
	return json;
}

void request_hold(struct request *request, void (*abandoned)(struct request *, void *), void *arg)
{
	request->abandoned = abandoned;
	request->arg = arg;
}

void request_release(struct request *request)
{
	request->abandoned = NULL;
	park_wake(&request->park);
}

void reply_clear(struct reply *reply)
{
	json_object_put(reply->json);
	text_done(&reply->body);
	if (reply->stream)
		stream_free(reply->stream);
	*reply = (struct reply){0};
}

void reply_json(struct request *request, int status, struct json_object *json)
{
	reply_clear(&request->reply);
	request->reply.status = status;
	request->reply.content_type = "application/json";
	request->reply.json = json;
}

void reply_text(struct request *request, int status, const char *content_type, struct text *text)
{
	reply_clear(&request->reply);
	request->reply.status = status;
	request->reply.content_type = content_type;
	request->reply.body = *text;
	*text = (struct text){0};
}

void reply_stream(struct request *request, const char *content_type, struct stream *stream)
{
	reply_clear(&request->reply);
	request->reply.status = 200;
	request->reply.content_type = content_type;
	request->reply.stream = stream;
}

void reply_empty(struct request *request, int status)
{
	reply_clear(&request->reply);
	request->reply.status = status;
}

void reply_error(struct request *request, int status, const char *format, ...)
{
	struct text message = {0};
	struct json_object *json;
	va_list args;

	va_start(args, format);
	text_addv(&message, format, args);
	va_end(args);
	if (request->engine->options.podman && !request->control) {
		podman_error_as(request, status, message.data, message.data);
	} else {
		json = json_object_new_object();
		json_put(json, "message", message.data);
		reply_json(request, status, json);
	}
	text_done(&message);
}
