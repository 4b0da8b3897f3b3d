/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe_packets.h"

#include <arpa/inet.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#define LABEL_SIZE	(PROBE_TOKEN_SIZE + 4)
#define ETHERNET_HEADER 14
#define IPV4_HEADER	20
#define IPV6_HEADER	40
#define ARP_SIZE	28
#define FRAME_MIN	60 /* without the checksum; shorter ones are no Ethernet frames */

static const struct {
	const char *name;
	uint8_t family; /* 0: no IP */
	uint8_t protocol;
	bool link_local;
} kinds[PROBE_KINDS] = {
	[PROBE_TCP] = { "TCP", 4, IPPROTO_TCP, false },
	[PROBE_UDP] = { "UDP", 4, IPPROTO_UDP, false },
	[PROBE_ICMP] = { "ICMP echo", 4, IPPROTO_ICMP, false },
	[PROBE_RAW] = { "a frame of ethertype 0x88b5", 0, 0, false },
	[PROBE_LINK_UDP] = { "IPv6 UDP, link-local", 6, IPPROTO_UDP, true },
	[PROBE_LINK_ECHO] = { "ICMPv6 echo, link-local", 6, IPPROTO_ICMPV6, true },
	[PROBE_IPV6_TCP] = { "IPv6 TCP", 6, IPPROTO_TCP, false },
	[PROBE_IPV6_UDP] = { "IPv6 UDP", 6, IPPROTO_UDP, false },
};

const char *probe_kind_name(enum probe_kind kind)
{
	return kinds[kind].name;
}

/* As the kernel makes it of a MAC: RFC 4291, appendix A. */
static struct address link_local(const uint8_t mac[6])
{
	return (struct address){ .family = ADDRESS_IPV6,
				 .bytes = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe,
					    mac[3], mac[4], mac[5] } };
}

void probe_packet_addresses(const struct probe_ends *ends, enum probe_kind kind, struct address *ret_from,
			    struct address *ret_to)
{
	*ret_from = *ret_to = (struct address){ .family = ADDRESS_NONE };
	if (kinds[kind].link_local) {
		*ret_from = link_local(ends->from_mac);
		*ret_to = link_local(ends->to_mac);
	} else if (kinds[kind].family) {
		*ret_from = kinds[kind].family == 4 ? ends->from4 : ends->from6;
		*ret_to = kinds[kind].family == 4 ? ends->to4 : ends->to6;
	}
}

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* ---- Checksums: a wrong one would be dropped for its own sake ---- */

static uint32_t sum(uint32_t so_far, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		so_far += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return so_far;
}

static uint16_t folded(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)~total;
}

/* RFC 9293, RFC 8200 section 8.1: with the addresses, which ICMP for IPv4 does without. */
static uint16_t transport_checksum(const struct address *from, const struct address *to, uint8_t protocol,
				   const uint8_t *packet, size_t size)
{
	uint32_t total = 0;
	uint16_t checksum;

	if (protocol != IPPROTO_ICMP) {
		total = sum(total, from->bytes, address_length(from));
		total = sum(total, to->bytes, address_length(to));
		total += protocol + (uint32_t)size;
	}
	checksum = folded(sum(total, packet, size));
	/* UDP's zero means that there is none. */
	return protocol == IPPROTO_UDP && checksum == 0 ? 0xffff : checksum;
}

/* ---- Layers, from the outside ---- */

static size_t put_ethernet(uint8_t *at, const uint8_t from[6], const uint8_t to[6], uint16_t type)
{
	memcpy(at, to, 6);
	memcpy(at + 6, from, 6);
	put16(at + 12, type);
	return ETHERNET_HEADER;
}

