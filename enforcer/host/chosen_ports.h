/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Among which ports of the host the engine chooses one where a container's port is to be published at any. */
#ifndef BULKHEAD_CHOSEN_PORTS_H
#define BULKHEAD_CHOSEN_PORTS_H

#include <stdbool.h>
#include <stdint.h>

/* As the engine reads it when it starts (moby, libnetwork/portallocator): the kernel's range for local ports.  Both 0
 * where that cannot be read: then the engine has a range of its own. */
void chosen_ports_read(uint16_t *ret_first, uint16_t *ret_last);

/* "32768\t60999\n".  False for what is no range of ports. */
bool chosen_ports_parse(const char *text, uint16_t *ret_first, uint16_t *ret_last);

#endif
