/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reconcile reads from the host: its links, name servers, and ports to choose from. */
#ifndef BULKHEAD_RECONCILE_LINKS_H
#define BULKHEAD_RECONCILE_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "compile.h"
#include "config.h"

struct reconciler;

/* Reads the ports before the engine is asked who lives behind them: its answer counts only for ports that were there
 * before the question. */
int reconcile_look_at_ports(struct reconciler *reconciler, struct error *err);

/* The caller listens to links_monitor from now on, and calls reconcile_bridges_changed when it tells of a change. away:
 * nobody listens where the engine should, so that what is new is not the engine's.  Otherwise a bridge that is new is
 * closed until the engine has told whose it is. */
void reconcile_follow_bridges(struct reconciler *reconciler);
void reconcile_bridges_changed(struct reconciler *reconciler, bool away);

/* Whether the engine should be asked which networks there are: about a bridge that came, or got a port, after the last
 * time.  lately: or one that came so lately that it may not be listed yet. */
bool reconcile_unclaimed_bridges(const struct reconciler *reconciler, bool lately);

/* The engine's list of all networks, asked for at that time: say is called with the id of each that should be asked
 * about. True if that releases a bridge: then everything should be looked at. */
bool reconcile_listed(struct reconciler *reconciler, struct network *const *networks, size_t count, uint64_t asked,
		      void (*say)(const char *id, void *data), void *data);

/* The bridges that are closed though no network is known to have them; the array is the caller's.  0 or -ENOMEM. */
int reconcile_closed_bridges(const struct reconciler *reconciler, char (**ret_names)[16], size_t *ret_count);

/* The first managed network whose bridge was not among the bridges that were read last, or NULL. */
const struct network *reconcile_elsewhere(const struct reconciler *reconciler);

/* The managed networks with a port whose endpoint is not known: the engine should be asked who came.  say is called
 * with each network's id.  only_new: leaves out networks that were asked about after the port was there.  Returns how
 * many there are. */
size_t reconcile_unknown_ports(const struct reconciler *reconciler, bool only_new,
			       void (*say)(const char *id, void *data), void *data);

/* ---- For the files of this room ---- */

/* The bridges that are closed or left alone besides those of the inventory.  The caller clears ret_links. */
int reconcile_links_collect(struct reconciler *reconciler, struct compile_links *ret_links, struct error *err);
void reconcile_links_clear(struct compile_links *links);

/* -ENXIO if managed networks have bridges that are not links of this network namespace. */
int reconcile_links_check(struct reconciler *reconciler, const struct inventory *inventory, struct error *err);

/* Completes the inventory with what the engine does not tell: ports of bridges, name servers, and the range of ports
 * that the engine chooses from. */
int reconcile_links_look(struct reconciler *reconciler, const struct config *config, struct inventory *inventory,
			 struct error *err);

#endif