static size_t put_ip(uint8_t *at, const struct address *from, const struct address *to, uint8_t protocol, uint8_t hops,
		     size_t size)
{
	if (from->family == ADDRESS_IPV4) {
		at[0] = 0x45;
		put16(at + 2, IPV4_HEADER + size);
		at[8] = hops;
		at[9] = protocol;
		memcpy(at + 12, from->bytes, 4);
		memcpy(at + 16, to->bytes, 4);
		put16(at + 10, folded(sum(0, at, IPV4_HEADER)));
		return IPV4_HEADER;
	}
	at[0] = 0x60;
	put16(at + 4, size);
	at[6] = protocol;
	at[7] = hops;
	memcpy(at + 8, from->bytes, 16);
	memcpy(at + 24, to->bytes, 16);
	return IPV6_HEADER;
}

/* The header's size; its checksum stands at *ret_checksum. */
static size_t put_transport(uint8_t *at, uint8_t protocol, size_t payload, size_t *ret_checksum)
{
	switch (protocol) {
	case IPPROTO_TCP:
		put16(at, 40000);
		put16(at + 2, PROBE_PORT);
		at[7] = 1;	 /* sequence number */
		at[12] = 5 << 4; /* header of five words */
		at[13] = 0x02;	 /* SYN */
		put16(at + 14, 64240);
		*ret_checksum = 16;
		return 20;
	case IPPROTO_UDP:
		put16(at, 40000);
		put16(at + 2, PROBE_PORT);
		put16(at + 4, 8 + payload);
		*ret_checksum = 6;
		return 8;
	default:
		at[0] = protocol == IPPROTO_ICMP ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
		put16(at + 4, 0x6270);
		at[7] = 1;
		*ret_checksum = 2;
		return 8;
	}
}

static void put_label(uint8_t *at, const struct probe_label *label)
{
	memcpy(at, label->token, PROBE_TOKEN_SIZE);
	at[PROBE_TOKEN_SIZE] = (uint8_t)label->way;
	at[PROBE_TOKEN_SIZE + 1] = (uint8_t)label->kind;
	put16(at + PROBE_TOKEN_SIZE + 2, label->place);
}

static size_t at_least_minimum(size_t size)
{
	return size < FRAME_MIN ? FRAME_MIN : size;
}

size_t probe_packet_build(const struct probe_ends *ends, const struct probe_label *label,
			  uint8_t frame[PROBE_FRAME_SIZE])
{
	const uint8_t family = kinds[label->kind].family, protocol = kinds[label->kind].protocol;
	size_t header, checksum, ip = family == 4 ? IPV4_HEADER : IPV6_HEADER;
	uint8_t *packet = frame + ETHERNET_HEADER, *transport = packet + ip;
	struct address from, to;

	memset(frame, 0, PROBE_FRAME_SIZE);
	if (!family) {
		put_ethernet(frame, ends->from_mac, ends->to_mac, PROBE_ETHERTYPE);
		put_label(packet, label);
		return at_least_minimum(ETHERNET_HEADER + LABEL_SIZE);
	}
	probe_packet_addresses(ends, label->kind, &from, &to);
	if (!from.family || !to.family)
		return 0;
	put_ethernet(frame, ends->from_mac, ends->to_mac, family == 4 ? ETH_P_IP : ETH_P_IPV6);
	header = put_transport(transport, protocol, LABEL_SIZE, &checksum);
	put_label(transport + header, label);
	put_ip(packet, &from, &to, protocol, 64, header + LABEL_SIZE);
	put16(transport + checksum, transport_checksum(&from, &to, protocol, transport, header + LABEL_SIZE));
	return at_least_minimum(ETHERNET_HEADER + ip + header + LABEL_SIZE);
}

bool probe_packet_read(const void *frame, size_t size, const uint8_t token[PROBE_TOKEN_SIZE],
		       struct probe_label *ret_label)
{
	const uint8_t *at = memmem(frame, size, token, PROBE_TOKEN_SIZE);
	const uint8_t *end = (const uint8_t *)frame + size;

