/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_rule.h"

#include <errno.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <libnftnl/rule.h>

#include "kernel.h"
#include "nft_expr.h"

/* Neighbour discovery (RFC 4861) and multicast listener discovery (RFC 2710). */
#define MLD_QUERY	 130
#define ND_ROUTER_ADVERT 134
#define ND_SOLICIT	 135
#define ND_ADVERT	 136
#define ND_REDIRECT	 137

static int equal_u8(struct nftnl_rule *rule, uint8_t value)
{
	return nft_expr_equal(rule, NFT_REG_1, &value, sizeof(value));
}

static int equal_be16(struct nftnl_rule *rule, uint16_t value)
{
	uint16_t big = htons(value);

	return nft_expr_equal(rule, NFT_REG_1, &big, sizeof(big));
}

static int match_meta_u8(struct nftnl_rule *rule, uint32_t meta, uint8_t value)
{
	return nft_expr_meta(rule, meta, NFT_REG_1) ?: equal_u8(rule, value);
}

/* meta protocol: what the frame holds, whatever tag stands before it. */
static int match_protocol(struct nftnl_rule *rule, uint16_t type)
{
	return nft_expr_meta(rule, NFT_META_PROTOCOL, NFT_REG_1) ?: equal_be16(rule, type);
}

/* ether type: what stands behind the MACs, so a tag is seen. */
static int match_ether_type(struct nftnl_rule *rule, uint16_t type)
{
	return nft_expr_payload(rule, NFT_PAYLOAD_LL_HEADER, 12, 2, NFT_REG_1) ?: equal_be16(rule, type);
}

/* Without the terminator: what nft writes for "br-*". */
static int match_name(struct nftnl_rule *rule, uint32_t meta)
{
	return nft_expr_meta(rule, meta, NFT_REG_1) ?: nft_expr_equal(rule, NFT_REG_1, "br-", 3);
}

static int match_loopback_link(struct nftnl_rule *rule)
{
	static const char name[16] = "lo";

	return nft_expr_meta(rule, NFT_META_IIFNAME, NFT_REG_1) ?: nft_expr_equal(rule, NFT_REG_1, name, sizeof(name));
}

static int match_to_loopback(struct nftnl_rule *rule)
{
	return match_meta_u8(rule, NFT_META_NFPROTO, NFPROTO_IPV4)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 16, 1, NFT_REG_1) ?: equal_u8(rule, 127);
}

/* 224.0.0.0/4 is no whole number of bytes, ff00::/8 is one. */
static int match_to_multicast(struct nftnl_rule *rule)
{
	static const uint32_t mask = 0xf0, class_d = 0xe0; /* of the first byte, as it stands in the packet */

	return match_meta_u8(rule, NFT_META_NFPROTO, NFPROTO_IPV4)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 16, 4, NFT_REG_1)
		       ?: nft_expr_bitwise(rule, NFT_REG_1, mask, 0)
		       ?: nft_expr_equal(rule, NFT_REG_1, &class_d, sizeof(class_d));
}

static int match_to_multicast6(struct nftnl_rule *rule)
{
	return match_meta_u8(rule, NFT_META_NFPROTO, NFPROTO_IPV6)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 24, 1, NFT_REG_1) ?: equal_u8(rule, 0xff);
}

/* meta mark & MARK == MARK */
static int match_mark(struct nftnl_rule *rule, uint32_t mark)
{
	return nft_expr_meta(rule, NFT_META_MARK, NFT_REG_1)
		       ?: nft_expr_bitwise(rule, NFT_REG_1, mark, 0)
		       ?: nft_expr_equal(rule, NFT_REG_1, &mark, sizeof(mark));
}

/* A bit of conntrack's: ct state related, ct status dnat. */
static int match_ct_bit(struct nftnl_rule *rule, uint32_t key, uint32_t bit)
{
	const uint32_t none = 0;

	return nft_expr_ct(rule, key, -1, NFT_REG_1)
		       ?: nft_expr_bitwise(rule, NFT_REG_1, bit, 0)
		       ?: nft_expr_differs(rule, NFT_REG_1, &none, sizeof(none));
}

static int match_icmpv6_type(struct nftnl_rule *rule, uint8_t type)
{
	return match_meta_u8(rule, NFT_META_L4PROTO, IPPROTO_ICMPV6)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1)
		       ?: equal_u8(rule, type);
}

