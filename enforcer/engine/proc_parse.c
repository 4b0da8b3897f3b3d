/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proc_parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* TCP_LISTEN of the kernel's include/net/tcp_states.h */
#define STATE_LISTEN 0x0au

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

/* An address is written as numbers of 32 bits, each as the host holds it. */
static bool parse_address(const char *digits, bool ipv6, struct address *ret_address)
{
	size_t words = ipv6 ? 4 : 1;

	memset(ret_address, 0, sizeof(*ret_address));
	ret_address->family = ipv6 ? ADDRESS_IPV6 : ADDRESS_IPV4;
	if (strlen(digits) != words * 8)
		return false;
	for (size_t i = 0; i < words; i++) {
		char word[9] = "";
		uint32_t value;

		memcpy(word, digits + i * 8, 8);
		value = (uint32_t)strtoul(word, NULL, 16);
		memcpy(ret_address->bytes + i * 4, &value, sizeof(value));
	}
	return true;
}

/* "   0: 0100007F:0947 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1574 …" */
static bool parse_listener(const char *line, bool ipv6, struct proc_listener *ret_listener)
{
	char address[33];
	unsigned port, state;

	if (sscanf(line, " %*u: %32[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%*4x %2x %*s %*s %*s %*u %*u %" SCNu64, address, &port,
		   &state, &ret_listener->inode) != 4 ||
	    state != STATE_LISTEN || port > UINT16_MAX)
		return false;
	ret_listener->port = (uint16_t)port;
	return parse_address(address, ipv6, &ret_listener->address);
}

/* sscanf measures its whole text each time, so it is given one line. */
static void copy_line(const char *text, char *line, size_t size)
{
	size_t length = strcspn(text, "\n");

	length = length < size ? length : size - 1;
	memcpy(line, text, length);
	line[length] = '\0';
}

