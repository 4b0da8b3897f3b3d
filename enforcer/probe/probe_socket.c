/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "cleanup.h"

/* Room for what a busy bridge floods meanwhile, beside the probe's own few packets. */
#define EAR_BUFFER (4 * 1024 * 1024)

/* Protocol 0: nothing is heard before it is bound. */
int probe_socket_voice(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

int probe_socket_ear(int link)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = link };
	cleanup_close int fd = probe_socket_voice();
	int size = EAR_BUFFER;

	if (fd < 0)
		return fd;
	/* Best effort: frames that are lost are noticed. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -errno;
	return steal_fd(&fd);
}

int probe_socket_send(int fd, int link, const void *frame, size_t size)
{
	const struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = link };

	while (sendto(fd, frame, size, 0, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int probe_socket_receive(int fd, void *buffer, size_t size, int *ret_link)
{
	struct sockaddr_ll from;
	socklen_t from_size = sizeof(from);
	ssize_t length;

	/* What this end sent is shown to its ears as well. */
	do {
		from_size = sizeof(from);
		length = recvfrom(fd, buffer, size, 0, (struct sockaddr *)&from, &from_size);
	} while ((length < 0 && errno == EINTR) || length == 0 || (length > 0 && from.sll_pkttype == PACKET_OUTGOING));
	if (length < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
	*ret_link = from.sll_ifindex;
	return (int)length;
}

bool probe_socket_lost(int fd)
{
	struct tpacket_stats told = { 0 };
	socklen_t size = sizeof(told);

	return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &told, &size) < 0 || told.tp_drops > 0;
}
