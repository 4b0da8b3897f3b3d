/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ranges that overlap, made disjoint.  Networks lie within each other or apart, so they are taken in their order, the
 * wider ones first: of a network only those protocols and ports are left that no wider one has.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "compile_parts.h"

/* The ranges of one network: indices [begin, end). */
struct group {
	size_t begin, end;
};

/* A network and those around it, the widest first: no more than there are prefix lengths. */
struct nest {
	struct group groups[129];
	size_t depth;
};

struct range compile_range_of(const struct flow_port *port, bool v6)
{
	struct range range = { .span.port_first = port->first, .span.port_last = port->last };
	uint8_t protocol = 0;

	switch (port->protocol) {
	case FLOW_TCP:
		protocol = IPPROTO_TCP;
		break;
	case FLOW_UDP:
		protocol = IPPROTO_UDP;
		break;
	case FLOW_SCTP:
		protocol = IPPROTO_SCTP;
		break;
	case FLOW_ICMP:
		protocol = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		range.span.port_first = range.span.port_last = v6 ? POLICY_ICMPV6_ECHO : POLICY_ICMP_ECHO;
		break;
	case FLOW_ANY:
		range.span.protocol_last = 255;
		return range;
	}
	range.span.protocol_first = range.span.protocol_last = protocol;
	return range;
}

bool compile_range_covers(const struct flow *flow, uint8_t protocol, uint16_t port)
{
	for (size_t i = 0; i < flow->port_count; i++) {
		/* Which kind of ICMP does not matter: nobody publishes that. */
		struct range range = compile_range_of(&flow->ports[i], false);

		if (span_has(&range.span, protocol, port))
			return true;
	}
	return false;
}

/* The array with room for one more, or NULL: then it is as it was. */
static void *make_room(void *items, size_t count, size_t *capacity, size_t size)
{
	size_t wanted = *capacity ? *capacity * 2 : 16;
	void *grown;

	if (count < *capacity)
		return items;
	grown = reallocarray(items, wanted, size);
	if (grown)
		*capacity = wanted;
	return grown;
}

int compile_ranges_add(struct compilation *c, const struct range *range, const struct cidr *network,
		       const char *comment)
{
	struct range *ranges = make_room(c->ranges, c->range_count, &c->range_capacity, sizeof(*ranges)), *added;

	if (!ranges)
		return -ENOMEM;
	c->ranges = ranges;
	added = &ranges[c->range_count++];
	*added = *range;
	added->network = network ? *network : (struct cidr){ 0 };
	strcpy(added->comment, comment);
	return 0;
}

static int compare_networks(const struct cidr *a, const struct cidr *b)
{
	int order = address_compare(&a->base, &b->base);

	return order ? order : a->length < b->length ? -1 : a->length > b->length;
}

static int compare_ranges(const void *a, const void *b)
{
	return compare_networks(&((const struct range *)a)->network, &((const struct range *)b)->network);
}

/* "any" goes before a range of one protocol, so that it stays whole; then the comment that sorts first. */
static bool is_better(const struct range *range, const struct range *best)
{
	bool any = range->span.protocol_first != range->span.protocol_last;

	if (!best)
		return true;
	if (any != (best->span.protocol_first != best->span.protocol_last))
		return any;
	return strcmp(range->comment, best->comment) < 0;
}

/* The range that names what the innermost network has of a protocol's port; NULL where it has nothing, or a wider one
 * has it already. */
static const struct range *covering(const struct compilation *c, const struct nest *nest, unsigned protocol,
				    unsigned port)
{
	const struct range *best = NULL;

	for (size_t i = 0; i < nest->depth; i++) {
		for (size_t j = nest->groups[i].begin; j < nest->groups[i].end; j++) {
			if (!span_has(&c->ranges[j].span, protocol, port))
				continue;
			if (i + 1 < nest->depth)
				return NULL;
			if (is_better(&c->ranges[j], best))
				best = &c->ranges[j];
		}
	}
	return best;
}

static void come_nearer(unsigned candidate, unsigned after, unsigned *next)
{
	if (candidate > after && candidate < *next)
		*next = candidate;
}

/* Where the next segment of protocols begins: at the nearest beginning of a range, or behind the nearest end. */
static unsigned next_protocol(const struct compilation *c, const struct nest *nest, unsigned protocol)
{
	unsigned next = 256;

	for (size_t i = 0; i < nest->depth; i++) {
		for (size_t j = nest->groups[i].begin; j < nest->groups[i].end; j++) {
			come_nearer(c->ranges[j].span.protocol_first, protocol, &next);
			come_nearer(c->ranges[j].span.protocol_last + 1u, protocol, &next);
		}
	}
	return next;
}

