/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "N", "N/proto", "N-M/proto", or a protocol alone. */
#include <errno.h>
#include <string.h>

#include "flow_parse_parts.h"

#define PORT_MAX 65535

static const char *const protocols[] = { "tcp", "udp", "sctp", "icmp", "any" };
#define PROTOCOLS      5
#define WITH_PORTS     3 /* the first of them */
#define PORT_TEXT_MAX  32
#define PORT_IS_SHAPED "write \"80\", \"80/udp\", \"7000-7010/tcp\", or a protocol alone: tcp, udp, sctp, icmp, any"

/* What a port was written as, in parts; digits only, not yet numbers. */
struct parts {
	char first[PORT_TEXT_MAX], last[PORT_TEXT_MAX];
	bool range;
	const char *protocol; /* after the slash, or NULL */
};

static int find_protocol(const char *text, int count)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(text, protocols[i]) == 0)
			return i;
	}
	return -1;
}

/* Takes digits off the text; false where there are none or far too many. */
static bool take_digits(const char **text, char digits[PORT_TEXT_MAX])
{
	size_t length = strspn(*text, "0123456789");

	if (length == 0 || length >= PORT_TEXT_MAX)
		return false;
	memcpy(digits, *text, length);
	digits[length] = '\0';
	*text += length;
	return true;
}

static bool split(const char *text, struct parts *parts)
{
	if (!take_digits(&text, parts->first))
		return false;
	if (*text == '-') {
		text++;
		parts->range = true;
		if (!take_digits(&text, parts->last))
			return false;
	} else {
		memcpy(parts->last, parts->first, sizeof(parts->last));
	}
	parts->protocol = *text == '/' ? text + 1 : NULL;
	return *text == '\0' || (*text == '/' && text[1]);
}

/* Text that does not begin as a port does, and is no protocol: says what it may have been meant to be. */
static void report_shape(struct jsonc_check *check, const struct jsonc *value)
{
	const char *text = value->text, *slash = strchr(text, '/'), *near;
	char before[PORT_TEXT_MAX];

	if (text[strcspn(text, " \t\r\n")]) {
		jsonc_check_error_at(check, value, "port \"%s\" contains a space: " PORT_IS_SHAPED, text);
		return;
	}
	near = slash ? NULL : diagnostics_suggest(text, protocols, PROTOCOLS);
	if (near) {
		jsonc_check_error_at(check, value, "unknown protocol \"%s\": did you mean \"%s\"?", text, near);
		return;
	}
	if (slash && (size_t)(slash - text) < sizeof(before)) {
		memcpy(before, text, (size_t)(slash - text));
		before[slash - text] = '\0';
		if (find_protocol(before, WITH_PORTS) >= 0) {
			jsonc_check_error_at(check, value, "port \"%s\": the protocol comes last: write \"%s/%s\"",
					     text, slash + 1, before);
			return;
		}
	}
	jsonc_check_error_at(check, value, "\"%s\" is no port: " PORT_IS_SHAPED, text);
}

/* The index of the protocol that a port may have, or -1 after an error. */
static int check_protocol(struct jsonc_check *check, const struct jsonc *value, const char *protocol)
{
	int index = protocol ? find_protocol(protocol, PROTOCOLS) : FLOW_TCP;
	const char *near;

	if (index >= 0 && index < WITH_PORTS)
		return index;
	if (index >= 0) {
		jsonc_check_error_at(check, value, "port \"%s\": %s has no ports: write \"%s\" alone", value->text,
				     protocol, protocol);
		return -1;
	}
	near = diagnostics_suggest(protocol, protocols, WITH_PORTS);
	if (near)
		jsonc_check_error_at(check, value, "unknown protocol \"%s\" in port \"%s\": did you mean \"%s\"?",
				     protocol, value->text, near);
	else
		jsonc_check_error_at(check, value, "unknown protocol \"%s\" in port \"%s\": it may be tcp, udp or sctp",
				     protocol, value->text);
	return -1;
}

/* The number, or -1 after an error. */
static long check_number(struct jsonc_check *check, const struct jsonc *value, const char *digits, const char *protocol)
{
	const char *significant = digits + strspn(digits, "0");
	long number;

	if (!*significant) {
		jsonc_check_error_at(check, value,
				     "port \"%s\": there is no port 0: for every port write the protocol alone, \"%s\"",
				     value->text, protocol);
		return -1;
	}
	if (significant != digits) {
		jsonc_check_error_at(check, value, "port \"%s\" has a leading zero: write %s", value->text,
				     significant);
		return -1;
	}
	/* Longer ones do not fit a long everywhere. */
	number = strlen(digits) > 5 ? PORT_MAX + 1 : strtol(digits, NULL, 10);
	if (number <= PORT_MAX)
		return number;
	jsonc_check_error_at(check, value, "port \"%s\": %s is out of range: ports go from 1 to 65535", value->text,
			     digits);
	return -1;
}

static int parse_numbers(struct jsonc_check *check, const struct jsonc *value, struct flow_port *ret_port)
{
	struct parts parts = { 0 };
	long first, last;
	int protocol;

	if (!split(value->text, &parts)) {
		report_shape(check, value);
		return -EINVAL;
	}
	protocol = check_protocol(check, value, parts.protocol);
	if (protocol < 0)
		return -EINVAL;
	first = check_number(check, value, parts.first, protocols[protocol]);
	last = first < 0 || !parts.range ? first : check_number(check, value, parts.last, protocols[protocol]);
	if (last < 0)
		return -EINVAL;
	if (first > last) {
		jsonc_check_error_at(check, value, "port \"%s\": the range is reversed: write \"%s-%s%s%s\"",
				     value->text, parts.last, parts.first, parts.protocol ? "/" : "",
				     parts.protocol ? parts.protocol : "");
		return -EINVAL;
	}
	ret_port->protocol = (enum flow_protocol)protocol;
	ret_port->first = (uint16_t)first;
	ret_port->last = (uint16_t)last;
	return 0;
}

int flow_parse_port(struct jsonc_check *check, const struct jsonc *value, struct flow_port *ret_port)
{
	int protocol;

	if (value->type == JSONC_NUMBER) {
		jsonc_check_error_at(check, value, "a port must be a string: write \"%s\"", value->text);
		return -EINVAL;
	}
	if (!jsonc_check_type(check, value, "a port", JSONC_STRING))
		return -EINVAL;
	protocol = find_protocol(value->text, PROTOCOLS);
	if (protocol < 0)
		return parse_numbers(check, value, ret_port);
	*ret_port = (struct flow_port){ .protocol = (enum flow_protocol)protocol, .first = 0, .last = PORT_MAX };
	return 0;
}
