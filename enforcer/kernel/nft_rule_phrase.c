/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules ask and do without a set: a phrase a row, and a small builder for each kind. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>

#include "nft_expr.h"
#include "nft_rule_internal.h"

const char *nft_rule_after(const char *text, const char *words)
{
	size_t length = strlen(words);

	if (strncmp(text, words, length) != 0 || (text[length] && text[length] != ' '))
		return NULL;
	return text + length + (text[length] == ' ');
}

/* ---- One field is ---- */

static int load_link(const struct nft_rule_site *site, size_t offset, uint32_t length)
{
	return nft_expr_payload(site->rule, NFT_PAYLOAD_LL_HEADER, (uint32_t)offset, length, NFT_REG_1);
}

static int load_network(const struct nft_rule_site *site, size_t offset, uint32_t length)
{
	return nft_expr_payload(site->rule, NFT_PAYLOAD_NETWORK_HEADER, (uint32_t)offset, length, NFT_REG_1);
}

static int is_bytes(const struct nft_rule_site *site, const void *bytes, uint32_t length)
{
	return nft_expr_equal(site->rule, NFT_REG_1, bytes, length);
}

static int is_byte(const struct nft_rule_site *site, uint8_t value)
{
	return is_bytes(site, &value, sizeof(value));
}

static int is_big16(const struct nft_rule_site *site, uint16_t value)
{
	uint16_t big = htons(value);

	return is_bytes(site, &big, sizeof(big));
}

static int match_meta_byte(const struct nft_rule_site *site, uint32_t key, uint32_t value)
{
	return nft_expr_meta(site->rule, key, NFT_REG_1) ?: is_byte(site, (uint8_t)value);
}

int nft_rule_match_nfproto(const struct nft_rule_site *site, uint32_t family)
{
	return match_meta_byte(site, NFT_META_NFPROTO, family);
}

int nft_rule_match_protocol(const struct nft_rule_site *site, uint32_t ethertype)
{
	return nft_expr_meta(site->rule, NFT_META_PROTOCOL, NFT_REG_1) ?: is_big16(site, (uint16_t)ethertype);
}

int nft_rule_match_ether_type(const struct nft_rule_site *site, uint32_t ethertype)
{
	return load_link(site, offsetof(struct ethhdr, h_proto), sizeof(uint16_t))
		       ?: is_big16(site, (uint16_t)ethertype);
}

static int match_l4proto(const struct nft_rule_site *site, uint32_t protocol)
{
	return match_meta_byte(site, NFT_META_L4PROTO, protocol);
}

/* ---- Links ---- */

/* Without the terminator: what nft writes for "br-*". */
static int match_docker_name(const struct nft_rule_site *site, uint32_t meta)
{
	return nft_expr_meta(site->rule, meta, NFT_REG_1) ?: is_bytes(site, "br-", 3);
}

static int match_loopback_link(const struct nft_rule_site *site, uint32_t meta)
{
	static const char name[16] = "lo";

	return nft_expr_meta(site->rule, meta, NFT_REG_1) ?: is_bytes(site, name, sizeof(name));
}

/* IEEE 802.1Q, table 8-1: what a bridge never forwards. */
static int match_reserved_mac(const struct nft_rule_site *site, uint32_t link_type)
{
	static const uint8_t mask[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0 };
	static const uint8_t reserved[ETH_ALEN] = { 0x01, 0x80, 0xc2 };
	const uint16_t type = (uint16_t)link_type;

	return nft_expr_meta(site->rule, NFT_META_IIFTYPE, NFT_REG_1)
		       ?: is_bytes(site, &type, sizeof(type))
		       ?: load_link(site, offsetof(struct ethhdr, h_dest), sizeof(reserved))
		       ?: nft_expr_mask(site->rule, NFT_REG_1, mask, sizeof(mask))
		       ?: is_bytes(site, reserved, sizeof(reserved));
}

/* ---- Addresses ---- */

static int match_to_loopback(const struct nft_rule_site *site, uint32_t first_byte)
{
	return nft_rule_match_nfproto(site, NFPROTO_IPV4)
		       ?: load_network(site, offsetof(struct iphdr, daddr), 1) ?: is_byte(site, (uint8_t)first_byte);
}