static int match_neighbour(struct nftnl_rule *rule, uint8_t type)
{
	const uint8_t hop_limit = 255; /* RFC 4861, 7.1: anything less came through a router */

	return match_meta_u8(rule, NFT_META_NFPROTO, NFPROTO_IPV6)
		       ?: match_icmpv6_type(rule, type)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 7, 1, NFT_REG_1)
		       ?: equal_u8(rule, hop_limit);
}

static int match_frame_icmpv6(struct nftnl_rule *rule, uint8_t type)
{
	return match_ether_type(rule, ETH_P_IPV6) ?: match_icmpv6_type(rule, type);
}

static int match_solicit_multicast(struct nftnl_rule *rule)
{
	static const uint8_t prefix[13] = { 0xff, 0x02, [11] = 0x01, [12] = 0xff }; /* RFC 4291, 2.7.1 */

	return match_frame_icmpv6(rule, ND_SOLICIT)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 24, sizeof(prefix), NFT_REG_1)
		       ?: nft_expr_equal(rule, NFT_REG_1, prefix, sizeof(prefix));
}

/* RFC 6980: nobody sends these in fragments, of which the first may end before the target. */
static int match_advert_fragment(struct nftnl_rule *rule)
{
	return match_ether_type(rule, ETH_P_IPV6)
		       ?: nft_expr_exthdr(rule, IPPROTO_FRAGMENT, NFT_REG_1)
		       ?: equal_u8(rule, 1) ?: match_icmpv6_type(rule, ND_ADVERT);
}

static int match_advert_multicast(struct nftnl_rule *rule)
{
	static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 0x01 }; /* RFC 4291, 2.7.1 */

	return match_frame_icmpv6(rule, ND_ADVERT)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 24, sizeof(all_nodes), NFT_REG_1)
		       ?: nft_expr_equal(rule, NFT_REG_1, all_nodes, sizeof(all_nodes));
}

static int match_arp_broadcast(struct nftnl_rule *rule, uint16_t operation)
{
	static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return match_ether_type(rule, ETH_P_ARP)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 6, 2, NFT_REG_1)
		       ?: equal_be16(rule, operation)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_LL_HEADER, 0, sizeof(everybody), NFT_REG_1)
		       ?: nft_expr_equal(rule, NFT_REG_1, everybody, sizeof(everybody));
}

/* IEEE 802.1Q, table 8-1: what a bridge never forwards. */
static int match_reserved_mac(struct nftnl_rule *rule)
{
	static const uint8_t mask[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0 };
	static const uint8_t reserved[6] = { 0x01, 0x80, 0xc2 };
	const uint16_t ethernet = ARPHRD_ETHER;

	return nft_expr_meta(rule, NFT_META_IIFTYPE, NFT_REG_1)
		       ?: nft_expr_equal(rule, NFT_REG_1, &ethernet, sizeof(ethernet))
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_LL_HEADER, 0, sizeof(reserved), NFT_REG_1)
		       ?: nft_expr_mask(rule, NFT_REG_1, mask, sizeof(mask))
		       ?: nft_expr_equal(rule, NFT_REG_1, reserved, sizeof(reserved));
}

static int match_reply(struct nftnl_rule *rule)
{
	const uint8_t reply = IP_CT_DIR_REPLY;

	return nft_expr_ct(rule, NFT_CT_DIRECTION, -1, NFT_REG_1)
		       ?: nft_expr_equal(rule, NFT_REG_1, &reply, sizeof(reply));
}

