/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule looks up: parts of a packet side by side in registers. */
#include <errno.h>
#include <string.h>

#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>

#include "nft_expr.h"
#include "nft_rule_internal.h"

enum source {
	META,	 /* what: enum nft_meta_keys */
	PAYLOAD, /* what: enum nft_payload_bases; at: the byte */
	CT,	 /* what: enum nft_ct_keys; at: the direction, -1 for none */
};

static const struct part {
	const char *text;
	uint16_t protocol; /* the ethertype that has it; 0: any */
	uint8_t length;
	enum source source;
	uint32_t what;
	int at;
} parts[] = {
	{ "iifname", 0, 16, META, NFT_META_IIFNAME, 0 },
	{ "oifname", 0, 16, META, NFT_META_OIFNAME, 0 },
	{ "meta ibrname", 0, 16, META, NFT_META_BRI_IIFNAME, 0 },
	{ "meta obrname", 0, 16, META, NFT_META_BRI_OIFNAME, 0 },
	{ "meta l4proto", 0, 1, META, NFT_META_L4PROTO, 0 },
	{ "ether saddr", 0, ETH_ALEN, PAYLOAD, NFT_PAYLOAD_LL_HEADER, offsetof(struct ethhdr, h_source) },
	{ "ether daddr", 0, ETH_ALEN, PAYLOAD, NFT_PAYLOAD_LL_HEADER, offsetof(struct ethhdr, h_dest) },
	{ "ip saddr", ETH_P_IP, 4, PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, offsetof(struct iphdr, saddr) },
	{ "ip daddr", ETH_P_IP, 4, PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, offsetof(struct iphdr, daddr) },
	{ "ip6 saddr", ETH_P_IPV6, 16, PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, offsetof(struct ip6_hdr, ip6_src) },
	{ "ip6 daddr", ETH_P_IPV6, 16, PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, offsetof(struct ip6_hdr, ip6_dst) },
	{ "arp saddr ether", ETH_P_ARP, ETH_ALEN, PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER,
	  offsetof(struct ether_arp, arp_sha) },
	{ "arp saddr ip", ETH_P_ARP, 4, PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, offsetof(struct ether_arp, arp_spa) },
	{ "arp daddr ip", ETH_P_ARP, 4, PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, offsetof(struct ether_arp, arp_tpa) },
	{ "th sport", 0, 2, PAYLOAD, NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(struct tcphdr, th_sport) },
	{ "th dport", 0, 2, PAYLOAD, NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(struct tcphdr, th_dport) },
	{ "ct protocol", 0, 1, CT, NFT_CT_PROTOCOL, -1 },
	{ "ct original ip saddr", ETH_P_IP, 4, CT, NFT_CT_SRC_IP, IP_CT_DIR_ORIGINAL },
	{ "ct original ip6 saddr", ETH_P_IPV6, 16, CT, NFT_CT_SRC_IP6, IP_CT_DIR_ORIGINAL },
	{ "ct reply ip saddr", ETH_P_IP, 4, CT, NFT_CT_SRC_IP, IP_CT_DIR_REPLY },
	{ "ct reply ip6 saddr", ETH_P_IPV6, 16, CT, NFT_CT_SRC_IP6, IP_CT_DIR_REPLY },
	{ "ct original proto-dst", 0, 2, CT, NFT_CT_PROTO_DST, IP_CT_DIR_ORIGINAL },
	{ "ct reply proto-src", 0, 2, CT, NFT_CT_PROTO_SRC, IP_CT_DIR_REPLY },
};

/* The part that the text begins with, and what stands behind it; NULL if there is none. */
static const struct part *next_part(const char *text, const char **ret_rest)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *rest = nft_rule_after(text, parts[i].text);

		if (!rest)
			continue;
		*ret_rest = rest;
		return &parts[i];
	}
	return NULL;
}

/* The part behind the dot, or NULL where the key ends. */
static const struct part *following_part(const char **text)
{
	const char *behind = nft_rule_after(*text, ".");

	return behind ? next_part(behind, text) : NULL;
}

const char *nft_rule_after_key(const char *text)
{
	const struct part *part = next_part(text, &text);

	while (part)
		part = following_part(&text);
	return text;
}

/* What nft asks before it reads a header: whether the packet has one. */
static int ask_protocol(struct nft_rule_site *site, uint16_t protocol)
{
	if (!protocol || protocol == site->protocol)
		return 0;
	site->protocol = protocol;
	if (protocol == ETH_P_ARP)
		return nft_rule_match_ether_type(site, protocol);
	if (site->table == POLICY_TABLE_BRIDGE)
		return nft_rule_match_protocol(site, protocol);
	return nft_rule_match_nfproto(site, protocol == ETH_P_IP ? NFPROTO_IPV4 : NFPROTO_IPV6);
}

/* The register that begins at that byte, by the name that nft gives it. */
static uint32_t register_at(uint32_t byte)
{
	return byte % 16 == 0 ? NFT_REG_1 + byte / 16 : NFT_REG32_00 + byte / 4;
}

static int load(const struct nft_rule_site *site, const struct part *part, uint32_t reg)
{
	switch (part->source) {
	case META:
		/* In intervals nft 1.0.6 swaps the bytes of the protocol, of which there is one.  Kernels from 6.12.118
		 * on refuse that, and for the others it does nothing. */
		return nft_expr_meta(site->rule, part->what, reg);
	case PAYLOAD:
		return nft_expr_payload(site->rule, part->what, (uint32_t)part->at, part->length, reg);
	case CT:
		return nft_expr_ct(site->rule, part->what, part->at, reg);
	}
	return -EINVAL;
}

int nft_rule_key(struct nft_rule_site *site, const char *text)
{
	const char *rest = text;
	const struct part *part;
	uint32_t byte = 0;
	int r = 0;

	for (part = next_part(rest, &rest); r == 0 && part; part = following_part(&rest))
		r = ask_protocol(site, part->protocol);
	for (part = next_part(text, &text); r == 0 && part; part = following_part(&text)) {
		r = load(site, part, register_at(byte));
		byte += (part->length + 3u) & ~3u;
	}
	return byte == 0 && r == 0 ? -EINVAL : r;
}