int proc_parse_listeners(const char *text, bool ipv6, struct proc_listener **listeners, size_t *count)
{
	for (; *text; text = next_line(text)) {
		struct proc_listener listener, *grown;
		char line[256];

		copy_line(text, line, sizeof(line));
		if (!parse_listener(line, ipv6, &listener))
			continue;
		grown = reallocarray(*listeners, *count + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		grown[(*count)++] = listener;
		*listeners = grown;
	}
	return 0;
}

/* __SO_ACCEPTCON of the kernel's include/linux/net.h */
#define FLAG_LISTENS 0x10000u

/* "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/docker.sock" */
static int add_unix(const char *line, struct proc_unix **sockets, size_t *count)
{
	struct proc_unix *grown;
	unsigned flags;
	uint64_t inode;
	int start = 0;

	if (sscanf(line, "%*[0-9A-Fa-f]: %*x %*x %x %*x %*x %" SCNu64 " %n", &flags, &inode, &start) != 2 || !start ||
	    !(flags & FLAG_LISTENS) || !line[start])
		return 0;
	grown = reallocarray(*sockets, *count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	*sockets = grown;
	grown[*count] = (struct proc_unix){ strdup(line + start), inode };
	return grown[*count].path ? (++*count, 0) : -ENOMEM;
}

int proc_parse_unix(const char *text, struct proc_unix **ret_sockets, size_t *ret_count)
{
	struct proc_unix *sockets = NULL;
	size_t count = 0;

	for (; *text; text = next_line(text)) {
		char line[256];

		copy_line(text, line, sizeof(line));
		if (add_unix(line, &sockets, &count) < 0) {
			proc_free_unix(sockets, count);
			return -ENOMEM;
		}
	}
	*ret_sockets = sockets;
	*ret_count = count;
	return 0;
}

void proc_free_unix(struct proc_unix *sockets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(sockets[i].path);
	free(sockets);
}

bool proc_parse_socket(const char *target, uint64_t *ret_inode)
{
	int end = 0;

	return sscanf(target, "socket:[%20" SCNu64 "]%n", ret_inode, &end) == 1 && end > 0 && !target[end];
}

static bool is_octal(char digit)
{
	return digit >= '0' && digit <= '7';
}

/* "\040" is a space: what would end a field is written as three octal digits. */
static char *unescape(const char *field, size_t length)
{
	char *text = malloc(length + 1);
	size_t used = 0;

	if (!text)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		if (field[i] == '\\' && length - i > 3 && is_octal(field[i + 1]) && is_octal(field[i + 2]) &&
		    is_octal(field[i + 3])) {
			text[used++] =
				(char)((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + field[i + 3] - '0');
			i += 3;
		} else {
			text[used++] = field[i];
		}
	}
	text[used] = '\0';
	return text;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw": the fields from the third to the fifth. */
static int add_mount(const char *line, struct proc_mount **mounts, size_t *count)
{
	const char *field = line, *device = "", *root = "";
	size_t length = 0, device_length = 0, root_length = 0;
	struct proc_mount *grown;

	for (int i = 1; i <= 5; i++) {
		field += i == 1 ? 0 : length + 1;
		length = strcspn(field, " \n");
		if (i == 3) {
			device = field;
			device_length = length;
		} else if (i == 4) {
			root = field;
			root_length = length;
		}
		if (!length || (i < 5 && field[length] != ' '))
			return 0;
	}
	if (device_length >= sizeof(grown->device) || *field != '/')
		return 0;
	grown = reallocarray(*mounts, *count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	*mounts = grown;
	grown += *count;
	memcpy(grown->device, device, device_length);
	grown->device[device_length] = '\0';
	grown->root = unescape(root, root_length);
	grown->point = unescape(field, length);
	++*count;
	return grown->root && grown->point ? 0 : -ENOMEM;
}

int proc_parse_mounts(const char *text, struct proc_mount **ret_mounts, size_t *ret_count)
{
	struct proc_mount *mounts = NULL;
	size_t count = 0;

	for (; *text; text = next_line(text)) {
		if (add_mount(text, &mounts, &count) < 0) {
			proc_free_mounts(mounts, count);
			return -ENOMEM;
		}
	}
	*ret_mounts = mounts;
	*ret_count = count;
	return 0;
}

void proc_free_mounts(struct proc_mount *mounts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(mounts[i].root);
		free(mounts[i].point);
	}
	free(mounts);
}

const struct proc_mount *proc_mount_at(const struct proc_mount *mounts, size_t count, const char *path)
{
	while (count--) {
		if (strcmp(mounts[count].point, path) == 0)
			return &mounts[count];
	}
	return NULL;
}

bool proc_lies_in(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	if (length == 1)
		return true;
	return strncmp(path, folder, length) == 0 && (path[length] == '/' || !path[length]);
}

const struct proc_mount *proc_mount_over(const struct proc_mount *mounts, size_t count, const char *path)
{
	const struct proc_mount *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (proc_lies_in(path, mounts[i].point) && (!found || strlen(mounts[i].point) >= strlen(found->point)))
			found = &mounts[i];
	}
	return found;
}

bool proc_parse_status(const char *text, uid_t *ret_user, unsigned *ret_depth)
{
	unsigned depth = 0, user;
	bool found = false;

	for (; *text; text = next_line(text)) {
		char line[512], *at, *save;

		copy_line(text, line, sizeof(line));
		if (sscanf(line, "Uid: %*u %u", &user) == 1)
			found = true;
		if (strncmp(line, "NSpid:", 6) != 0)
			continue;
		at = strtok_r(line + 6, " \t", &save);
		while (at && (at = strtok_r(NULL, " \t", &save)))
			depth++;
	}
	if (!found)
		return false;
	*ret_user = user;
	*ret_depth = depth;
	return true;
}

bool proc_parse_start(const char *text, uint64_t *ret_ticks)
{
	/* The second field is the program's name in brackets, and may hold anything; starttime is the 22nd. */
	const char *rest = strrchr(text, ')');

	return rest &&
	       sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64,
		      ret_ticks) == 1;
}

bool proc_parse_boot(const char *text, int64_t *ret_seconds)
{
	for (; *text; text = next_line(text)) {
		if (strncmp(text, "btime ", 6) == 0)
			return sscanf(text + 6, "%18" SCNd64, ret_seconds) == 1;
	}
	return false;
}
