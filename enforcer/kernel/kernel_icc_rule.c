/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a rule: what it asks of a packet, and its verdict, as far as two ports of one bridge are concerned. */
#include <stdio.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>

#include "kernel_icc_internal.h"

/* Registers have four bytes; an old register of sixteen bytes is four of them. */
#define REGISTERS 16

enum holds {
	HOLDS_OTHER,
	HOLDS_NAME,  /* of an interface */
	HOLDS_INDEX, /* of an interface */
	HOLDS_MARK,
	HOLDS_STATE, /* of the connection */
};

struct content {
	enum holds holds;
	bool out;	     /* of the interface by which the packet leaves */
	uint32_t mask, flip; /* (what was loaded & mask) ^ flip */
};

struct reading {
	struct kernel_icc_rule *rule;
	uint32_t mark;
	struct content registers[REGISTERS];
	struct content other;
};

static struct content *content_of(struct reading *reading, uint32_t number)
{
	if (number >= NFT_REG_1 && number <= NFT_REG_4)
		return &reading->registers[(number - NFT_REG_1) * 4];
	if (number >= NFT_REG32_00 && number < NFT_REG32_00 + REGISTERS)
		return &reading->registers[number - NFT_REG32_00];
	reading->other = (struct content){ 0 };
	return &reading->other;
}

static void load(struct reading *reading, uint32_t number, struct content content)
{
	struct content *at = content_of(reading, number);
	size_t width = content.holds == HOLDS_NAME ? IFNAMSIZ / 4 : 1;

	for (size_t i = 1; at != &reading->other && i < width && at + i < reading->registers + REGISTERS; i++)
		at[i] = (struct content){ 0 };
	*at = content;
}

/* ---- Conditions ---- */

/* A packet that is no answer is new, invalid or untracked: which of them the rule matches. */
static void judge_states(struct kernel_icc_rule *rule, bool new, bool invalid, bool untracked)
{
	if (!new && !invalid && !untracked)
		rule->answers = true;
	else if (new && !(invalid && untracked))
		rule->begins = true;
	else if (!new)
		rule->asks = true;
}

/* Bits as in NF_CT_STATE_BIT and XT_CONNTRACK_STATE_BIT, which are the same. */
#define STATE_NEW NF_CT_STATE_BIT(IP_CT_NEW)

static bool state_fits(const struct content *content, uint32_t state, uint32_t op, uint32_t value)
{
	return (((state & content->mask) ^ content->flip) == value) == (op == NFT_CMP_EQ);
}

static void add_wish(struct reading *reading, const char *name, size_t length, bool out, bool inverted)
{
	struct kernel_icc_rule *rule = reading->rule;
	struct kernel_icc_wish *wish;

	if (rule->wish_count == KERNEL_ICC_WISHES || !length || length > IFNAMSIZ) {
		rule->asks = true;
		return;
	}
	wish = &rule->wishes[rule->wish_count++];
	/* A name without its terminator is a prefix: "br-*". */
	wish->prefix = strnlen(name, length) == length;
	wish->out = out;
	wish->inverted = inverted;
	snprintf(wish->name, sizeof(wish->name), "%.*s", (int)length, name);
}

