/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sd_notify(3)'s protocol: a datagram to the socket in NOTIFY_SOCKET.  A few lines instead of libsystemd, which would
 * bring five more libraries into a root service.
 */
#ifndef BULKHEAD_NOTIFY_H
#define BULKHEAD_NOTIFY_H

#include <stdint.h>

/* "READY=1", "STATUS=…", … ; several assignments are separated by newlines.  Nothing happens without a supervisor. */
void notify_send(const char *state);

/* "RELOADING=1" with the time that the protocol wants beside it. */
void notify_reloading(void);

/* How often the supervisor wants to hear WATCHDOG=1, in milliseconds: half of its limit.  0: it does not. */
uint64_t notify_watchdog_ms(void);

#endif
