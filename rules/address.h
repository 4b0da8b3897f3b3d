/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IPv4 or IPv6 address, or none, as a value. */
#ifndef BULKHEAD_ADDRESS_H
#define BULKHEAD_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

enum address_family {
	ADDRESS_NONE = 0,
	ADDRESS_IPV4 = 4,
	ADDRESS_IPV6 = 6,
};

struct address {
	uint8_t family;	   /* enum address_family */
	uint8_t bytes[16]; /* network byte order; IPv4 uses the first four, the rest is zero */
};

struct cidr {
	struct address base; /* no host bits set */
	uint8_t length;
};

#define ADDRESS_TEXT_SIZE 46 /* INET6_ADDRSTRLEN */

/* "192.0.2.1" or "2001:db8::1"; with allow_length a trailing "/N" is accepted and ignored, which is how the engine
 * writes an endpoint's address.  Returns 0 or -EINVAL. */
int address_parse(const char *text, bool allow_length, struct address *ret_address);

/* Writes the address into text, which it returns; "" for none. */
const char *address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/* Orders by family, then bytes. */
int address_compare(const struct address *a, const struct address *b);

/* Length in bytes: 0, 4 or 16. */
unsigned address_length(const struct address *address);

/* The last address of the network of that prefix length: address is its first.  ADDRESS_NONE stays none. */
struct address address_last(const struct address *address, unsigned length);

/* The prefix length of the network that begins and ends so, or -EINVAL if no network does. */
int address_common_length(const struct address *first, const struct address *last);

/* The address without the bits beyond the first `length`. */
struct address address_prefix(const struct address *address, unsigned length);

/* Whether the address lies in the network of that length around base: the first `length` bits are the same. */
bool address_is_in(const struct address *address, const struct address *base, unsigned length);

/* "192.0.2.0/24"; a bare address is a /32 or /128.  -EINVAL: not a CIDR; -ERANGE: host bits are set, and then
 * *ret_cidr is what was probably meant (the network). */
int cidr_parse(const char *text, struct cidr *ret_cidr);

#endif