static void read_cmp(struct nftnl_expr *expr, struct reading *reading)
{
	const struct content *content = content_of(reading, nftnl_expr_get_u32(expr, NFTNL_EXPR_CMP_SREG));
	uint32_t length = 0, value = 0, op = nftnl_expr_get_u32(expr, NFTNL_EXPR_CMP_OP);
	const char *data = nftnl_expr_get(expr, NFTNL_EXPR_CMP_DATA, &length);
	char name[IFNAMSIZ];
	bool equal = op == NFT_CMP_EQ;

	if (data && length == sizeof(value))
		memcpy(&value, data, sizeof(value));
	if (!data || (op != NFT_CMP_EQ && op != NFT_CMP_NEQ)) {
		reading->rule->asks = true;
	} else if (content->holds == HOLDS_NAME) {
		add_wish(reading, data, length, content->out, !equal);
	} else if (length != sizeof(value)) {
		reading->rule->asks = true;
	} else if (content->holds == HOLDS_INDEX && if_indextoname(value, name)) {
		add_wish(reading, name, strlen(name) + 1, content->out, !equal);
	} else if (content->holds == HOLDS_STATE) {
		judge_states(reading->rule, state_fits(content, STATE_NEW, op, value),
			     state_fits(content, NF_CT_STATE_INVALID_BIT, op, value),
			     state_fits(content, NF_CT_STATE_UNTRACKED_BIT, op, value));
	} else if (content->holds == HOLDS_MARK && !content->flip &&
		   (equal ? content->mask & value & reading->mark : !value && content->mask == reading->mark)) {
		reading->rule->marked = true;
	} else {
		reading->rule->asks = true;
	}
}

static void read_bitwise(struct nftnl_expr *expr, struct reading *reading)
{
	struct content content = *content_of(reading, nftnl_expr_get_u32(expr, NFTNL_EXPR_BITWISE_SREG));
	uint32_t mask_length = 0, flip_length = 0, mask = 0, flip = 0;
	const void *mask_data = nftnl_expr_get(expr, NFTNL_EXPR_BITWISE_MASK, &mask_length);
	const void *flip_data = nftnl_expr_get(expr, NFTNL_EXPR_BITWISE_XOR, &flip_length);

	if (!mask_data || !flip_data || mask_length != sizeof(mask) || flip_length != sizeof(flip) ||
	    (content.holds != HOLDS_MARK && content.holds != HOLDS_STATE)) {
		content = (struct content){ 0 };
	} else {
		memcpy(&mask, mask_data, sizeof(mask));
		memcpy(&flip, flip_data, sizeof(flip));
		content.mask &= mask;
		content.flip = (content.flip & mask) ^ flip;
	}
	load(reading, nftnl_expr_get_u32(expr, NFTNL_EXPR_BITWISE_DREG), content);
}

static void read_meta(struct nftnl_expr *expr, struct reading *reading)
{
	uint32_t key = nftnl_expr_get_u32(expr, NFTNL_EXPR_META_KEY);
	struct content content = { .mask = UINT32_MAX };

	if (!nftnl_expr_is_set(expr, NFTNL_EXPR_META_DREG)) {
		reading->rule->sets_mark |= key == NFT_META_MARK;
		return;
	}
	if (key == NFT_META_IIFNAME || key == NFT_META_OIFNAME)
		content.holds = HOLDS_NAME;
	else if (key == NFT_META_IIF || key == NFT_META_OIF)
		content.holds = HOLDS_INDEX;
	else if (key == NFT_META_MARK)
		content.holds = HOLDS_MARK;
	content.out = key == NFT_META_OIFNAME || key == NFT_META_OIF;
	load(reading, nftnl_expr_get_u32(expr, NFTNL_EXPR_META_DREG), content);
}

static void read_ct(struct nftnl_expr *expr, struct reading *reading)
{
	struct content content = { .mask = UINT32_MAX };

	if (!nftnl_expr_is_set(expr, NFTNL_EXPR_CT_DREG))
		return;
	if (nftnl_expr_get_u32(expr, NFTNL_EXPR_CT_KEY) == NFT_CT_STATE)
		content.holds = HOLDS_STATE;
	load(reading, nftnl_expr_get_u32(expr, NFTNL_EXPR_CT_DREG), content);
}