/* 224.0.0.0/4 is no whole number of bytes, ff00::/8 is one. */
static int match_to_multicast(const struct nft_rule_site *site, uint32_t class_d)
{
	static const uint32_t mask = 0xf0; /* of the first byte, as it stands in the packet */

	return nft_rule_match_nfproto(site, NFPROTO_IPV4)
		       ?: load_network(site, offsetof(struct iphdr, daddr), 4)
		       ?: nft_expr_bitwise(site->rule, NFT_REG_1, mask, 0)
		       ?: is_bytes(site, &class_d, sizeof(class_d));
}

static int match_to_broadcast(const struct nft_rule_site *site, uint32_t address)
{
	return nft_rule_match_nfproto(site, NFPROTO_IPV4)
		       ?: load_network(site, offsetof(struct iphdr, daddr), 4)
		       ?: is_bytes(site, &address, sizeof(address));
}

static int match_to_multicast6(const struct nft_rule_site *site, uint32_t first_byte)
{
	return nft_rule_match_nfproto(site, NFPROTO_IPV6)
		       ?: load_network(site, offsetof(struct ip6_hdr, ip6_dst), 1) ?: is_byte(site, (uint8_t)first_byte);
}

/* ---- Neighbour discovery (RFC 4861), multicast listener discovery (RFC 2710), ARP (RFC 826) ---- */

static int match_icmpv6_type(const struct nft_rule_site *site, uint32_t type)
{
	return match_l4proto(site, IPPROTO_ICMPV6)
		       ?: nft_expr_payload(site->rule, NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(struct icmp6_hdr, icmp6_type),
					   1, NFT_REG_1)
		       ?: is_byte(site, (uint8_t)type);
}

static int match_neighbour(const struct nft_rule_site *site, uint32_t type)
{
	const uint8_t hop_limit = 255; /* RFC 4861, 7.1: anything less came through a router */

	return nft_rule_match_nfproto(site, NFPROTO_IPV6)
		       ?: match_icmpv6_type(site, type)
		       ?: load_network(site, offsetof(struct ip6_hdr, ip6_hlim), 1) ?: is_byte(site, hop_limit);
}

/* The bridge family looks at frames, where a tag may stand before IPv6. */
static int match_message(const struct nft_rule_site *site, uint32_t type)
{
	int r = site->table == POLICY_TABLE_BRIDGE ? nft_rule_match_ether_type(site, ETH_P_IPV6)
						   : nft_rule_match_nfproto(site, NFPROTO_IPV6);

	return r ?: match_icmpv6_type(site, type);
}

static int match_solicit_multicast(const struct nft_rule_site *site, uint32_t type)
{
	static const uint8_t prefix[13] = { 0xff, 0x02, [11] = 0x01, [12] = 0xff }; /* RFC 4291, 2.7.1 */

	return match_message(site, type)
		       ?: load_network(site, offsetof(struct ip6_hdr, ip6_dst), sizeof(prefix))
		       ?: is_bytes(site, prefix, sizeof(prefix));
}

static int match_to_all_nodes(const struct nft_rule_site *site, uint32_t type)
{
	static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 0x01 }; /* RFC 4291, 2.7.1 */

	return match_message(site, type)
		       ?: load_network(site, offsetof(struct ip6_hdr, ip6_dst), sizeof(all_nodes))
		       ?: is_bytes(site, all_nodes, sizeof(all_nodes));
}

/* RFC 6980: nobody sends these in fragments, of which the first may end before the target. */
static int match_fragment(const struct nft_rule_site *site, uint32_t type)
{
	return nft_rule_match_ether_type(site, ETH_P_IPV6)
		       ?: nft_expr_exthdr(site->rule, IPPROTO_FRAGMENT, NFT_REG_1)
		       ?: is_byte(site, 1) ?: match_icmpv6_type(site, type);
}

static int match_any_fragment6(const struct nft_rule_site *site, uint32_t header)
{
	return nft_rule_match_ether_type(site, ETH_P_IPV6)
		       ?: nft_expr_exthdr(site->rule, (uint8_t)header, NFT_REG_1) ?: is_byte(site, 1);
}

/* More fragments follow, or some went before. */
static int match_any_fragment4(const struct nft_rule_site *site, uint32_t bits)
{
	const uint16_t mask = htons((uint16_t)bits), none = 0;

	return nft_rule_match_protocol(site, ETH_P_IP)
		       ?: load_network(site, offsetof(struct iphdr, frag_off), sizeof(mask))
		       ?: nft_expr_mask(site->rule, NFT_REG_1, &mask, sizeof(mask))
		       ?: nft_expr_differs(site->rule, NFT_REG_1, &none, sizeof(none));
}

