/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

unsigned address_length(const struct address *address)
{
	switch (address->family) {
	case ADDRESS_IPV4:
		return 4;
	case ADDRESS_IPV6:
		return 16;
	default:
		return 0;
	}
}

/* Splits "ADDRESS[/N]".  *ret_length is -1 where there is none. */
static int parse_prefix(const char *text, struct address *ret_address, int *ret_length)
{
	struct address address = { 0 };
	char host[ADDRESS_TEXT_SIZE];
	const char *slash = strchr(text, '/');
	size_t host_length = slash ? (size_t)(slash - text) : strlen(text);
	int length = -1, bits;

	if (host_length >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, host_length);
	host[host_length] = '\0';
	if (inet_pton(AF_INET, host, address.bytes) == 1)
		address.family = ADDRESS_IPV4;
	else if (inet_pton(AF_INET6, host, address.bytes) == 1)
		address.family = ADDRESS_IPV6;
	else
		return -EINVAL;
	bits = (int)address_length(&address) * 8;
	if (slash) {
		const char *digit = slash + 1;

		length = 0;
		if (!*digit || (digit[0] == '0' && digit[1]))
			return -EINVAL;
		for (; *digit; digit++) {
			if (*digit < '0' || *digit > '9')
				return -EINVAL;
			length = length * 10 + (*digit - '0');
			if (length > bits)
				return -EINVAL;
		}
	}
	*ret_address = address;
	*ret_length = length;
	return 0;
}

int address_parse(const char *text, bool allow_length, struct address *ret_address)
{
	struct address address;
	int length;

	if (parse_prefix(text, &address, &length) < 0 || (length >= 0 && !allow_length))
		return -EINVAL;
	*ret_address = address;
	return 0;
}

const char *address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	text[0] = '\0';
	if (address->family == ADDRESS_IPV4)
		inet_ntop(AF_INET, address->bytes, text, ADDRESS_TEXT_SIZE);
	else if (address->family == ADDRESS_IPV6)
		inet_ntop(AF_INET6, address->bytes, text, ADDRESS_TEXT_SIZE);
	return text;
}

int address_compare(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

struct address address_last(const struct address *address, unsigned length)
{
	struct address last = *address;

	for (unsigned bit = length; bit < 8 * address_length(address); bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return last;
}

int address_common_length(const struct address *first, const struct address *last)
{
	unsigned bits = 8 * address_length(first), length = 0;
	struct address end;

	while (length < bits && ((first->bytes[length / 8] ^ last->bytes[length / 8]) & (0x80 >> length % 8)) == 0)
		length++;
	end = address_last(first, length);
	if (first->family != last->family || address_compare(&end, last) != 0)
		return -EINVAL;
	/* What follows the prefix is all zero in the first, as it is all one in the last. */
	for (unsigned bit = length; bit < bits; bit++) {
		if (first->bytes[bit / 8] & (0x80 >> bit % 8))
			return -EINVAL;
	}
	return (int)length;
}

struct address address_prefix(const struct address *address, unsigned length)
{
	struct address prefix = { .family = address->family };
	unsigned whole = length / 8, rest = length % 8;

	memcpy(prefix.bytes, address->bytes, whole);
	if (rest)
		prefix.bytes[whole] = (uint8_t)(address->bytes[whole] & 0xff00u >> rest);
	return prefix;
}

bool address_is_in(const struct address *address, const struct address *base, unsigned length)
{
	unsigned whole = length / 8, rest = length % 8;

	return address->family == base->family && memcmp(address->bytes, base->bytes, whole) == 0 &&
	       (rest == 0 || (address->bytes[whole] ^ base->bytes[whole]) >> (8 - rest) == 0);
}

int cidr_parse(const char *text, struct cidr *ret_cidr)
{
	struct cidr cidr = { 0 };
	struct address written;
	int length;

	if (parse_prefix(text, &written, &length) < 0)
		return -EINVAL;
	if (length < 0)
		length = (int)address_length(&written) * 8;
	cidr.length = (uint8_t)length;
	cidr.base = address_prefix(&written, cidr.length);
	*ret_cidr = cidr;
	return address_compare(&cidr.base, &written) == 0 ? 0 : -ERANGE;
}