static void read_lookup(struct nftnl_expr *expr, struct reading *reading)
{
	const struct content *content = content_of(reading, nftnl_expr_get_u32(expr, NFTNL_EXPR_LOOKUP_SREG));
	bool map = nftnl_expr_is_set(expr, NFTNL_EXPR_LOOKUP_DREG);
	struct kernel_icc_rule *rule = reading->rule;
	struct kernel_icc_lookup *lookup;

	/* A map of anything but verdicts fills a register. */
	if (map && nftnl_expr_get_u32(expr, NFTNL_EXPR_LOOKUP_DREG) != NFT_REG_VERDICT) {
		load(reading, nftnl_expr_get_u32(expr, NFTNL_EXPR_LOOKUP_DREG), (struct content){ 0 });
		rule->asks = true;
		return;
	}
	if (content->holds != HOLDS_NAME || rule->lookup_count == KERNEL_ICC_LOOKUPS) {
		rule->asks = true;
		rule->end = map ? KERNEL_ICC_UNKNOWN : rule->end;
		return;
	}
	lookup = &rule->lookups[rule->lookup_count++];
	snprintf(lookup->set, sizeof(lookup->set), "%s", nftnl_expr_get_str(expr, NFTNL_EXPR_LOOKUP_SET));
	lookup->out = content->out;
	lookup->inverted = nftnl_expr_is_set(expr, NFTNL_EXPR_LOOKUP_FLAGS) &&
			   (nftnl_expr_get_u32(expr, NFTNL_EXPR_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV);
	rule->end = map ? KERNEL_ICC_MAP : rule->end;
}

/* `-m conntrack --ctstate …`, alone. */
static bool read_conntrack(const void *info, uint32_t length, uint32_t revision, struct kernel_icc_rule *rule)
{
	struct xt_conntrack_mtinfo3 conntrack;
	bool inverted;

	if (revision != 3 || length < sizeof(conntrack))
		return false;
	memcpy(&conntrack, info, sizeof(conntrack));
	/* XT_CONNTRACK_SNAT and _DNAT depend on addresses: they cannot be judged here. */
	if ((conntrack.match_flags & ~XT_CONNTRACK_STATE_ALIAS) != XT_CONNTRACK_STATE ||
	    (conntrack.state_mask & (XT_CONNTRACK_STATE_SNAT | XT_CONNTRACK_STATE_DNAT)))
		return false;
	inverted = conntrack.invert_flags & XT_CONNTRACK_STATE;
	judge_states(rule, !(conntrack.state_mask & STATE_NEW) == inverted,
		     !(conntrack.state_mask & XT_CONNTRACK_STATE_INVALID) == inverted,
		     !(conntrack.state_mask & XT_CONNTRACK_STATE_UNTRACKED) == inverted);
	return true;
}

static bool read_xt_mark(const void *info, uint32_t length, uint32_t revision, struct reading *reading)
{
	struct xt_mark_mtinfo1 mark;

	if (revision != 1 || length < sizeof(mark))
		return false;
	memcpy(&mark, info, sizeof(mark));
	if (mark.invert || !(mark.mark & mark.mask & reading->mark))
		return false;
	reading->rule->marked = true;
	return true;
}

static void read_match(struct nftnl_expr *expr, struct reading *reading)
{
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_MT_NAME);
	uint32_t length = 0, revision = nftnl_expr_get_u32(expr, NFTNL_EXPR_MT_REV);
	const void *info = nftnl_expr_get(expr, NFTNL_EXPR_MT_INFO, &length);

	if (!name || !info ||
	    !(strcmp(name, "comment") == 0 ||
	      (strcmp(name, "conntrack") == 0 && read_conntrack(info, length, revision, reading->rule)) ||
	      (strcmp(name, "mark") == 0 && read_xt_mark(info, length, revision, reading))))
		reading->rule->asks = true;
}

/* ---- Ends ---- */

static void read_immediate(struct nftnl_expr *expr, struct reading *reading)
{
	struct kernel_icc_rule *rule = reading->rule;
	const char *chain;

	if (!nftnl_expr_is_set(expr, NFTNL_EXPR_IMM_VERDICT)) {
		load(reading, nftnl_expr_get_u32(expr, NFTNL_EXPR_IMM_DREG), (struct content){ 0 });
		return;
	}
	rule->end = KERNEL_ICC_VERDICT;
	rule->verdict = (int)nftnl_expr_get_u32(expr, NFTNL_EXPR_IMM_VERDICT);
	chain = nftnl_expr_is_set(expr, NFTNL_EXPR_IMM_CHAIN) ? nftnl_expr_get_str(expr, NFTNL_EXPR_IMM_CHAIN) : NULL;
	snprintf(rule->target, sizeof(rule->target), "%s", chain ? chain : "");
}