/* The same of ports, among the ranges that hold for the protocol. */
static unsigned next_port(const struct compilation *c, const struct nest *nest, unsigned protocol, unsigned port)
{
	unsigned next = 65536;

	for (size_t i = 0; i < nest->depth; i++) {
		for (size_t j = nest->groups[i].begin; j < nest->groups[i].end; j++) {
			const struct range *range = &c->ranges[j];

			if (range->span.protocol_first > protocol || range->span.protocol_last < protocol)
				continue;
			come_nearer(range->span.port_first, port, &next);
			come_nearer(range->span.port_last + 1u, port, &next);
		}
	}
	return next;
}

/* One more piece, or one that goes on where the same one of the protocols before ends. */
static int add_piece(struct compilation *c, const struct range_piece *piece)
{
	struct range_piece *pieces;

	for (size_t i = 0; piece->span.protocol_first > 0 && i < c->piece_count; i++) {
		struct range_piece *before = &c->pieces[i];

		if (before->span.protocol_last + 1 == piece->span.protocol_first &&
		    before->span.port_first == piece->span.port_first &&
		    before->span.port_last == piece->span.port_last && strcmp(before->comment, piece->comment) == 0) {
			before->span.protocol_last = piece->span.protocol_last;
			return 0;
		}
	}
	pieces = make_room(c->pieces, c->piece_count, &c->piece_capacity, sizeof(*pieces));
	if (!pieces)
		return -ENOMEM;
	c->pieces = pieces;
	pieces[c->piece_count++] = *piece;
	return 0;
}

/* The pieces of protocols [first, after), which are all alike; neighbours of the same flow are joined. */
static int cut_ports(struct compilation *c, const struct nest *nest, unsigned first, unsigned after)
{
	struct range_piece piece = { .span.protocol_first = (uint8_t)first,
				     .span.protocol_last = (uint8_t)(after - 1) };

	for (unsigned port = 0, end; port < 65536; port = end) {
		const struct range *range = covering(c, nest, first, port), *next;
		int r;

		end = next_port(c, nest, first, port);
		if (!range)
			continue;
		while (end < 65536 && (next = covering(c, nest, first, end)) &&
		       strcmp(next->comment, range->comment) == 0)
			end = next_port(c, nest, first, end);
		piece.span.port_first = (uint16_t)port;
		piece.span.port_last = (uint16_t)(end - 1);
		piece.comment = range->comment;
		r = add_piece(c, &piece);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The records of the nest's innermost network. */
static int flush_network(struct compilation *c, const struct nest *nest, const struct policy_record *like,
			 enum compile_side side)
{
	const struct cidr *network = &c->ranges[nest->groups[nest->depth - 1].begin].network;
	struct policy_record record = *like;
	int r = 0;

	if (side == COMPILE_SOURCE) {
		record.source = network->base;
		record.source_length = network->length;
	} else if (side == COMPILE_DESTINATION) {
		record.destination = network->base;
		record.destination_length = network->length;
	}
	c->piece_count = 0;
	for (unsigned protocol = 0, next; r == 0 && protocol < 256; protocol = next) {
		next = next_protocol(c, nest, protocol);
		r = cut_ports(c, nest, protocol, next);
	}
	for (size_t i = 0; r == 0 && i < c->piece_count; i++) {
		record.span = c->pieces[i].span;
		record.comment = c->pieces[i].comment;
		r = policy_add(c->policy, &record);
	}
	return r;
}

int compile_ranges_flush(struct compilation *c, const struct policy_record *like, enum compile_side side)
{
	struct nest nest = { .depth = 0 };
	int r = 0;

	if (c->range_count > 1)
		qsort(c->ranges, c->range_count, sizeof(*c->ranges), compare_ranges);
	for (size_t begin = 0, end; r == 0 && begin < c->range_count; begin = end) {
		const struct cidr *network = &c->ranges[begin].network;

		for (end = begin + 1; end < c->range_count; end++) {
			if (compare_networks(&c->ranges[end].network, network) != 0)
				break;
		}
		while (nest.depth) {
			const struct cidr *around = &c->ranges[nest.groups[nest.depth - 1].begin].network;

			if (address_is_in(&network->base, &around->base, around->length))
				break;
			nest.depth--;
		}
		nest.groups[nest.depth++] = (struct group){ begin, end };
		r = flush_network(c, &nest, like, side);
	}
	c->range_count = 0;
	return r;
}

void compile_ranges_clear(struct compilation *c)
{
	free(c->ranges);
	free(c->pieces);
	c->ranges = NULL;
	c->pieces = NULL;
	c->range_count = c->range_capacity = 0;
	c->piece_count = c->piece_capacity = 0;
}
