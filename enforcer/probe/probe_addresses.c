/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe_addresses.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "loop.h"
#include "probe_socket.h"

/* Asked about at once: so many of the subnet's last addresses may be somebody's. */
#define CANDIDATES 8
/* How far from the subnet's end they are looked for. */
#define CANDIDATES_FROM 4096
#define ASK_TIMES	2
#define ASK_MS		50

/* What may be taken from one subnet. */
struct choice {
	struct address items[CANDIDATES]; /* ADDRESS_NONE: somebody's after all */
	size_t count;
};

/* One bridge while its neighbours are asked. */
struct survey {
	struct probe_place *place;
	struct choice choices[2]; /* IPv4, IPv6 */
	bool has_ipv6;
	int link; /* the bridge's index; 0: it has none */
	uint8_t mac[6];
	int ear;
};

/* ---- What the host has, as the C library tells it ---- */

static struct address address_of(const struct sockaddr *from)
{
	struct address address = { .family = ADDRESS_NONE };

	if (from && from->sa_family == AF_INET) {
		address.family = ADDRESS_IPV4;
		memcpy(address.bytes, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	} else if (from && from->sa_family == AF_INET6) {
		address.family = ADDRESS_IPV6;
		memcpy(address.bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
	}
	return address;
}

static unsigned mask_length(const struct sockaddr *mask, unsigned bytes)
{
	const uint8_t *bits = bytes == 4
				      ? (const uint8_t *)&((const struct sockaddr_in *)(const void *)mask)->sin_addr
				      : (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)mask)->sin6_addr;
	unsigned length = 0;

	while (length < bytes * 8 && bits[length / 8] & (0x80 >> length % 8))
		length++;
	return length;
}

static bool is_link_local(const struct address *address)
{
	const struct address base = { .family = ADDRESS_IPV6, .bytes = { 0xfe, 0x80 } };

	return address->family == ADDRESS_IPV6 && address_is_in(address, &base, 10);
}

static bool is_of_host(const struct ifaddrs *addresses, const struct address *address)
{
	for (const struct ifaddrs *at = addresses; at; at = at->ifa_next) {
		struct address own = address_of(at->ifa_addr);

		if (own.family && address_compare(&own, address) == 0)
			return true;
	}
	return false;
}

static bool is_endpoints(const struct inventory *inventory, const struct address *address)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		for (size_t j = 0; j < network->endpoint_count; j++) {
			const struct endpoint *endpoint = &network->endpoints[j];

			if (address_compare(&endpoint->ipv4, address) == 0 ||
			    address_compare(&endpoint->ipv6, address) == 0)
				return true;
		}
	}
	return false;
}

/* ---- Candidates ---- */

static struct address one_less(struct address address)
{
	for (size_t i = address_length(&address); i-- > 0;) {
		if (address.bytes[i]-- > 0)
			break;
	}
	return address;
}

/* From the last address of the subnet, which of IPv4 is its broadcast address, towards its first, which is nobody's
 * either. */
static void gather(struct choice *choice, const struct inventory *inventory, const struct ifaddrs *addresses,
		   const struct address *subnet, unsigned length)
{
	const struct address first = address_prefix(subnet, length);
	struct address at = address_last(subnet, length);

	for (size_t i = 0; i < CANDIDATES_FROM && choice->count < CANDIDATES; i++) {
		if (address_compare(&at, &first) == 0)
			break;
		at = one_less(at);
		if (address_compare(&at, &first) == 0)
			break;
		if (!is_of_host(addresses, &at) && !is_endpoints(inventory, &at))
			choice->items[choice->count++] = at;
	}
}

static void look_at_bridge(struct survey *survey, const struct inventory *inventory, const struct ifaddrs *addresses)
{
	for (const struct ifaddrs *at = addresses; at; at = at->ifa_next) {
		struct address own = address_of(at->ifa_addr);
		unsigned bytes = address_length(&own);
		struct choice *choice = &survey->choices[own.family == ADDRESS_IPV6];

		if (strcmp(at->ifa_name, survey->place->bridge) != 0)
			continue;
		if (at->ifa_addr && at->ifa_addr->sa_family == AF_PACKET) {
			const struct sockaddr_ll *link = (const struct sockaddr_ll *)(const void *)at->ifa_addr;

			survey->link = link->sll_ifindex;
			memcpy(survey->mac, link->sll_addr, sizeof(survey->mac));
		} else if (own.family && at->ifa_netmask && !is_link_local(&own)) {
			survey->has_ipv6 = survey->has_ipv6 || own.family == ADDRESS_IPV6;
			if (choice->count < 2)
				gather(choice, inventory, addresses, &own, mask_length(at->ifa_netmask, bytes));
		}
	}
}

/* Where the bridge has no address of the family (inhibit_ipv4, a gateway mode without one): of the subnet from which
 * the engine gives the network's containers their addresses. */
