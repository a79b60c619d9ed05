#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What list and inspect say about containers, as values. Pure. Anything malformed makes the whole
 * reply malformed: to skip a container would be to say that it is not there.
 */
#include "base/json.h"
#include "engine/engine.h"

#define LABEL_INSTANCE	   "berth.instance"
#define LABEL_WORK	   "berth.work"
#define LABEL_CLAIMED	   "berth.claimed" /* RFC 3339 */
#define LABEL_SCHEMA	   "berth.schema"
#define LABEL_SCHEMA_VALUE "1"

/* 64 lower-case hexadecimal digits. */
bool container_id_is_valid(const char *text);

/* Of GET /containers/{id}/json: what container_parse_inspect() reads, and Config.Env. */
extern const struct json_wanted container_wanted[];

/* GET /containers/{id}/json. -EBADMSG with *ret untouched. */
int container_parse_inspect(struct json_object *reply, struct container *ret);

/* GET /containers/json. -EBADMSG with the results untouched. */
int container_parse_list(struct json_object *reply, struct container **ret, size_t *ret_count);

/* The "Id" of a create's reply. -EBADMSG. */
int container_parse_created(struct json_object *reply, char into[65]);

/* The "Warnings" of a create's reply on one line, at most some hundred characters; NULL: none. */
char *container_parse_warnings(struct json_object *reply);
