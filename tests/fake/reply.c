/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"

#include "engine.h"
#include "fault.h"

#include <stdlib.h>

static void add_headers(struct MHD_Response *response, struct json_object *headers)
{
	if (!json_object_is_type(headers, json_type_object))
		return;
	json_object_object_foreach (headers, name, value)
		(void)MHD_add_response_header(response, name, json_object_get_string(value));
}

/* What Docker or Podman puts on every answer, what the command line adds, what a rule adds. */
static void add_engine_headers(struct MHD_Response *response, const struct request *request)
{
	const struct options *options = &request->engine->options;
	char *server = xasprintf("%s/%s (linux)", options->podman ? "Libpod" : "Docker",
				 options->server_version);

	MHD_add_response_header(response, "Api-Version", options->api_max);
	if (options->podman) {
		MHD_add_response_header(response, "Libpod-Api-Version", options->server_version);
	} else {
		MHD_add_response_header(response, "Docker-Experimental", "false");
		MHD_add_response_header(response, "Ostype", "linux");
	}
	if (!json_has(options->headers, "Server"))
		MHD_add_response_header(response, "Server", server);
	free(server);
	add_headers(response, options->headers);
	add_headers(response, json_member(request->fault, "headers"));
}

struct MHD_Response *reply_response(struct request *request)
{
	struct reply *reply = &request->reply;
	uint64_t size = MHD_SIZE_UNKNOWN;
	struct MHD_Response *response;

	fault_slow(request, &size);
	if (reply->stream) {
		response = stream_response(reply->stream, request->connection, size);
		reply->stream = NULL;
	} else {
		if (reply->json) {
			/* Docker ends what its JSON encoder wrote with a newline. */
			text_addf(&reply->body, "%s\n", json_line(reply->json));
		}
		response = MHD_create_response_from_buffer(reply->body.len, reply->body.data,
							   MHD_RESPMEM_MUST_FREE);
		reply->body = (struct text){0};
	}
	if (reply->content_type)
		MHD_add_response_header(response, "Content-Type", reply->content_type);
	if (!request->control)
		add_engine_headers(response, request);
	return response;
}
