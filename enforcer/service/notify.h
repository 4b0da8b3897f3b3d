/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sd_notify(3)'s protocol: a datagram to the socket in NOTIFY_SOCKET.  These few lines replace libsystemd, which would
 * bring five more libraries into a root service.
 */
#ifndef BULKHEAD_NOTIFY_H
#define BULKHEAD_NOTIFY_H

#include <stdint.h>

/* "READY=1", "STATUS=…", … ; several assignments are separated by newlines.  Does nothing without a supervisor. */
void notify_send(const char *state);

/* Sends "RELOADING=1" with the monotonic time that the protocol requires. */
void notify_reloading(void);

/* How often the supervisor wants to hear WATCHDOG=1, in milliseconds: half of its limit.  0: never. */
uint64_t notify_watchdog_ms(void);

#endif
