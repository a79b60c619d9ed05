#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* All sessions of the process, by work id and by container id. Owns them. */
#include "session/session.h"

#include <stddef.h>

struct table {
	struct session *by_work;
	struct session *by_container;
};

/* Takes ownership. The work id must not be in the table yet. */
void table_add(struct table *table, struct session *session);

/* The session has a container id now: it is found by it from here on. */
void table_add_container(struct table *table, struct session *session);

/* Takes the session out; the caller owns it again. */
void table_remove(struct table *table, struct session *session);

struct session *table_find(const struct table *table, const char *work_id);
struct session *table_find_container(const struct table *table, const char *container_id);
size_t table_count(const struct table *table);

/* Calls fn for each session; fn may remove that one. */
void table_each(struct table *table, void (*fn)(struct session *session, void *arg), void *arg);

/* Frees all sessions without telling anybody. */
void table_clear(struct table *table);
