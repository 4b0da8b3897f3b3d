/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live probe itself: sends, and hears what arrives. */
#ifndef BULKHEAD_PROBE_RUN_H
#define BULKHEAD_PROBE_RUN_H

#include "error.h"
#include "probe_endpoints.h"

/* The longest that it takes, in milliseconds: whatever takes a packet longer is not found. */
#define PROBE_RUN_MS 400

/*
 * Sends every kind of packet from each sender to its receiver, several times, and notes in the places what came of it.
 * That silence means something is part of it: each packet is also awaited where it leaves its sender, at the port in
 * front of the bridge, and each receiver is sent the same packet out of its own port, past the bridge.  Ends early when
 * everything has arrived.
 */
int probe_run(struct probe_endpoints *endpoints, struct error *err);

enum probe_verdict {
	PROBE_ARRIVED,	   /* some of it did */
	PROBE_SILENT,	   /* nothing did, and it would have been heard */
	PROBE_NOT_SENT,	   /* nothing was sent, or what was found is void: see the place's problem */
	PROBE_NOT_LEFT,	   /* some of it did not get to its sender's port */
	PROBE_NOT_AUDIBLE, /* some of it was not heard past the bridge either */
	PROBE_TOO_LOUD,	   /* the receiver could not hear everything */
};
/* Pure.  What was found of these kinds, a bit for each enum probe_kind; *ret_which: of which of them. */
enum probe_verdict probe_judge(const struct probe_place *place, bool lost, unsigned kinds, unsigned *ret_which);

#endif
