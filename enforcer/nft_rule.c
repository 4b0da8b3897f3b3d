/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_rule.h"

#include <errno.h>
#include <string.h>

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <libnftnl/rule.h>

#include "kernel.h"
#include "nft_expr.h"

static int equal_u8(struct nftnl_rule *rule, uint8_t value)
{
	return nft_expr_equal(rule, NFT_REG_1, &value, sizeof(value));
}

static int match_meta_u8(struct nftnl_rule *rule, uint32_t meta, uint8_t value)
{
	return nft_expr_meta(rule, meta, NFT_REG_1) ?: equal_u8(rule, value);
}

static int match_name(struct nftnl_rule *rule, uint32_t meta)
{
	/* Without the terminator: what nft writes for "br-*". */
	return nft_expr_meta(rule, meta, NFT_REG_1) ?: nft_expr_equal(rule, NFT_REG_1, "br-", 3);
}

static int match_neighbour(struct nftnl_rule *rule, uint8_t type)
{
	const uint8_t hop_limit = 255; /* RFC 4861, 7.1: anything less came through a router */

	return match_meta_u8(rule, NFT_META_NFPROTO, NFPROTO_IPV6)
		       ?: match_meta_u8(rule, NFT_META_L4PROTO, IPPROTO_ICMPV6)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1)
		       ?: equal_u8(rule, type)
		       ?: nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 7, 1, NFT_REG_1)
		       ?: equal_u8(rule, hop_limit);
}

static int add_match(struct nftnl_rule *rule, enum nft_rule_match match)
{
	const uint8_t reply = IP_CT_DIR_REPLY;

	switch (match) {
	case NFT_RULE_MATCH_NONE:
		return 0;
	case NFT_RULE_MATCH_FROM_BR:
		return match_name(rule, NFT_META_IIFNAME);
	case NFT_RULE_MATCH_TO_BR:
		return match_name(rule, NFT_META_OIFNAME);
	case NFT_RULE_MATCH_SOLICIT:
		return match_neighbour(rule, 135);
	case NFT_RULE_MATCH_ADVERT:
		return match_neighbour(rule, 136);
	case NFT_RULE_MATCH_ICMP:
		return match_meta_u8(rule, NFT_META_L4PROTO, IPPROTO_ICMP);
	case NFT_RULE_MATCH_ICMPV6:
		return match_meta_u8(rule, NFT_META_L4PROTO, IPPROTO_ICMPV6);
	case NFT_RULE_MATCH_REPLY:
		return nft_expr_ct(rule, NFT_CT_DIRECTION, -1, NFT_REG_1)
			       ?: nft_expr_equal(rule, NFT_REG_1, &reply, sizeof(reply));
	case NFT_RULE_MATCH_BROADCAST:
		return match_meta_u8(rule, NFT_META_PKTTYPE, 1 /* PACKET_BROADCAST */);
	case NFT_RULE_MATCH_MULTICAST:
		return match_meta_u8(rule, NFT_META_PKTTYPE, 2 /* PACKET_MULTICAST */);
	}
	return -EINVAL;
}

static int load_address(struct nftnl_rule *rule, uint8_t family, bool source, uint32_t reg)
{
	if (family == 4)
		return nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, source ? 12 : 16, 4, reg);
	return nft_expr_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, source ? 8 : 24, 16, reg);
}

/* The registers that hold a flow's four parts side by side, as a lookup wants them. */
static const struct {
	uint32_t source, destination, protocol, port;
} flow_registers[] = {
	[4] = { NFT_REG_1, NFT_REG32_01, NFT_REG32_02, NFT_REG32_03 },
	[6] = { NFT_REG_1, NFT_REG_2, NFT_REG_3, NFT_REG32_09 },
};

