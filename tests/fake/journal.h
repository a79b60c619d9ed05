/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The journal: one JSON object per engine request, in memory (the newest --keep-log ones) and as
 * lines of --log. Members: seq, time (epoch), pid (of who asked), op, method, path, version, query,
 * status (null while unanswered, and for good when the connection was cut), rules (ids that
 * applied), and where they apply: body (create requests), registry_auth (a fingerprint), replied
 * (epoch).
 */

#include "request.h"

struct journal;

struct journal *journal_new(size_t keep);
void journal_free(struct journal *journal);

/* Opens the entry of an arrived request and counts it. */
void journal_open(struct engine *engine, struct request *request);

/* Closes it; `status` 0 says that no reply was sent. */
void journal_close(struct engine *engine, struct request *request, int status);

/* A new array of the kept entries after `after`, all or those of one operation. */
struct json_object *journal_list(const struct journal *journal, const char *op, int64_t after);

/* Number of the newest request; 0 at the start and after a reset. */
int64_t journal_seq(const struct journal *journal);
