/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that need a privilege, and places that a session shall not reach. */
#include "hardening/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECT_MS 3000

static int raw_socket(void)
{
	return outcome(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int raw_socket_6(void)
{
	return outcome(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
}

static int packet_socket(void)
{
	return outcome(socket(AF_PACKET, SOCK_DGRAM, 0));
}

static int cipher_socket(void)
{
	return outcome(socket(AF_ALG, SOCK_SEQPACKET, 0));
}

static int host_socket(void)
{
	return outcome(socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int key_socket(void)
{
	return outcome(socket(AF_KEY, SOCK_RAW, 2 /* PF_KEY_V2 */));
}

static int audit_socket(void)
{
	int socket_fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
	struct {
		struct nlmsghdr header;
		char reply[256];
	} message = {.header = {.nlmsg_len = sizeof(struct nlmsghdr),
				.nlmsg_type = 1000 /* AUDIT_GET */,
				.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK}};
	struct nlmsgerr *answer = NLMSG_DATA(&message.header);
	struct timeval limit = {.tv_sec = 1};

	if (socket_fd < 0 || send(socket_fd, &message, message.header.nlmsg_len, 0) < 0)
		return errno;
	setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (recv(socket_fd, &message, sizeof(message), 0) < 0)
		return errno;
	return message.header.nlmsg_type == NLMSG_ERROR ? -answer->error : 0;
}

static int option(int level, int name)
{
	int value = 1, socket_fd = socket(AF_INET, SOCK_STREAM, 0);

	return outcome(setsockopt(socket_fd, level, name, &value, sizeof(value)));
}

static int mark_packets(void)
{
	return option(SOL_SOCKET, SO_MARK);
}

static int force_buffer(void)
{
	return option(SOL_SOCKET, SO_RCVBUFFORCE);
}

static int pretend_addresses(void)
{
	return option(IPPROTO_IP, IP_TRANSPARENT);
}

/* With the flags that it has. */
static int set_device(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int socket_fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (ioctl(socket_fd, SIOCGIFFLAGS, &request) < 0)
		return errno;
	return outcome(ioctl(socket_fd, SIOCSIFFLAGS, &request));
}

/* netfilter's own: IPT_SO_GET_INFO. */
static int read_firewall(void)
{
	char info[84] = "filter";
	socklen_t length = sizeof(info);
	int socket_fd = socket(AF_INET, SOCK_DGRAM, 0);

	return outcome(getsockopt(socket_fd, IPPROTO_IP, 64, info, &length));
}

static int bind_low_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(81)};
	int socket_fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return outcome(bind(socket_fd, (struct sockaddr *)&address, sizeof(address)));
}

/* --- places ----------------------------------------------------------------------------------- */

static int connected(const char *place)
{
	char text[64];
	int port, error = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(error);
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct pollfd ready = {.fd = fd, .events = POLLOUT};

	if (!place || sscanf(place, "%63s %d", text, &port) != 2 ||
	    inet_pton(AF_INET, text, &address.sin_addr) != 1)
		return EINVAL;
	address.sin_port = htons((in_port_t)port);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&ready, 1, CONNECT_MS) == 0)
		return ETIMEDOUT;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	return error;
}

static int reach_sibling(void)
{
	return connected(here.sibling);
}

static int reach_host_loopback(void)
{
	return connected(here.host_listener);
}

static int reach_engine(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!here.engine_socket)
		return EINVAL;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", here.engine_socket);
	return outcome(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

const struct attempt network_attempts[] = {
	{"a raw socket", raw_socket},
	{"a raw IPv6 socket", raw_socket_6},
	{"a packet socket", packet_socket},
	{"an AF_ALG socket", cipher_socket},
	{"an AF_VSOCK socket", host_socket},
	{"an AF_KEY socket", key_socket},
	{"the audit system", audit_socket},
	{"mark packets", mark_packets},
	{"force a buffer", force_buffer},
	{"pretend addresses", pretend_addresses},
	{"set a device's flags", set_device},
	{"read the firewall", read_firewall},
	{"bind a port below 1024", bind_low_port},
	{"reach a sibling's server", reach_sibling},
	{"reach the host's loopback", reach_host_loopback},
	{"reach the engine's socket", reach_engine},
	{NULL, NULL},
};
