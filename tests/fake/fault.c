/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include "engine.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

bool fault_is(const struct request *request, const char *key, const char *when)
{
	return strcmp(json_text(request->fault, key, ""), when) == 0;
}

int64_t fault_number(const struct request *request, const char *key)
{
	return json_number(request->fault, key, 0);
}

bool fault_replaces(const struct request *request)
{
	struct json_object *fault = request->fault;

	return !json_flag(fault, "process") &&
	       (json_has(fault, "status") || json_has(fault, "raw"));
}

/*
 * The victim may be running on another processor when the signal is sent. Waiting for its pidfd
 * makes sure that it did not get to see what happens to its connection next.
 */
void fault_kill(const struct request *request)
{
	const char *path = json_text(request->fault, "pid_file", "");
	FILE *file = fopen(path, "re");
	struct pollfd victim = {.fd = -1, .events = POLLIN};
	int pid = 0;

	if (file) {
		if (fscanf(file, "%d", &pid) != 1)
			pid = 0;
		fclose(file);
	}
	if (pid <= 1) {
		fprintf(stderr, "fake-engine: no pid to kill in '%s'\n", path);
		return;
	}
	victim.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (kill(pid, SIGKILL) < 0)
		fprintf(stderr, "fake-engine: cannot kill %d: %s\n", pid, strerror(errno));
	if (victim.fd >= 0) {
		(void)poll(&victim, 1, 5000);
		close(victim.fd);
	}
}

/* The reply as JSON, whatever way it was made; NULL when it is none. */
static struct json_object *reply_object(struct reply *reply)
{
	if (!reply->json && reply->body.data)
		reply->json = json_tokener_parse(reply->body.data);
	if (reply->json)
		text_done(&reply->body);
	return reply->json;
}

static void set_members(struct json_object **json, struct json_object *set)
{
	json_object_object_foreach (set, pointer, value) {
		if (json_pointer_set(json, pointer, json_object_get(value)) < 0) {
			fprintf(stderr, "fake-engine: nothing to set at '%s'\n", pointer);
			json_object_put(value);
		}
	}
}

static void drop_member(struct json_object *json, const char *pointer)
{
	char *parent_path = xstrdup(pointer);
	char *slash = strrchr(parent_path, '/');
	struct json_object *parent = NULL;

	if (slash) {
		*slash = '\0';
		if (json_pointer_get(json, parent_path, &parent) == 0) {
			if (json_object_is_type(parent, json_type_object))
				json_object_object_del(parent, slash + 1);
			else if (json_object_is_type(parent, json_type_array))
				json_object_array_del_idx(parent, strtoul(slash + 1, NULL, 10), 1);
		}
	}
	free(parent_path);
}

static void drop_members(struct json_object *json, struct json_object *drop)
{
	for (size_t i = 0; i < json_object_array_length(drop); i++)
		drop_member(json, json_object_get_string(json_object_array_get_idx(drop, i)));
}

/* The member of the rule that changes JSON, when it is there and of that type. */
static struct json_object *change(const struct request *request, const char *key,
				  enum json_type type)
{
	struct json_object *value = json_member(request->fault, key);

	return json_object_is_type(value, type) ? value : NULL;
}

void fault_misread(struct request *request)
{
	struct json_object *set = change(request, "amend", json_type_object);
	struct json_object *drop = change(request, "lose", json_type_array);
	struct json_object *json = NULL;

	if ((set || drop) && request->body.data)
		json = json_tokener_parse(request->body.data);
	if (!json)
		return;
	if (set)
		set_members(&json, set);
	if (drop)
		drop_members(json, drop);
	text_done(&request->body);
	text_adds(&request->body, json_line(json));
	json_object_put(json);
}

/* The status alone keeps the handler's body; a body given as a string is sent as it stands. */
static void replace_reply(struct request *request)
{
	int status = (int)json_number(request->fault, "status", request->reply.status);
	struct json_object *body = json_member(request->fault, "body");

	if (json_flag(request->fault, "echo_body")) {
		reply_error(request, status, "%s", request->body.data ? request->body.data : "");
	} else if (json_object_is_type(body, json_type_string)) {
		struct text text = {0};

		text_add(&text, json_object_get_string(body),
			 (size_t)json_object_get_string_len(body));
		reply_text(request, status, "application/json", &text);
	} else if (body) {
		reply_json(request, status, json_object_get(body));
	} else if (fault_replaces(request)) {
		reply_error(request, status, "scripted reply %d", status);
	}
	request->reply.status = status;
}

static void halve_json(struct reply *reply)
{
	struct text half = {0};

	if (reply->json) {
		text_adds(&half, json_line(reply->json));
		json_object_put(reply->json);
		reply->json = NULL;
	} else {
		half = reply->body;
	}
	half.len /= 2;
	reply->body = half;
}

void fault_rewrite(struct request *request)
{
	struct json_object *set = change(request, "set", json_type_object);
	struct json_object *drop = change(request, "drop", json_type_array);
	struct reply *reply = &request->reply;

	if (!request->fault || json_has(request->fault, "raw"))
		return;
	if (json_has(request->fault, "status") || json_has(request->fault, "body") ||
	    json_has(request->fault, "echo_body"))
		replace_reply(request);
	if (set && reply_object(reply))
		set_members(&reply->json, set);
	if (drop && reply_object(reply))
		drop_members(reply->json, drop);
	if (json_flag(request->fault, "malformed"))
		halve_json(reply);
}

void fault_slow(struct request *request, uint64_t *ret_size)
{
	struct reply *reply = &request->reply;
	int64_t drip_ms = fault_number(request, "drip_ms");
	int64_t size = fault_number(request, "body_bytes");
	bool whole_body = fault_is(request, "cut", "body");
	bool cut = whole_body || fault_is(request, "cut", "mid-body");

	if (!drip_ms && !size && !cut)
		return;
	if (!reply->stream) {
		const char *bytes = reply->json ? json_line(reply->json) : reply->body.data;
		size_t len = reply->json ? strlen(bytes) : reply->body.len;

		reply->stream = stream_new(request->engine->loop, NULL, NULL);
		stream_add(reply->stream, bytes, len);
		stream_end(reply->stream);
		*ret_size = len;
	}
	if (size > 0 && (uint64_t)size > *ret_size) {
		reply->stream->filler = (uint64_t)size - *ret_size;
		*ret_size = (uint64_t)size;
	}
	if (cut)
		reply->stream->cut_at =
			whole_body ? 0
				   : (int64_t)(*ret_size == MHD_SIZE_UNKNOWN ? 1 : *ret_size / 2);
	reply->stream->drip_ms = drip_ms;
	reply->stream->drip_bytes = (size_t)json_number(request->fault, "drip_bytes", 1);
}

bool fault_raw(const struct request *request)
{
	struct json_object *raw = json_member(request->fault, "raw");
	const union MHD_ConnectionInfo *info;
	size_t len;

	if (!json_object_is_type(raw, json_type_string))
		return false;
	info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	len = (size_t)json_object_get_string_len(raw);
	if (send(info->connect_fd, json_object_get_string(raw), len, MSG_NOSIGNAL) != (ssize_t)len)
		fprintf(stderr, "fake-engine: raw reply not sent whole\n");
	return true;
}
