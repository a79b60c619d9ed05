/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include "engine.h"
#include "route.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct journal {
	struct json_object **ring; /* entry of request n at (n - 1) % keep */
	size_t keep;
	int64_t seq;
};

struct journal *journal_new(size_t keep)
{
	struct journal *journal = xcalloc(1, sizeof(*journal));

	journal->keep = keep;
	journal->ring = xcalloc(keep ? keep : 1, sizeof(*journal->ring));
	return journal;
}

void journal_free(struct journal *journal)
{
	for (size_t i = 0; i < journal->keep; i++)
		json_object_put(journal->ring[i]);
	free(journal->ring);
	free(journal);
}

static void journal_keep(struct journal *journal, struct json_object *entry)
{
	struct json_object **place;

	if (journal->keep == 0)
		return;
	place = &journal->ring[(size_t)(journal->seq - 1) % journal->keep];
	json_object_put(*place);
	*place = json_object_get(entry);
}

static void add_registry_auth(struct json_object *entry, const struct request *request)
{
	const char *auth = request_header(request, "X-Registry-Auth");
	char digest[17];

	if (!auth)
		return;
	fingerprint(auth, digest);
	json_put(entry, "registry_auth", digest);
}

static int64_t peer_pid(const struct request *request)
{
	const union MHD_ConnectionInfo *info;
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);

	info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	(void)getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return peer.pid;
}

void journal_open(struct engine *engine, struct request *request)
{
	struct json_object *entry = json_object_new_object();
	const char *query = strchr(request->uri, '?');
	const char *op = request->route ? request->route->op : "unknown";

	engine->journal->seq++;
	json_object_object_add(entry, "seq", json_object_new_int64(engine->journal->seq));
	json_object_object_add(entry, "time", json_seconds(timespec_seconds(now())));
	json_object_object_add(entry, "pid", json_object_new_int64(peer_pid(request)));
	json_put(entry, "op", op);
	json_put(entry, "method", request->method);
	json_put(entry, "path", request->path);
	json_put(entry, "version", request->version);
	json_put(entry, "query", query ? query + 1 : "");
	json_object_object_add(entry, "status", NULL);
	json_object_object_add(entry, "rules", json_object_new_array());
	add_registry_auth(entry, request);
	if (strcmp(op, "create") == 0 && request->body.data)
		json_put(entry, "body", request->body.data);
	request->entry = entry;
	journal_keep(engine->journal, entry);
}

static void write_line(const struct options *options, struct json_object *entry)
{
	struct json_object *line = json_object_new_object();

	json_object_object_foreach (entry, key, value) {
		if (strcmp(key, "body") != 0 || options->log_bodies)
			json_object_object_add(line, key, json_object_get(value));
	}
	fprintf(options->log, "%s\n", json_line(line));
	fflush(options->log);
	json_object_put(line);
}

void journal_close(struct engine *engine, struct request *request, int status)
{
	struct json_object *entry = request->entry;

	if (!entry)
		return;
	request->entry = NULL;
	if (status) {
		json_object_object_add(entry, "status", json_object_new_int(status));
		json_object_object_add(entry, "replied", json_seconds(timespec_seconds(now())));
	}
	if (engine->options.log)
		write_line(&engine->options, entry);
	json_object_put(entry);
}

struct json_object *journal_list(const struct journal *journal, const char *op, int64_t after)
{
	struct json_object *list = json_object_new_array();
	int64_t oldest = journal->seq - (int64_t)journal->keep + 1;

	if (after + 1 > oldest)
		oldest = after + 1;
	if (oldest < 1)
		oldest = 1;
	for (int64_t seq = oldest; seq <= journal->seq && journal->keep; seq++) {
		struct json_object *entry = journal->ring[(size_t)(seq - 1) % journal->keep];

		if (!op || strcmp(op, json_text(entry, "op", "")) == 0)
			json_object_array_add(list, json_object_get(entry));
	}
	return list;
}

int64_t journal_seq(const struct journal *journal)
{
	return journal->seq;
}