static void look_at_network(struct survey *survey, const struct inventory *inventory, const struct ifaddrs *addresses)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];
		const struct cidr *subnets[] = { &network->subnet4, &network->subnet6 };

		if (strcmp(network->bridge, survey->place->bridge) != 0)
			continue;
		for (size_t j = 0; j < 2; j++) {
			if (!subnets[j]->base.family || survey->choices[j].count)
				continue;
			survey->has_ipv6 = survey->has_ipv6 || j == 1;
			gather(&survey->choices[j], inventory, addresses, &subnets[j]->base, subnets[j]->length);
		}
	}
}

/* ---- Neighbours ---- */

static void ask(const struct probe_endpoints *endpoints, const struct survey *survey)
{
	uint8_t frame[PROBE_FRAME_SIZE];

	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < survey->choices[i].count; j++) {
			const struct address *address = &survey->choices[i].items[j];
			size_t size = address->family ? probe_packet_ask(survey->mac, address, frame) : 0;

			/* Who cannot be asked is not asked: the rest stands against it. */
			if (size)
				(void)probe_socket_send(endpoints->voice, survey->link, frame, size);
		}
	}
}

static void strike_out(struct survey *survey, const struct address *holder)
{
	struct choice *choice = &survey->choices[holder->family == ADDRESS_IPV6];

	for (size_t i = 0; i < choice->count; i++) {
		if (address_compare(&choice->items[i], holder) == 0)
			choice->items[i] = (struct address){ .family = ADDRESS_NONE };
	}
}

static void hear(struct survey *survey, uint64_t deadline)
{
	uint8_t frame[PROBE_FRAME_SIZE];
	int size, link;

	/* However much is flooded there, this ends. */
	while (survey->ear >= 0 && loop_now_ns() < deadline &&
	       (size = probe_socket_receive(survey->ear, frame, sizeof(frame), &link)) > 0) {
		struct address holder = probe_packet_holder(frame, (size_t)size);

		if (holder.family)
			strike_out(survey, &holder);
	}
}

static void ask_all(const struct probe_endpoints *endpoints, struct survey *surveys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		surveys[i].ear = surveys[i].link ? probe_socket_ear(surveys[i].link) : -1;
	for (int time = 0; time < ASK_TIMES; time++) {
		for (size_t i = 0; i < count; i++)
			ask(endpoints, &surveys[i]);
		(void)poll(NULL, 0, ASK_MS);
		for (size_t i = 0; i < count; i++)
			hear(&surveys[i], loop_now_ns() + ASK_MS * 1000000ull);
	}
	for (size_t i = 0; i < count; i++) {
		if (surveys[i].ear >= 0)
			close(surveys[i].ear);
	}
}

/* ---- The choice ---- */

static bool take_two(const struct choice *choice, struct address *ret_from, struct address *ret_to)
{
	const struct address *found[2];
	size_t count = 0;

	for (size_t i = 0; i < choice->count && count < 2; i++) {
		if (choice->items[i].family)
			found[count++] = &choice->items[i];
	}
	if (count < 2)
		return false;
	*ret_to = *found[0];
	*ret_from = *found[1];
	return true;
}

static void decide(const struct survey *survey)
{
	struct probe_ends *ends = &survey->place->ends;

	survey->place->has_ipv6 = survey->has_ipv6;
	if (!take_two(&survey->choices[0], &ends->from4, &ends->to4)) {
		survey->place->borrowed4 = true;
		(void)address_parse("192.0.2.253", false, &ends->from4);
		(void)address_parse("192.0.2.254", false, &ends->to4);
	}
	if (survey->has_ipv6 && !take_two(&survey->choices[1], &ends->from6, &ends->to6)) {
		survey->place->borrowed6 = true;
		(void)address_parse("2001:db8::fffd", false, &ends->from6);
		(void)address_parse("2001:db8::fffe", false, &ends->to6);
	}
}

int probe_addresses_choose(const struct inventory *inventory, struct probe_endpoints *endpoints, struct error *err)
{
	cleanup_free struct survey *surveys = calloc(endpoints->count + 1, sizeof(*surveys));
	struct ifaddrs *addresses;
	size_t count = 0;

	if (!surveys)
		return error_oom(err);
	if (getifaddrs(&addresses) < 0)
		return error_set(err, -errno, "the host's addresses: %s", strerror(errno));
	for (size_t i = 0; i < endpoints->count; i++) {
		if (!probe_place_works(&endpoints->places[i]))
			continue;
		surveys[count].place = &endpoints->places[i];
		look_at_bridge(&surveys[count], inventory, addresses);
		look_at_network(&surveys[count++], inventory, addresses);
	}
	freeifaddrs(addresses);
	ask_all(endpoints, surveys, count);
	for (size_t i = 0; i < count; i++)
		decide(&surveys[i]);
	return 0;
}
