/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which name servers the engine's resolver asks for its containers, from their network namespaces: the host's. */
#ifndef BULKHEAD_RESOLVERS_H
#define BULKHEAD_RESOLVERS_H

#include <stddef.h>

#include "address.h"
#include "config.h"
#include "error.h"

/* What the configuration names; else what the host's resolv.conf does, read as the engine reads it (moby,
 * libnetwork/resolvconf): without those on the loopback, of which systemd-resolved's stands for what
 * /run/systemd/resolve/resolv.conf names; and public ones where nothing is left.  The array is the caller's. */
int resolvers_read(const struct config *config, struct address **ret_addresses, size_t *ret_count, struct error *err);

/* The files in which it looks, ended by NULL. */
extern const char *const resolvers_files[];

/* The name servers of a resolv.conf, without those on the loopback; *ret_stub: systemd-resolved's was the only one.  0
 * or -ENOMEM. */
int resolvers_parse(const char *text, struct address **ret_addresses, size_t *ret_count, bool *ret_stub);

#endif