static int match_arp_broadcast(const struct nft_rule_site *site, uint32_t operation)
{
	static const uint8_t everybody[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return nft_rule_match_ether_type(site, ETH_P_ARP)
		       ?: load_network(site, offsetof(struct arphdr, ar_op), sizeof(uint16_t))
		       ?: is_big16(site, (uint16_t)operation)
		       ?: load_link(site, offsetof(struct ethhdr, h_dest), sizeof(everybody))
		       ?: is_bytes(site, everybody, sizeof(everybody));
}

/* ---- Connections ---- */

static int match_ct_bit(const struct nft_rule_site *site, uint32_t key, uint32_t bit)
{
	const uint32_t none = 0;

	return nft_expr_ct(site->rule, key, -1, NFT_REG_1)
		       ?: nft_expr_bitwise(site->rule, NFT_REG_1, bit, 0)
		       ?: nft_expr_differs(site->rule, NFT_REG_1, &none, sizeof(none));
}

static int match_ct_state(const struct nft_rule_site *site, uint32_t bit)
{
	return match_ct_bit(site, NFT_CT_STATE, bit);
}

static int match_ct_status(const struct nft_rule_site *site, uint32_t bit)
{
	return match_ct_bit(site, NFT_CT_STATUS, bit);
}

static int match_direction(const struct nft_rule_site *site, uint32_t direction)
{
	return nft_expr_ct(site->rule, NFT_CT_DIRECTION, -1, NFT_REG_1) ?: is_byte(site, (uint8_t)direction);
}

/* ---- The mark, and what becomes of the packet ---- */

static int match_mark(const struct nft_rule_site *site, uint32_t unused)
{
	(void)unused;
	return nft_expr_meta(site->rule, NFT_META_MARK, NFT_REG_1)
		       ?: nft_expr_bitwise(site->rule, NFT_REG_1, site->mark, 0)
		       ?: is_bytes(site, &site->mark, sizeof(site->mark));
}

/* set: whether the bit is set or cleared. */
static int change_mark(const struct nft_rule_site *site, uint32_t set)
{
	if (!site->mark)
		return 0;
	return nft_expr_meta(site->rule, NFT_META_MARK, NFT_REG_1)
		       ?: nft_expr_bitwise(site->rule, NFT_REG_1, ~site->mark, set ? site->mark : 0)
		       ?: nft_expr_meta_set(site->rule, NFT_META_MARK, NFT_REG_1);
}

/* An advertisement's target becomes its source: word by word, so that nft shows what stands here and takes it back.  A
 * whole address it would show as one, and not read. */
static int own_target(const struct nft_rule_site *site, uint32_t unused)
{
	int r = 0;

	(void)unused;
	for (uint32_t word = 0; r == 0 && word < 16; word += 4)
		r = load_network(site, offsetof(struct ip6_hdr, ip6_src) + word, 4)
			    ?: nft_expr_payload_set(site->rule, NFT_PAYLOAD_TRANSPORT_HEADER,
						    offsetof(struct nd_neighbor_advert, nd_na_target) + word, 4,
						    NFT_REG_1);
	return r;
}

static int add_counter(const struct nft_rule_site *site, uint32_t unused)
{
	(void)unused;
	return nft_expr_counter(site->rule);
}

static int add_reset(const struct nft_rule_site *site, uint32_t unused)
{
	(void)unused;
	return nft_expr_reset(site->rule);
}

static int add_verdict(const struct nft_rule_site *site, uint32_t verdict)
{
	return nft_expr_verdict(site->rule, (int)verdict, NULL);
}

static const struct phrase {
	const char *text;
	int (*add)(const struct nft_rule_site *site, uint32_t value);
	uint32_t value;
} phrases[] = {
	{ "iifname \"br-*\"", match_docker_name, NFT_META_IIFNAME },
	{ "oifname \"br-*\"", match_docker_name, NFT_META_OIFNAME },
	{ "iifname \"lo\"", match_loopback_link, NFT_META_IIFNAME },
	{ "ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00", match_reserved_mac, ARPHRD_ETHER },
	{ "ip daddr 127.0.0.0/8", match_to_loopback, 127 },
	{ "ip daddr 224.0.0.0/4", match_to_multicast, 0xe0 },
	{ "ip daddr 255.255.255.255", match_to_broadcast, 0xffffffff },
	{ "ip6 daddr ff00::/8", match_to_multicast6, 0xff },
	{ "meta protocol arp", nft_rule_match_protocol, ETH_P_ARP },
	{ "meta protocol ip", nft_rule_match_protocol, ETH_P_IP },
	{ "meta protocol ip6", nft_rule_match_protocol, ETH_P_IPV6 },
	{ "ether type ip", nft_rule_match_ether_type, ETH_P_IP },
	{ "ether type ip6", nft_rule_match_ether_type, ETH_P_IPV6 },
	{ "ether type 8021q", nft_rule_match_ether_type, ETH_P_8021Q },
	{ "ether type 8021ad", nft_rule_match_ether_type, ETH_P_8021AD },
	{ "meta l4proto tcp", match_l4proto, IPPROTO_TCP },
	{ "meta l4proto icmp", match_l4proto, IPPROTO_ICMP },
	{ "meta l4proto ipv6-icmp", match_l4proto, IPPROTO_ICMPV6 },
	{ "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255", match_neighbour, ND_NEIGHBOR_SOLICIT },
	{ "icmpv6 type nd-neighbor-advert ip6 hoplimit 255", match_neighbour, ND_NEIGHBOR_ADVERT },
	{ "icmpv6 type mld-listener-query", match_message, MLD_LISTENER_QUERY },
	{ "icmpv6 type nd-router-advert", match_message, ND_ROUTER_ADVERT },
	{ "icmpv6 type nd-redirect", match_message, ND_REDIRECT },
	{ "icmpv6 type nd-neighbor-solicit", match_message, ND_NEIGHBOR_SOLICIT },
	{ "icmpv6 type nd-neighbor-advert", match_message, ND_NEIGHBOR_ADVERT },
	{ "exthdr frag exists icmpv6 type nd-neighbor-advert", match_fragment, ND_NEIGHBOR_ADVERT },
	{ "exthdr frag exists", match_any_fragment6, IPPROTO_FRAGMENT },
	{ "ip frag-off & 16383 != 0", match_any_fragment4, 0x3fff },
	{ "icmpv6 type nd-neighbor-advert ip6 daddr ff02::1", match_to_all_nodes, ND_NEIGHBOR_ADVERT },
	{ "icmpv6 type nd-neighbor-solicit ip6 daddr ff02::1:ff00:0/104", match_solicit_multicast,
	  ND_NEIGHBOR_SOLICIT },
	{ "arp operation request ether daddr ff:ff:ff:ff:ff:ff", match_arp_broadcast, ARPOP_REQUEST },
	{ "arp operation reply ether daddr ff:ff:ff:ff:ff:ff", match_arp_broadcast, ARPOP_REPLY },
	{ "ct direction reply", match_direction, IP_CT_DIR_REPLY },
	{ "ct state related", match_ct_state, NF_CT_STATE_BIT(IP_CT_RELATED) },
	{ "ct status dnat", match_ct_status, IPS_DST_NAT },
	{ "meta mark & MARK == MARK", match_mark, 0 },
	{ "meta mark set meta mark | MARK", change_mark, true },
	{ "meta mark set meta mark & ~MARK", change_mark, false },
	{ "@th,64,32 set @nh,64,32 @th,96,32 set @nh,96,32 @th,128,32 set @nh,128,32 @th,160,32 set @nh,160,32",
	  own_target, 0 },
	{ "counter", add_counter, 0 },
	{ "reject with tcp reset", add_reset, 0 },
	{ "accept", add_verdict, NF_ACCEPT },
	{ "drop", add_verdict, NF_DROP },
	{ "return", add_verdict, (uint32_t)NFT_RETURN },
};

int nft_rule_phrase(const struct nft_rule_site *site, const char *text, const char **ret_rest)
{
	const struct phrase *longest = NULL;
	const char *rest = NULL;

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		const char *behind = nft_rule_after(text, phrases[i].text);

		if (!behind || (rest && behind < rest))
			continue;
		longest = &phrases[i];
		rest = behind;
	}
	if (!longest)
		return -ENOENT;
	*ret_rest = rest;
	return longest->add(site, longest->value);
}
