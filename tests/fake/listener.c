/* SPDX-License-Identifier: Apache-2.0 */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int bind_unix(const char *path, int backlog)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
	} else {
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
		(void)unlink(path);
		if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		    listen(fd, backlog) == 0)
			return fd;
	}
	close(fd);
	return -1;
}

bool listener_open(struct listener *listener, struct loop *loop, const char *path, int backlog,
		   void (*ready)(void *arg), void *arg)
{
	listener->path = path;
	listener->fd = bind_unix(path, backlog);
	if (listener->fd < 0) {
		fprintf(stderr, "fake-engine: cannot listen on '%s': %s\n", path, strerror(errno));
		return false;
	}
	watch_start(loop, &listener->watch, listener->fd, EPOLLIN, ready, arg);
	return listener->watch.active;
}

void listener_close(struct listener *listener, struct loop *loop)
{
	if (listener->fd < 0)
		return;
	watch_stop(loop, &listener->watch);
	close(listener->fd);
	listener->fd = -1;
	(void)unlink(listener->path);
}

void listener_accepting(struct listener *listener, struct loop *loop, bool on)
{
	struct watch *watch = &listener->watch;

	if (on && !watch->active && listener->fd >= 0)
		watch_start(loop, watch, listener->fd, EPOLLIN, watch->ready, watch->arg);
	else if (!on)
		watch_stop(loop, watch);
}

int listener_accept(struct listener *listener)
{
	int fd;

	if (listener->fd < 0)
		return -1;
	fd = accept(listener->fd, NULL, NULL);
	if (fd < 0)
		return -1;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}