static int add_match(struct nftnl_rule *rule, enum nft_rule_match match, uint32_t mark)
{
	switch (match) {
	case NFT_RULE_MATCH_NONE:
		return 0;
	case NFT_RULE_MATCH_FROM_BR:
		return match_name(rule, NFT_META_IIFNAME);
	case NFT_RULE_MATCH_TO_BR:
		return match_name(rule, NFT_META_OIFNAME);
	case NFT_RULE_MATCH_FROM_LO:
		return match_loopback_link(rule);
	case NFT_RULE_MATCH_TO_LOOPBACK:
		return match_to_loopback(rule);
	case NFT_RULE_MATCH_TO_MULTICAST:
		return match_to_multicast(rule);
	case NFT_RULE_MATCH_TO_MULTICAST6:
		return match_to_multicast6(rule);
	case NFT_RULE_MATCH_MARKED:
		return match_mark(rule, mark);
	case NFT_RULE_MATCH_SOLICIT:
		return match_neighbour(rule, ND_SOLICIT);
	case NFT_RULE_MATCH_ADVERT:
		return match_neighbour(rule, ND_ADVERT);
	case NFT_RULE_MATCH_TCP:
		return match_meta_u8(rule, NFT_META_L4PROTO, IPPROTO_TCP);
	case NFT_RULE_MATCH_ICMP:
		return match_meta_u8(rule, NFT_META_L4PROTO, IPPROTO_ICMP);
	case NFT_RULE_MATCH_ICMPV6:
		return match_meta_u8(rule, NFT_META_L4PROTO, IPPROTO_ICMPV6);
	case NFT_RULE_MATCH_REPLY:
		return match_reply(rule);
	case NFT_RULE_MATCH_RELATED:
		return match_ct_bit(rule, NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_RELATED));
	case NFT_RULE_MATCH_DNAT:
		return match_ct_bit(rule, NFT_CT_STATUS, IPS_DST_NAT);
	case NFT_RULE_MATCH_BROADCAST:
		return match_meta_u8(rule, NFT_META_PKTTYPE, 1 /* PACKET_BROADCAST */);
	case NFT_RULE_MATCH_MULTICAST:
		return match_meta_u8(rule, NFT_META_PKTTYPE, 2 /* PACKET_MULTICAST */);
	case NFT_RULE_MATCH_ARP:
		return match_protocol(rule, ETH_P_ARP);
	case NFT_RULE_MATCH_IP:
		return match_protocol(rule, ETH_P_IP);
	case NFT_RULE_MATCH_IP6:
		return match_protocol(rule, ETH_P_IPV6);
	case NFT_RULE_MATCH_ETHER_IP:
		return match_ether_type(rule, ETH_P_IP);
	case NFT_RULE_MATCH_TAG:
		return match_ether_type(rule, ETH_P_8021Q);
	case NFT_RULE_MATCH_STAG:
		return match_ether_type(rule, ETH_P_8021AD);
	case NFT_RULE_MATCH_QUERY:
		return match_frame_icmpv6(rule, MLD_QUERY);
	case NFT_RULE_MATCH_ROUTER_ADVERT:
		return match_frame_icmpv6(rule, ND_ROUTER_ADVERT);
	case NFT_RULE_MATCH_REDIRECT:
		return match_frame_icmpv6(rule, ND_REDIRECT);
	case NFT_RULE_MATCH_SOLICIT_ANY:
		return match_frame_icmpv6(rule, ND_SOLICIT);
	case NFT_RULE_MATCH_ADVERT_ANY:
		return match_frame_icmpv6(rule, ND_ADVERT);
	case NFT_RULE_MATCH_SOLICIT_MULTICAST:
		return match_solicit_multicast(rule);
	case NFT_RULE_MATCH_ARP_BROADCAST:
		return match_arp_broadcast(rule, ARPOP_REQUEST);
	case NFT_RULE_MATCH_ARP_ANNOUNCEMENT:
		return match_arp_broadcast(rule, ARPOP_REPLY);
	case NFT_RULE_MATCH_ADVERT_FRAGMENT:
		return match_advert_fragment(rule);
	case NFT_RULE_MATCH_ADVERT_MULTICAST:
		return match_advert_multicast(rule);
	case NFT_RULE_MATCH_RESERVED_MAC:
		return match_reserved_mac(rule);
	}
	return -EINVAL;
}

/* ---- Keys ---- */

static int load_address(struct nftnl_rule *rule, uint8_t family, bool source, uint32_t reg)
{
	if (family == 4)
		return nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, source ? 12 : 16, 4, reg);
	return nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, source ? 8 : 24, 16, reg);
}

/* The registers that hold a flow's four parts side by side, as a lookup wants them; and a published port's three. */
static const struct {
	uint32_t source, destination, protocol, port;
	uint32_t published_protocol, published_port;
} registers[] = {
	[4] = { NFT_REG_1, NFT_REG32_01, NFT_REG32_02, NFT_REG32_03, NFT_REG32_01, NFT_REG32_02 },
	[6] = { NFT_REG_1, NFT_REG_2, NFT_REG_3, NFT_REG32_09, NFT_REG_2, NFT_REG32_05 },
};

