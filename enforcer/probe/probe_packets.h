/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packets of the live probe, as bytes: whole frames, each with a label by which it is known again, whatever was
 * done to the rest of it on the way.  Pure. */
#ifndef BULKHEAD_PROBE_PACKETS_H
#define BULKHEAD_PROBE_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

#define PROBE_FRAME_SIZE 128
#define PROBE_TOKEN_SIZE 16
#define PROBE_ETHERTYPE	 0x88b5 /* IEEE Std 802, local experimental */
#define PROBE_PORT	 9	/* discard, RFC 863 */

enum probe_kind {
	PROBE_TCP,
	PROBE_UDP,
	PROBE_ICMP,
	PROBE_RAW,	/* PROBE_ETHERTYPE */
	PROBE_LINK_UDP, /* by IPv6 link-local addresses */
	PROBE_LINK_ECHO,
	PROBE_IPV6_TCP,
	PROBE_IPV6_UDP,
	PROBE_KINDS,
};

enum probe_way {
	PROBE_THROUGH, /* through the bridge: what must not arrive */
	PROBE_DIRECT,  /* out of the receiver's own port, past the bridge: what must */
};

struct probe_label {
	uint8_t token[PROBE_TOKEN_SIZE]; /* random, of one run */
	enum probe_way way;
	enum probe_kind kind;
	uint16_t place; /* on which bridge */
};

/* Between whom.  Families that the network has not are ADDRESS_NONE. */
struct probe_ends {
	uint8_t from_mac[6], to_mac[6];
	struct address from4, to4, from6, to6;
};

/* "TCP". */
const char *probe_kind_name(enum probe_kind kind);

/* Who sends it and who is to get it, by the addresses of its kind; none for PROBE_RAW. */
void probe_packet_addresses(const struct probe_ends *ends, enum probe_kind kind, struct address *ret_from,
			    struct address *ret_to);

/* The frame's size; 0: the ends have no addresses for it. */
size_t probe_packet_build(const struct probe_ends *ends, const struct probe_label *label,
			  uint8_t frame[PROBE_FRAME_SIZE]);

/* Whether the frame holds, at whatever place, a label with that token. */
bool probe_packet_read(const void *frame, size_t size, const uint8_t token[PROBE_TOKEN_SIZE],
		       struct probe_label *ret_label);

/* A question whether anybody has that address, asked by nobody (RFC 5227, RFC 4862): ARP, or a neighbour solicitation.
 * mac: the asking link's.  The frame's size. */
size_t probe_packet_ask(const uint8_t mac[6], const struct address *address, uint8_t frame[PROBE_FRAME_SIZE]);

/* The address that a frame shows to be somebody's: ARP's sender, a neighbour advertisement's target, or the source of
 * an IPv6 packet.  ADDRESS_NONE where it shows none. */
struct address probe_packet_holder(const void *frame, size_t size);

#endif
