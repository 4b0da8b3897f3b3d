/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names, keys and comments of policy records as people and nft read them. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "policy.h"

const char *policy_protocol_format(uint8_t protocol, char text[16])
{
	switch (protocol) {
	case IPPROTO_TCP:
		return strcpy(text, "tcp");
	case IPPROTO_UDP:
		return strcpy(text, "udp");
	case IPPROTO_SCTP:
		return strcpy(text, "sctp");
	case IPPROTO_ICMP:
		return strcpy(text, "icmp");
	case IPPROTO_ICMPV6:
		return strcpy(text, "ipv6-icmp");
	default:
		snprintf(text, 16, "%u", protocol);
		return text;
	}
}

/* "192.0.2.0/24", "0.0.0.0/0"; a single address without its length, and in a set of single addresses there is none. */
#define PREFIX_TEXT_SIZE (ADDRESS_TEXT_SIZE + sizeof("/128"))
static void format_prefix(const struct address *address, unsigned length, bool is_network, char text[PREFIX_TEXT_SIZE])
{
	char base[ADDRESS_TEXT_SIZE];

	address_format(address, base);
	if (is_network && length < address_length(address) * 8)
		snprintf(text, PREFIX_TEXT_SIZE, "%s/%u", base, length);
	else
		snprintf(text, PREFIX_TEXT_SIZE, "%s", base);
}

#define SERVICE_TEXT_SIZE 32
/* "tcp . 80", "udp . 7000-7010", "0-255 . 0-65535" */
static void format_service(const struct policy_record *record, char text[SERVICE_TEXT_SIZE])
{
	char protocol[16], port[16];

	if (record->span.protocol_first == record->span.protocol_last)
		policy_protocol_format(record->span.protocol_first, protocol);
	else
		snprintf(protocol, sizeof(protocol), "%u-%u", record->span.protocol_first, record->span.protocol_last);
	if (record->span.port_first == record->span.port_last)
		snprintf(port, sizeof(port), "%u", record->span.port_first);
	else
		snprintf(port, sizeof(port), "%u-%u", record->span.port_first, record->span.port_last);
	snprintf(text, SERVICE_TEXT_SIZE, "%.14s . %.13s", protocol, port);
}

const char *policy_key_format(const struct policy_record *record, char text[POLICY_KEY_TEXT_SIZE])
{
	enum policy_shape shape = policy_set_shape(record->set);
	bool networks = shape == POLICY_SHAPE_PUBLISHED || shape == POLICY_SHAPE_BOUNDARY;
	char source[PREFIX_TEXT_SIZE], destination[PREFIX_TEXT_SIZE], service[SERVICE_TEXT_SIZE];
	const uint8_t *mac = record->mac;

	format_prefix(&record->source, record->source_length, networks, source);
	format_prefix(&record->destination, record->destination_length, networks, destination);
	format_service(record, service);
	switch (shape) {
	case POLICY_SHAPE_LINK_TWICE:
		snprintf(text, POLICY_KEY_TEXT_SIZE, "\"%.15s\" . \"%.15s\"", record->link, record->link);
		break;
	case POLICY_SHAPE_LINK:
		snprintf(text, POLICY_KEY_TEXT_SIZE, "\"%.15s\"", record->link);
		break;
	case POLICY_SHAPE_ENDPOINT:
		snprintf(text, POLICY_KEY_TEXT_SIZE, "\"%.15s\" . %s", record->link, source);
		break;
	case POLICY_SHAPE_ADDRESS:
		snprintf(text, POLICY_KEY_TEXT_SIZE, "%s", source);
		break;
	case POLICY_SHAPE_ADDRESS_TWICE:
		snprintf(text, POLICY_KEY_TEXT_SIZE, "%s . %s", source, source);
		break;
	case POLICY_SHAPE_LINK_MAC:
		snprintf(text, POLICY_KEY_TEXT_SIZE, "\"%.15s\" . %02x:%02x:%02x:%02x:%02x:%02x", record->link, mac[0],
			 mac[1], mac[2], mac[3], mac[4], mac[5]);
		break;
	case POLICY_SHAPE_PLACE:
		snprintf(text, POLICY_KEY_TEXT_SIZE, "\"%.15s\" . %02x:%02x:%02x:%02x:%02x:%02x . %s", record->link,
			 mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], source);
		break;
	case POLICY_SHAPE_PUBLISHED:
		snprintf(text, POLICY_KEY_TEXT_SIZE, "%s . %s", destination, service);
		break;
	case POLICY_SHAPE_FLOW:
	case POLICY_SHAPE_RANGE:
	case POLICY_SHAPE_BOUNDARY:
		snprintf(text, POLICY_KEY_TEXT_SIZE, "%s . %s . %s", source, destination, service);
		break;
	}
	return text;
}

const char *policy_ports_format(const struct policy_record *record, char text[POLICY_PORTS_TEXT_SIZE])
{
	char protocol[16];

	if (record->span.protocol_first != record->span.protocol_last)
		return strcpy(text, "any");
	if (record->span.protocol_first == IPPROTO_ICMP || record->span.protocol_first == IPPROTO_ICMPV6)
		return strcpy(text, "icmp");
	policy_protocol_format(record->span.protocol_first, protocol);
	if (record->span.port_first == record->span.port_last)
		snprintf(text, POLICY_PORTS_TEXT_SIZE, "%u/%s", record->span.port_first, protocol);
	else if (record->span.port_first == 0 && record->span.port_last == 65535)
		snprintf(text, POLICY_PORTS_TEXT_SIZE, "%s", protocol);
	else
		snprintf(text, POLICY_PORTS_TEXT_SIZE, "%u-%u/%s", record->span.port_first, record->span.port_last,
			 protocol);
	return text;
}