/* Behind a name (16 bytes) and a MAC (6 bytes, in two registers). */
#define REG_PLACE_MAC	  NFT_REG_2
#define REG_PLACE_ADDRESS NFT_REG32_06

static int load_family(struct nftnl_rule *rule, uint32_t table_family, uint8_t family)
{
	if (table_family == NFPROTO_BRIDGE)
		return match_protocol(rule, family == 4 ? ETH_P_IP : ETH_P_IPV6);
	return match_meta_u8(rule, NFT_META_NFPROTO, family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
}

/* Whether the key's parts are intervals: nft then swaps the bytes of the protocol, of which there is one. */
static bool is_interval(const struct nft_rule *spec)
{
	const struct policy_set_row *row = policy_set_named(POLICY_TABLE_INET, spec->set);

	return row && policy_shape_is_interval(row->shape);
}

static int load_protocol(struct nftnl_rule *rule, const struct nft_rule *spec, uint32_t reg)
{
	return nft_expr_meta(rule, NFT_META_L4PROTO, reg) ?: is_interval(spec) ? nft_expr_byteorder(rule, reg) : 0;
}

static int load_port(struct nftnl_rule *rule, bool destination, uint32_t reg)
{
	return nft_expr_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, destination ? 2 : 0, 2, reg);
}

static int load_flow(struct nftnl_rule *rule, const struct nft_rule *spec)
{
	bool icmp = spec->key == NFT_RULE_KEY_ICMP || spec->key == NFT_RULE_KEY_ICMP_BACK;
	bool forth = spec->key == NFT_RULE_KEY_FORTH || spec->key == NFT_RULE_KEY_ICMP;
	int r;

	r = load_family(rule, NFPROTO_INET, spec->family)
		    ?: load_address(rule, spec->family, forth, registers[spec->family].source)
		    ?: load_address(rule, spec->family, !forth, registers[spec->family].destination)
		    ?: load_protocol(rule, spec, registers[spec->family].protocol);
	if (r < 0)
		return r;
	if (icmp)
		return nft_expr_ct(rule, NFT_CT_PROTO_DST, IP_CT_DIR_ORIGINAL, registers[spec->family].port);
	return load_port(rule, forth, registers[spec->family].port);
}

/* The addresses are the packet's, protocol and port those of the connection that it belongs to: the port as the
 * originator addressed it, or, behind a translation, as the other end has it. */
static int load_control(struct nftnl_rule *rule, const struct nft_rule *spec)
{
	bool nat = spec->key == NFT_RULE_KEY_NAT_FORTH || spec->key == NFT_RULE_KEY_NAT_BACK;
	bool forth = spec->key == NFT_RULE_KEY_CONTROL_FORTH || spec->key == NFT_RULE_KEY_NAT_FORTH;
	int r;

	r = load_family(rule, NFPROTO_INET, spec->family)
		    ?: load_address(rule, spec->family, forth, registers[spec->family].source)
		    ?: load_address(rule, spec->family, !forth, registers[spec->family].destination)
		    ?: nft_expr_ct(rule, NFT_CT_PROTOCOL, -1, registers[spec->family].protocol);
	if (r < 0)
		return r;
	if (nat)
		return nft_expr_ct(rule, NFT_CT_PROTO_SRC, IP_CT_DIR_REPLY, registers[spec->family].port);
	return nft_expr_ct(rule, NFT_CT_PROTO_DST, IP_CT_DIR_ORIGINAL, registers[spec->family].port);
}

static int load_published(struct nftnl_rule *rule, const struct nft_rule *spec)
{
	return load_family(rule, NFPROTO_INET, spec->family)
		       ?: load_address(rule, spec->family, false, NFT_REG_1)
		       ?: load_protocol(rule, spec, registers[spec->family].published_protocol)
		       ?: load_port(rule, true, registers[spec->family].published_port);
}

