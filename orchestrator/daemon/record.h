#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state_dir/records.jsonl: one JSON object per line, for people and their tools; berth never reads
 * it. A session is written when it has started, when it has ended and when it is removed: of
 * several lines with one `container`, the last one counts.
 */
#include "session/session.h"

struct records;

/* Opens the file for appending (mode 0600). ERR_INPUT. */
int records_open(const char *state_dir, struct records **ret, struct err *err);
struct records *records_close(struct records *records);

/* Appends what is known of the session. A failure to write is logged, once until it works again;
 * -errno. */
int records_append(struct records *records, const struct session *session);