	if (!at || end - at < LABEL_SIZE || at[PROBE_TOKEN_SIZE] > PROBE_DIRECT ||
	    at[PROBE_TOKEN_SIZE + 1] >= PROBE_KINDS)
		return false;
	memcpy(ret_label->token, token, PROBE_TOKEN_SIZE);
	ret_label->way = (enum probe_way)at[PROBE_TOKEN_SIZE];
	ret_label->kind = (enum probe_kind)at[PROBE_TOKEN_SIZE + 1];
	ret_label->place = (uint16_t)(at[PROBE_TOKEN_SIZE + 2] << 8 | at[PROBE_TOKEN_SIZE + 3]);
	return true;
}

/* ---- Who has an address ---- */

static size_t ask_arp(const uint8_t mac[6], const struct address *address, uint8_t frame[PROBE_FRAME_SIZE])
{
	static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint8_t *arp = frame + put_ethernet(frame, mac, everybody, ETH_P_ARP);

	put16(arp, ARPHRD_ETHER);
	put16(arp + 2, ETH_P_IP);
	arp[4] = 6;
	arp[5] = 4;
	put16(arp + 6, ARPOP_REQUEST);
	memcpy(arp + 8, mac, 6); /* the sender's address stays 0.0.0.0 */
	memcpy(arp + 24, address->bytes, 4);
	return at_least_minimum(ETHERNET_HEADER + ARP_SIZE);
}

static size_t ask_neighbour(const uint8_t mac[6], const struct address *address, uint8_t frame[PROBE_FRAME_SIZE])
{
	const uint8_t *last = address->bytes + 13;
	const uint8_t group_mac[6] = { 0x33, 0x33, 0xff, last[0], last[1], last[2] };
	const struct address nobody = { .family = ADDRESS_IPV6 };
	const struct address group = { .family = ADDRESS_IPV6,
				       .bytes = { 0xff, 0x02, [11] = 1, [12] = 0xff, last[0], last[1], last[2] } };
	const size_t size = sizeof(struct nd_neighbor_solicit);
	uint8_t *packet = frame + put_ethernet(frame, mac, group_mac, ETH_P_IPV6);
	uint8_t *question = packet + put_ip(packet, &nobody, &group, IPPROTO_ICMPV6, 255, size);

	question[0] = ND_NEIGHBOR_SOLICIT;
	memcpy(question + 8, address->bytes, 16);
	put16(question + 2, transport_checksum(&nobody, &group, IPPROTO_ICMPV6, question, size));
	return at_least_minimum(ETHERNET_HEADER + IPV6_HEADER + size);
}

size_t probe_packet_ask(const uint8_t mac[6], const struct address *address, uint8_t frame[PROBE_FRAME_SIZE])
{
	memset(frame, 0, PROBE_FRAME_SIZE);
	return address->family == ADDRESS_IPV4 ? ask_arp(mac, address, frame) : ask_neighbour(mac, address, frame);
}

struct address probe_packet_holder(const void *frame, size_t size)
{
	const uint8_t *packet = (const uint8_t *)frame + ETHERNET_HEADER;
	struct address holder = { .family = ADDRESS_NONE };
	unsigned type;

	if (size < ETHERNET_HEADER)
		return holder;
	size -= ETHERNET_HEADER;
	type = (unsigned)packet[-2] << 8 | packet[-1];
	if (type == ETH_P_ARP && size >= ARP_SIZE) {
		holder.family = ADDRESS_IPV4;
		memcpy(holder.bytes, packet + 14, 4);
	} else if (type == ETH_P_IPV6 && size >= IPV6_HEADER) {
		const uint8_t *icmp = packet + IPV6_HEADER;
		bool told = packet[6] == IPPROTO_ICMPV6 && size >= IPV6_HEADER + sizeof(struct nd_neighbor_advert) &&
			    icmp[0] == ND_NEIGHBOR_ADVERT;

		holder.family = ADDRESS_IPV6;
		memcpy(holder.bytes, told ? icmp + 8 : packet + 8, 16);
	}
	return holder;
}
