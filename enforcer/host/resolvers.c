/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resolvers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "confined.h"
#include "log.h"

#define HOST_FILE    "/etc/resolv.conf"
#define RESOLVE_FILE "/run/systemd/resolve/resolv.conf"
/* A resolver asks three; a file with more than that many bytes is none. */
#define FILE_SIZE ((size_t)64 * 1024)

const char *const resolvers_files[] = { HOST_FILE, RESOLVE_FILE, NULL };

static int append(struct address **addresses, size_t *count, const struct address *address)
{
	struct address *grown = reallocarray(*addresses, *count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	grown[(*count)++] = *address;
	*addresses = grown;
	return 0;
}

static bool on_loopback(const struct address *address)
{
	static const uint8_t loopback6[16] = { [15] = 1 };

	return address->family == ADDRESS_IPV4 ? address->bytes[0] == 127
					       : memcmp(address->bytes, loopback6, sizeof(loopback6)) == 0;
}

/* "nameserver 192.0.2.1"; false for every other line. */
static bool read_line(const char *line, size_t length, struct address *ret_address)
{
	char text[128], word[80];

	snprintf(text, sizeof(text), "%.*s", (int)length, line);
	return sscanf(text, " nameserver %79s", word) == 1 && address_parse(word, false, ret_address) == 0;
}

int resolvers_parse(const char *text, struct address **ret_addresses, size_t *ret_count, bool *ret_stub)
{
	cleanup_free struct address *addresses = NULL;
	size_t count = 0, servers = 0, stubs = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");
		struct address address;

		if (read_line(text, length, &address)) {
			char name[ADDRESS_TEXT_SIZE];

			servers++;
			stubs += strcmp(address_format(&address, name), "127.0.0.53") == 0;
			if (!on_loopback(&address) && append(&addresses, &count, &address) < 0)
				return -ENOMEM;
		}
		text += length + (text[length] == '\n');
	}
	*ret_addresses = steal(addresses);
	*ret_count = count;
	*ret_stub = servers == 1 && stubs == 1;
	return 0;
}

/* A file that is not there names nobody.  One that may not be read may name anybody: -EACCES. */
static int read_file(const char *path, struct address **ret_addresses, size_t *ret_count, bool *ret_stub)
{
	cleanup_free char *text = calloc(1, FILE_SIZE + 1);
	FILE *file = fopen(path, "re");

	if (!file && errno == EACCES) {
		log_warning("%s: %s%s: containers whose egress is declared ask no name server", path, strerror(errno),
			    confined_hint(errno));
		return -EACCES;
	}
	if (text && file)
		(void)!fread(text, 1, FILE_SIZE, file);
	if (file)
		fclose(file);
	return text ? resolvers_parse(text, ret_addresses, ret_count, ret_stub) : -ENOMEM;
}

static int add_defaults(struct address **addresses, size_t *count)
{
	static const char *const public[] = { "8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844" };
	struct address address;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(public) / sizeof(public[0]); i++) {
		if (address_parse(public[i], false, &address) == 0)
			r = append(addresses, count, &address);
	}
	return r;
}

static int read_host(struct address **addresses, size_t *count)
{
	bool stub = false;
	int r = read_file(HOST_FILE, addresses, count, &stub);

	if (r == 0 && stub) {
		free(*addresses);
		*addresses = NULL;
		*count = 0;
		r = read_file(RESOLVE_FILE, addresses, count, &stub);
	}
	return r == 0 && *count == 0 ? add_defaults(addresses, count) : r;
}

int resolvers_read(const struct config *config, struct address **ret_addresses, size_t *ret_count, struct error *err)
{
	cleanup_free struct address *addresses = NULL;
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < config->dns_count; i++)
		r = append(&addresses, &count, &config->dns[i]);
	if (r == 0 && !config->dns_count)
		r = read_host(&addresses, &count);
	/* Closed, then: not the public ones in their place. */
	if (r == -EACCES)
		r = 0;
	if (r < 0)
		return error_oom(err);
	*ret_addresses = steal(addresses);
	*ret_count = count;
	return 0;
}
