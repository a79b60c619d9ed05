/* SPDX-License-Identifier: Apache-2.0 */
#include "park.h"

#include <sys/epoll.h>
#include <utlist.h>

/* All that is parked now: libmicrohttpd panics when it stops with a suspended connection. */
static struct park *all_parked;

static void on_timer(void *arg)
{
	park_wake(arg);
}

static void on_hangup(void *arg)
{
	park_expel(arg);
}

void park_wait(struct park *park, struct loop *loop, struct MHD_Connection *connection,
	       int64_t limit_ms)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	park->loop = loop;
	park->connection = connection;
	park->parked = true;
	DL_APPEND(all_parked, park);
	if (limit_ms >= 0)
		timer_start(loop, &park->timer, limit_ms, on_timer, park);
	watch_start(loop, &park->watch, info->connect_fd, EPOLLHUP, on_hangup, park);
	MHD_suspend_connection(connection);
}

void park_wake(struct park *park)
{
	if (!park->parked)
		return;
	park->parked = false;
	DL_DELETE(all_parked, park);
	timer_stop(park->loop, &park->timer);
	watch_stop(park->loop, &park->watch);
	MHD_resume_connection(park->connection);
}

void park_expel(struct park *park)
{
	park->gone = true;
	park_wake(park);
}

void park_expel_all(void)
{
	while (all_parked)
		park_expel(all_parked);
}