/* Port, MAC and address of a frame's sender or receiver. */
static int load_place(struct nftnl_rule *rule, const struct nft_rule *spec)
{
	bool sent = spec->key == NFT_RULE_KEY_SENT;

	return load_family(rule, NFPROTO_BRIDGE, spec->family)
		       ?: nft_expr_meta(rule, sent ? NFT_META_IIFNAME : NFT_META_OIFNAME, NFT_REG_1)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_LL_HEADER, sent ? 6 : 0, 6, REG_PLACE_MAC)
		       ?: load_address(rule, spec->family, sent, REG_PLACE_ADDRESS);
}

/* The same of an ARP packet (RFC 826, over Ethernet: sender's MAC at 8, its address at 14, the target's at 24). */
static int load_arp_part(struct nftnl_rule *rule, uint32_t link, uint32_t mac_base, uint32_t mac, uint32_t address)
{
	return nft_expr_meta(rule, link, NFT_REG_1)
		       ?: nft_expr_payload(rule, mac_base, mac, 6, REG_PLACE_MAC)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, address, 4, REG_PLACE_ADDRESS);
}

/* The sender's MAC stands in the frame and in the packet, and both have to be right. */
static int load_arp_place(struct nftnl_rule *rule, const struct nft_rule *spec)
{
	int r = match_ether_type(rule, ETH_P_ARP);

	if (r < 0 || spec->key == NFT_RULE_KEY_ARP_SENDER)
		return r ?: nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 14, 4, NFT_REG_1);
	if (spec->key == NFT_RULE_KEY_ARP_DELIVERED)
		return load_arp_part(rule, NFT_META_OIFNAME, NFT_PAYLOAD_LL_HEADER, 0, 24);
	return load_arp_part(rule, NFT_META_IIFNAME, NFT_PAYLOAD_LL_HEADER, 6, 14)
		       ?: nft_expr_lookup(rule, NFT_REG_1, spec->set, false)
		       ?: load_arp_part(rule, NFT_META_IIFNAME, NFT_PAYLOAD_NETWORK_HEADER, 8, 14);
}

static int load_key(struct nftnl_rule *rule, const struct nft_rule *spec, uint32_t table_family)
{
	switch (spec->key) {
	case NFT_RULE_KEY_NONE:
		return 0;
	case NFT_RULE_KEY_IN:
		return nft_expr_meta(rule, NFT_META_IIFNAME, NFT_REG_1);
	case NFT_RULE_KEY_OUT:
		return nft_expr_meta(rule, NFT_META_OIFNAME, NFT_REG_1);
	case NFT_RULE_KEY_IN_BRIDGE:
		return nft_expr_meta(rule, NFT_META_BRI_IIFNAME, NFT_REG_1);
	case NFT_RULE_KEY_OUT_BRIDGE:
		return nft_expr_meta(rule, NFT_META_BRI_OIFNAME, NFT_REG_1);
	case NFT_RULE_KEY_IN_OUT:
		return nft_expr_meta(rule, NFT_META_IIFNAME, NFT_REG_1)
			       ?: nft_expr_meta(rule, NFT_META_OIFNAME, NFT_REG_2);
	case NFT_RULE_KEY_OUT_DESTINATION:
		return load_family(rule, table_family, spec->family)
			       ?: nft_expr_meta(rule, NFT_META_OIFNAME, NFT_REG_1)
			       ?: load_address(rule, spec->family, false, NFT_REG_2);
	case NFT_RULE_KEY_SOURCE:
	case NFT_RULE_KEY_DESTINATION:
		return load_family(rule, table_family, spec->family)
			       ?: load_address(rule, spec->family, spec->key == NFT_RULE_KEY_SOURCE, NFT_REG_1);
	case NFT_RULE_KEY_FORTH:
	case NFT_RULE_KEY_BACK:
	case NFT_RULE_KEY_ICMP:
	case NFT_RULE_KEY_ICMP_BACK:
		return load_flow(rule, spec);
	case NFT_RULE_KEY_CONTROL_FORTH:
	case NFT_RULE_KEY_CONTROL_BACK:
	case NFT_RULE_KEY_NAT_FORTH:
	case NFT_RULE_KEY_NAT_BACK:
		return load_control(rule, spec);
	case NFT_RULE_KEY_PUBLISHED:
		return load_published(rule, spec);
	case NFT_RULE_KEY_SENT:
	case NFT_RULE_KEY_DELIVERED:
		return load_place(rule, spec);
	case NFT_RULE_KEY_ARP_SENT:
	case NFT_RULE_KEY_ARP_DELIVERED:
	case NFT_RULE_KEY_ARP_SENDER:
		return load_arp_place(rule, spec);
	}
	return -EINVAL;
}

