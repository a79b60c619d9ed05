/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brief-worker PARENT_PID [WORD]...
 *
 * A worker for runs of thousands of sessions: one heartbeat, a forced stop of its work item, the
 * end. It speaks HTTP by hand on one connection, since loading the libraries of fake-worker takes
 * ten times as long as all that it does. Of the words of behaviour.h, in its session's id, it heeds
 * exit-N alone; it dies with PARENT_PID.
 */
#include "behaviour.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *need(const char *name)
{
	const char *value = getenv(name);

	if (value && *value)
		return value;
	fprintf(stderr, "brief-worker: %s is not set\n", name);
	exit(64);
}

/* ANTHROPIC_BASE_URL is http://ADDRESS:PORT, as the simulator has it. */
static int connect_to(const char *base)
{
	struct sockaddr_in peer = {.sin_family = AF_INET};
	char address[16];
	unsigned short port;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || sscanf(base, "http://%15[0-9.]:%hu", address, &port) != 2 ||
	    inet_pton(AF_INET, address, &peer.sin_addr) != 1)
		return -1;
	peer.sin_port = htons(port);
	return connect(fd, (struct sockaddr *)&peer, sizeof(peer)) == 0 ? fd : -1;
}

/* The whole reply: its head, and as much as that promises. */
static bool read_reply(int fd, char *reply, size_t size)
{
	size_t len = 0, whole = size;

	while (len < whole) {
		ssize_t got = read(fd, reply + len, size - 1 - len);
		const char *end, *length;

		if (got <= 0)
			return false;
		len += (size_t)got;
		reply[len] = '\0';
		end = strstr(reply, "\r\n\r\n");
		if (!end)
			continue;
		length = strcasestr(reply, "\r\ncontent-length:");
		whole = (size_t)(end + 4 - reply) +
			(length && length < end ? strtoul(length + 17, NULL, 10) : 0);
	}
	return true;
}

/* Posts to the work item; its status, 0 when no answer came. */
static int post(int fd, const char *call, const char *body)
{
	char text[4096];
	int status = 0;
	int len = snprintf(
		text, sizeof(text),
		"POST /v1/environments/%s/work/%s/%s HTTP/1.1\r\n"
		"Host: localhost\r\nAuthorization: Bearer %s\r\n"
		"anthropic-version: 2023-06-01\r\nanthropic-beta: managed-agents-2026-04-01\r\n"
		"Content-Length: %zu\r\n%s\r\n%s",
		need("ANTHROPIC_ENVIRONMENT_ID"), need("ANTHROPIC_WORK_ID"), call,
		need("ANTHROPIC_ENVIRONMENT_KEY"), strlen(body),
		*body ? "Content-Type: application/json\r\n" : "", body);

	if (len >= (int)sizeof(text) || write(fd, text, (size_t)len) != len ||
	    !read_reply(fd, text, sizeof(text)) || sscanf(text, "HTTP/1.1 %d", &status) != 1)
		return 0;
	return status;
}

int main(int argc, char **argv)
{
	struct behaviour behaviour = {0};
	int fd;

	/* The parent may have died before prctl(); then nobody would end us. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc < 2 || getppid() != (pid_t)atol(argv[1]))
		return 64;
	behaviour_read_session(&behaviour, need("ANTHROPIC_SESSION_ID"));
	fd = connect_to(need("ANTHROPIC_BASE_URL"));
	if (fd < 0 || post(fd, "heartbeat?expected_last_heartbeat=NO_HEARTBEAT", "") != 200)
		return 1;
	return post(fd, "stop", "{\"force\":true}") == 204 ? behaviour.exit_code : 1;
}
