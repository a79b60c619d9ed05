/* SPDX-License-Identifier: Apache-2.0 */
#include "session/table.h"

#include <string.h>

void table_add(struct table *table, struct session *session)
{
	HASH_ADD_KEYPTR(by_work, table->by_work, session->item.id, strlen(session->item.id),
			session);
	if (session->container_id[0])
		table_add_container(table, session);
}

void table_add_container(struct table *table, struct session *session)
{
	if (!table_find_container(table, session->container_id))
		HASH_ADD_KEYPTR(by_container, table->by_container, session->container_id,
				strlen(session->container_id), session);
}

void table_remove(struct table *table, struct session *session)
{
	HASH_DELETE(by_work, table->by_work, session);
	if (table->by_container && table_find_container(table, session->container_id) == session)
		HASH_DELETE(by_container, table->by_container, session);
}

struct session *table_find(const struct table *table, const char *work_id)
{
	struct session *session;

	HASH_FIND(by_work, table->by_work, work_id, strlen(work_id), session);
	return session;
}

struct session *table_find_container(const struct table *table, const char *container_id)
{
	struct session *session;

	HASH_FIND(by_container, table->by_container, container_id, strlen(container_id), session);
	return session;
}

size_t table_count(const struct table *table)
{
	return HASH_CNT(by_work, table->by_work);
}

void table_each(struct table *table, void (*fn)(struct session *session, void *arg), void *arg)
{
	struct session *session, *next;

	HASH_ITER (by_work, table->by_work, session, next)
		fn(session, arg);
}

static void free_one(struct session *session, void *arg)
{
	table_remove(arg, session);
	(void)session_free(session);
}

void table_clear(struct table *table)
{
	table_each(table, free_one, table);
}