/* ---- Ends ---- */

static int set_mark(struct nftnl_rule *rule, uint32_t mask, uint32_t bit)
{
	return nft_expr_meta(rule, NFT_META_MARK, NFT_REG_1)
		       ?: nft_expr_bitwise(rule, NFT_REG_1, mask, bit)
		       ?: nft_expr_meta_set(rule, NFT_META_MARK, NFT_REG_1);
}

static int add_mark(struct nftnl_rule *rule, uint32_t mark)
{
	return mark ? set_mark(rule, ~mark, mark) : 0;
}

/* Word by word, so that nft shows what stands here and takes it back: a whole address it would show as one, and not
 * read. */
static int own_target(struct nftnl_rule *rule)
{
	int r = 0;

	for (uint32_t at = 8; r == 0 && at < 24; at += 4)
		r = nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, at, 4, NFT_REG_1)
			    ?: nft_expr_payload_set(rule, NFT_PAYLOAD_TRANSPORT_HEADER, at, 4, NFT_REG_1);
	return r;
}

static int add_end(struct nftnl_rule *rule, const struct nft_rule *spec, uint32_t mark)
{
	switch (spec->end) {
	case NFT_RULE_END_NONE:
		return 0;
	case NFT_RULE_END_GOTO:
		return nft_expr_verdict(rule, NFT_GOTO, spec->target);
	case NFT_RULE_END_JUMP:
		return nft_expr_verdict(rule, NFT_JUMP, spec->target);
	case NFT_RULE_END_RETURN:
		return nft_expr_verdict(rule, NFT_RETURN, NULL);
	case NFT_RULE_END_ACCEPT:
		return nft_expr_verdict(rule, NF_ACCEPT, NULL);
	case NFT_RULE_END_DROP:
		return nft_expr_counter(rule) ?: nft_expr_verdict(rule, NF_DROP, NULL);
	case NFT_RULE_END_RESET:
		return nft_expr_counter(rule) ?: nft_expr_reset(rule);
	case NFT_RULE_END_MARK_ACCEPT:
		return add_mark(rule, mark) ?: nft_expr_verdict(rule, NF_ACCEPT, NULL);
	case NFT_RULE_END_MARK_GOTO:
		return add_mark(rule, mark) ?: nft_expr_verdict(rule, NFT_GOTO, spec->target);
	case NFT_RULE_END_UNMARK:
		return set_mark(rule, ~mark, 0);
	case NFT_RULE_END_UNMARK_ACCEPT:
		return (mark ? set_mark(rule, ~mark, 0) : 0) ?: nft_expr_verdict(rule, NF_ACCEPT, NULL);
	case NFT_RULE_END_OWN_TARGET:
		return own_target(rule);
	}
	return -EINVAL;
}

static int add_lookup(struct nftnl_rule *rule, const struct nft_rule *spec)
{
	if (!spec->set)
		return 0;
	if (spec->update)
		return nft_expr_update(rule, NFT_REG_1, spec->set);
	return nft_expr_lookup(rule, NFT_REG_1, spec->set, spec->except);
}

int nft_rule_build(const struct nft_rule *spec, uint32_t table_family, uint32_t mark, struct nftnl_rule **ret_rule)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	uint8_t comment[NFT_EXPR_COMMENT_SIZE];
	int r;

	if (!rule)
		return -ENOMEM;
	nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, table_family);
	r = nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, KERNEL_TABLE) < 0 ||
			    nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, spec->chain) < 0
		    ? -ENOMEM
		    : 0;
	r = r ?: add_match(rule, spec->match, mark)
			 ?: load_key(rule, spec, table_family) ?: add_lookup(rule, spec) ?: add_end(rule, spec, mark);
	if (r == 0 && spec->comment &&
	    nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, comment, nft_expr_comment(spec->comment, comment)) < 0)
		r = -ENOMEM;
	if (r < 0) {
		nftnl_rule_free(rule);
		return r;
	}
	*ret_rule = rule;
	return 0;
}