/* Writes text, or its two ends with "~" between, so that the result has at most `room` bytes. */
static void shorten(const char *text, size_t room, char *out, size_t size)
{
	size_t length = strlen(text);

	if (room >= size)
		room = size - 1;
	if (length <= room) {
		memcpy(out, text, length + 1);
		return;
	}
	if (room == 0) {
		out[0] = '\0';
		return;
	}
	/* The end of a container's name tells replicas apart, so it gets the larger half. */
	size_t head = (room - 1) / 2, tail = room - 1 - head;

	memcpy(out, text, head);
	out[head] = '~';
	memcpy(out + head + 1, text + length - tail, tail);
	out[room] = '\0';
}

/* Shortens a and b to fit into `room` bytes together; the shorter one gives what it does not need to the other. */
static void shorten_pair(const char *a, const char *b, size_t room, char *out_a, char *out_b, size_t size)
{
	size_t length_a = strlen(a), length_b = strlen(b), half = room / 2;
	size_t room_a = half, room_b = room - half;

	if (length_a < room_a)
		room_b = room - length_a;
	else if (length_b < room_b)
		room_a = room - length_b;
	shorten(a, room_a, out_a, size);
	shorten(b, room_b, out_b, size);
}

void policy_flow_comment_format(const struct policy_flow_comment *parts, char text[POLICY_COMMENT_MAX + 1])
{
	const size_t size = POLICY_COMMENT_MAX + 1;
	const size_t punctuation = strlen(":  () ->  ()");
	char from[POLICY_COMMENT_MAX + 1], to[POLICY_COMMENT_MAX + 1];
	char source[POLICY_COMMENT_MAX + 1], destination[POLICY_COMMENT_MAX + 1];
	char whole[5 * (POLICY_COMMENT_MAX + 1)];
	size_t room = POLICY_COMMENT_MAX - punctuation - strnlen(parts->app, sizeof(parts->app) - 1);
	size_t services;

	/* At least a third of the room is the containers'. */
	shorten_pair(parts->from, parts->to, room - room / 3, from, to, size);
	services = strlen(from) + strlen(to);
	shorten_pair(parts->source, parts->destination, room - services, source, destination, size);
	snprintf(whole, sizeof(whole), "%s: %s (%s) -> %s (%s)", parts->app, from, source, to, destination);
	memcpy(text, whole, strnlen(whole, POLICY_COMMENT_MAX) + 1);
	text[POLICY_COMMENT_MAX] = '\0';
}

/* Copies [begin, end) if it fits. */
static bool take(const char *begin, const char *end, char *out, size_t size)
{
	size_t length = (size_t)(end - begin);

	if (length >= size)
		return false;
	memcpy(out, begin, length);
	out[length] = '\0';
	return true;
}

/* "SERVICE (CONTAINER)" up to end. */
static bool parse_side(const char *begin, const char *end, char *service, size_t service_size, char *container,
		       size_t container_size)
{
	const char *open = memmem(begin, (size_t)(end - begin), " (", 2);

	return open && end > begin && end[-1] == ')' && take(begin, open, service, service_size) &&
	       take(open + 2, end - 1, container, container_size);
}

bool policy_flow_comment_parse(const char *text, struct policy_flow_comment *ret_parts)
{
	struct policy_flow_comment parts;
	const char *colon = strstr(text, ": "), *arrow = strstr(text, ") -> ");

	if (!colon || !arrow || arrow < colon)
		return false;
	if (!take(text, colon, parts.app, sizeof(parts.app)) ||
	    !parse_side(colon + 2, arrow + 1, parts.from, sizeof(parts.from), parts.source, sizeof(parts.source)) ||
	    !parse_side(arrow + 5, text + strlen(text), parts.to, sizeof(parts.to), parts.destination,
			sizeof(parts.destination)))
		return false;
	*ret_parts = parts;
	return true;
}

void policy_endpoint_comment_format(const struct policy_endpoint_comment *parts, char text[POLICY_COMMENT_MAX + 1])
{
	const size_t size = POLICY_COMMENT_MAX + 1;
	const size_t room = POLICY_COMMENT_MAX - strlen(" () on ");
	char container[POLICY_COMMENT_MAX + 1], services[POLICY_COMMENT_MAX + 1], network[POLICY_COMMENT_MAX + 1];
	char whole[4 * (POLICY_COMMENT_MAX + 1)];

	/* The container's name is what everything else is looked up by: it has the first claim. */
	shorten(parts->container, room * 2 / 3, container, size);
	shorten_pair(parts->services, parts->network, room - strlen(container), services, network, size);
	snprintf(whole, sizeof(whole), "%s (%s) on %s", container, services, network);
	memcpy(text, whole, strnlen(whole, POLICY_COMMENT_MAX) + 1);
	text[POLICY_COMMENT_MAX] = '\0';
}

bool policy_endpoint_comment_parse(const char *text, struct policy_endpoint_comment *ret_parts)
{
	struct policy_endpoint_comment parts;
	const char *open = strstr(text, " ("), *close = open ? strstr(open, ") on ") : NULL;

	if (!open || !close)
		return false;
	if (!take(text, open, parts.container, sizeof(parts.container)) ||
	    !take(open + 2, close, parts.services, sizeof(parts.services)) ||
	    !take(close + 5, text + strlen(text), parts.network, sizeof(parts.network)))
		return false;
	*ret_parts = parts;
	return true;
}
