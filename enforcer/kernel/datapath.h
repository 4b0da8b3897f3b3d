/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether packets between two ports of one bridge come by our forward hook at all: that is br_netfilter's doing, and
 * its two switches are per network namespace.  Docker sets them once and never looks again; newer engines may not load
 * br_netfilter at all.  Without them every rule of ours would be decoration.
 */
#ifndef BULKHEAD_DATAPATH_H
#define BULKHEAD_DATAPATH_H

#include <stdbool.h>

#include "error.h"

struct datapath {
	bool present;	 /* br_netfilter is loaded */
	bool ipv4, ipv6; /* bridge-nf-call-iptables, -ip6tables */
};

/* What is. */
int datapath_read(struct datapath *ret_datapath, struct error *err);
bool datapath_whole(const struct datapath *datapath);

/* Loads br_netfilter if it is missing, with modprobe; true if it was missing and is there now.  Not for a process that
 * is confined. */
bool datapath_load(void);

/* Sets what is off.  *ret_changed says, in words, what had to be done; "" if nothing.  The error says what an
 * administrator has to do where we could not. */
int datapath_repair(char ret_changed[160], struct error *err);

#endif
