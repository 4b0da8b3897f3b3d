/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one file that opens packet sockets: whole frames, sent and heard at a link, in front of everything that filters
 * IP. */
#ifndef BULKHEAD_PROBE_SOCKET_H
#define BULKHEAD_PROBE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_SOCKET_EVERY_LINK 0

/* One that only sends.  The fd, of the thread's network namespace, is the caller's; or negative errno. */
int probe_socket_voice(void);

/* One that hears what comes in at a link (its index), or at every link of the thread's network namespace. */
int probe_socket_ear(int link);

/* 0 or negative errno. */
int probe_socket_send(int fd, int link, const void *frame, size_t size);

/* The next frame that came in, without waiting.  Its size in bytes, cut at the buffer's; 0: there is none; or negative
 * errno. */
int probe_socket_receive(int fd, void *buffer, size_t size, int *ret_link);

/* Whether the kernel had to leave frames out since the socket was opened, or this was asked: silence is no proof then.
 */
bool probe_socket_lost(int fd);

#endif
