/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/answer.h"

#include "engine/message.h"

#include <errno.h>
#include <stdio.h>

static int say(struct err *err, enum err_kind kind, int code, const struct route *route,
	       const char *subject, const char *why)
{
	if (subject)
		return err_set(err, kind, code, "%s '%.160s': %s", route->what, subject, why);
	return err_set(err, kind, code, "%s: %s", route->what, why);
}

static enum engine_outcome judge_reply(const struct dialect *dialect,
				       enum engine_operation operation,
				       const struct http_request *request, const char *subject,
				       const struct plan *plan, struct err *err)
{
	char message[MESSAGE_MAX] = "";
	char why[MESSAGE_MAX + 32];

	if (request->status < 200 || request->status > 299)
		message_of_reply(message, request->reply.data, request->reply.len, plan);
	enum engine_outcome outcome = dialect->classify(operation, request->status, message);
	if (outcome == ENGINE_OK)
		return outcome;
	(void)snprintf(why, sizeof(why), "HTTP %ld%s%s", request->status, *message ? ": " : "",
		       message);
	(void)say(err, ERR_ENGINE, -EIO, &dialect->routes[operation], subject, why);
	return outcome;
}

enum engine_outcome answer_judge(const struct dialect *dialect, enum engine_operation operation,
				 const struct http_request *request, const char *subject,
				 const struct plan *plan, struct err *err)
{
	const struct route *route = &dialect->routes[operation];

	switch (request->outcome) {
	case HTTP_REPLIED:
		break;
	case HTTP_NOT_SENT:
	case HTTP_FORBIDDEN:
		(void)say(err, ERR_TEMPORARY, -ENOTCONN, route, subject, request->problem);
		return ENGINE_UNREACHABLE;
	case HTTP_NO_REPLY:
	case HTTP_TOO_LARGE:
		(void)say(err, ERR_TEMPORARY, -EIO, route, subject, request->problem);
		return ENGINE_UNKNOWN;
	}
	return judge_reply(dialect, operation, request, subject, plan, err);
}

enum engine_outcome answer_is_malformed(const struct dialect *dialect,
					enum engine_operation operation, const char *subject,
					struct err *err)
{
	(void)say(err, ERR_TEMPORARY, -EBADMSG, &dialect->routes[operation], subject,
		  "the engine's reply makes no sense");
	return ENGINE_UNKNOWN;
}
