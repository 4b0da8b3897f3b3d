/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's own sockets, as the reconciler knows them: see reconcile_sockets.h. */
#ifndef BULKHEAD_RECONCILE_HOST_H
#define BULKHEAD_RECONCILE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reconciler;

/* Those that are known to be the host's, for the next run; the array is the caller's.  0 or -ENOMEM.  And those of the
 * last run. */
int reconcile_sockets_tell(const struct reconciler *reconciler, uint64_t **ret_cookies, size_t *ret_count);
void reconcile_sockets_know(struct reconciler *reconciler, const uint64_t *cookies, size_t count);

/* Whether the host's ports have changed since it was asked last. */
bool reconcile_sockets_news(struct reconciler *reconciler);

/* Looks at the host's sockets.  True if that changes what is compiled: then everything should be looked at. */
bool reconcile_look_at_sockets(struct reconciler *reconciler);

#endif