static int load_family(struct nftnl_rule *rule, uint8_t family)
{
	return match_meta_u8(rule, NFT_META_NFPROTO, family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
}

static int load_flow(struct nftnl_rule *rule, uint8_t family, enum nft_rule_key key, bool interval)
{
	uint32_t first = flow_registers[family].source, second = flow_registers[family].destination;
	uint32_t protocol = flow_registers[family].protocol;
	bool forth = key != NFT_RULE_KEY_BACK;
	int r;

	r = load_family(rule, family) ?: load_address(rule, family, forth, first)
					     ?: load_address(rule, family, !forth, second)
					     ?: nft_expr_meta(rule, NFT_META_L4PROTO, protocol);
	if (r == 0 && interval)
		r = nft_expr_byteorder(rule, protocol);
	if (r < 0)
		return r;
	if (key == NFT_RULE_KEY_ICMP)
		return nft_expr_ct(rule, NFT_CT_PROTO_DST, IP_CT_DIR_ORIGINAL, flow_registers[family].port);
	return nft_expr_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, forth ? 2 : 0, 2, flow_registers[family].port);
}

/* The addresses are the packet's, protocol and port those of the connection that it belongs to. */
static int load_control(struct nftnl_rule *rule, uint8_t family, bool forth)
{
	return load_family(rule, family)
		       ?: load_address(rule, family, forth, flow_registers[family].source)
		       ?: load_address(rule, family, !forth, flow_registers[family].destination)
		       ?: nft_expr_ct(rule, NFT_CT_PROTOCOL, -1, flow_registers[family].protocol)
		       ?: nft_expr_ct(rule, NFT_CT_PROTO_DST, IP_CT_DIR_ORIGINAL, flow_registers[family].port);
}

static int load_key(struct nftnl_rule *rule, const struct nft_rule *spec)
{
	switch (spec->key) {
	case NFT_RULE_KEY_NONE:
		return 0;
	case NFT_RULE_KEY_IN:
		return nft_expr_meta(rule, NFT_META_IIFNAME, NFT_REG_1);
	case NFT_RULE_KEY_OUT:
		return nft_expr_meta(rule, NFT_META_OIFNAME, NFT_REG_1);
	case NFT_RULE_KEY_IN_OUT:
		return nft_expr_meta(rule, NFT_META_IIFNAME, NFT_REG_1)
			       ?: nft_expr_meta(rule, NFT_META_OIFNAME, NFT_REG_2);
	case NFT_RULE_KEY_SOURCE:
	case NFT_RULE_KEY_DESTINATION:
		return load_family(rule, spec->family)
			       ?: load_address(rule, spec->family, spec->key == NFT_RULE_KEY_SOURCE, NFT_REG_1);
	case NFT_RULE_KEY_FORTH:
	case NFT_RULE_KEY_BACK:
	case NFT_RULE_KEY_ICMP:
		return load_flow(rule, spec->family, spec->key, strncmp(spec->set, "ranges", 6) == 0);
	case NFT_RULE_KEY_CONTROL_FORTH:
	case NFT_RULE_KEY_CONTROL_BACK:
		return load_control(rule, spec->family, spec->key == NFT_RULE_KEY_CONTROL_FORTH);
	}
	return -EINVAL;
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
	case NFT_RULE_END_MARK_ACCEPT:
		if (!mark)
			return nft_expr_verdict(rule, NF_ACCEPT, NULL);
		return nft_expr_meta(rule, NFT_META_MARK, NFT_REG_1)
			       ?: nft_expr_bitwise(rule, NFT_REG_1, ~mark, mark)
			       ?: nft_expr_meta_set(rule, NFT_META_MARK, NFT_REG_1)
			       ?: nft_expr_verdict(rule, NF_ACCEPT, NULL);
	}
	return -EINVAL;
}

int nft_rule_build(const struct nft_rule *spec, uint32_t mark, struct nftnl_rule **ret_rule)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	uint8_t comment[NFT_EXPR_COMMENT_SIZE];
	int r;

	if (!rule)
		return -ENOMEM;
	nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
	r = nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, KERNEL_TABLE) < 0 ||
			    nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, spec->chain) < 0
		    ? -ENOMEM
		    : 0;
	r = r ?: add_match(rule, spec->match) ?: load_key(rule, spec);
	if (r == 0 && spec->update)
		r = nft_expr_update(rule, NFT_REG_1, spec->set);
	else if (r == 0 && spec->set)
		r = nft_expr_lookup(rule, NFT_REG_1, spec->set, spec->except);
	r = r ?: add_end(rule, spec, mark);
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