static void drop(struct kernel_icc_rule *rule)
{
	rule->end = KERNEL_ICC_VERDICT;
	rule->verdict = NF_DROP;
}

static bool is_among(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

static void read_target(struct nftnl_expr *expr, struct kernel_icc_rule *rule)
{
	/* These do something, and the packet goes on. */
	static const char *const harmless[] = { "LOG",	    "NFLOG", "TRACE", "TCPMSS", "CT",	   "CHECKSUM",
						"CLASSIFY", "DSCP",  "TOS",   "TTL",	"HL",	   "AUDIT",
						"SECMARK",  "TEE",   "SET",   "ECN",	"NOTRACK", NULL };
	static const char *const marks[] = { "MARK", "CONNMARK", "HMARK", NULL };
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_TG_NAME);

	if (name && strcmp(name, "REJECT") == 0)
		drop(rule);
	else if (name && is_among(name, marks))
		rule->sets_mark = true;
	else if (!name || !is_among(name, harmless))
		rule->end = KERNEL_ICC_UNKNOWN;
}

/* ---- All of them ---- */

static void read_statement(struct nftnl_expr *expr, const char *name, struct reading *reading)
{
	static const char *const harmless[] = { "counter", "log", "last", "notrack", "flow_offload", NULL };
	/* These ask for something, and have no verdict. */
	static const char *const conditions[] = { "payload", "exthdr",	  "fib",    "hash",  "numgen",	  "rt",
						  "socket",  "osf",	  "tunnel", "xfrm",  "limit",	  "quota",
						  "range",   "connlimit", "dynset", "inner", "byteorder", NULL };

	if (strcmp(name, "objref") == 0)
		/* A counter matches always; a quota or a limit may match or not. */
		reading->rule->asks |= !nftnl_expr_is_set(expr, NFTNL_EXPR_OBJREF_IMM_TYPE) ||
				       nftnl_expr_get_u32(expr, NFTNL_EXPR_OBJREF_IMM_TYPE) != NFT_OBJECT_COUNTER;
	else if (is_among(name, conditions)) {
		/* These may fill any register. */
		memset(reading->registers, 0, sizeof(reading->registers));
		reading->rule->asks = true;
	} else if (!is_among(name, harmless)) {
		reading->rule->end = KERNEL_ICC_UNKNOWN;
	}
}

static int read_expr(struct nftnl_expr *expr, void *data)
{
	struct reading *reading = data;
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_NAME);

	if (strcmp(name, "meta") == 0)
		read_meta(expr, reading);
	else if (strcmp(name, "ct") == 0)
		read_ct(expr, reading);
	else if (strcmp(name, "bitwise") == 0)
		read_bitwise(expr, reading);
	else if (strcmp(name, "cmp") == 0)
		read_cmp(expr, reading);
	else if (strcmp(name, "lookup") == 0)
		read_lookup(expr, reading);
	else if (strcmp(name, "match") == 0)
		read_match(expr, reading);
	else if (strcmp(name, "immediate") == 0)
		read_immediate(expr, reading);
	else if (strcmp(name, "target") == 0)
		read_target(expr, reading->rule);
	else if (strcmp(name, "reject") == 0)
		drop(reading->rule);
	else
		read_statement(expr, name, reading);
	return 0;
}

void kernel_icc_rule_read(const struct nftnl_rule *from, uint32_t mark, struct kernel_icc_rule *rule)
{
	struct reading reading = { .rule = rule, .mark = mark };

	(void)nftnl_expr_foreach((struct nftnl_rule *)(uintptr_t)from, read_expr, &reading);
}
