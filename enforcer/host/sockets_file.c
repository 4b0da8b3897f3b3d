/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sockets_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "file.h"
#include "lock.h"

#define KIND	  "sockets"
#define LINE_SIZE 18 /* sixteen digits, a newline, a terminator */
#define FILE_MAX  ((size_t)1024 * 1024)

int sockets_file_parse(const char *text, size_t length, uint64_t **ret_cookies, size_t *ret_count)
{
	uint64_t *cookies = calloc(length / 2 + 1, sizeof(*cookies));
	size_t count = 0;

	if (!cookies)
		return -ENOMEM;
	for (size_t i = 0; i < length;) {
		const char *newline = memchr(text + i, '\n', length - i);
		size_t line = newline ? (size_t)(newline - text) - i : length - i;
		char digits[LINE_SIZE] = "";

		if (line && line < sizeof(digits) - 1) {
			memcpy(digits, text + i, line);
			if (strspn(digits, "0123456789abcdef") == line)
				cookies[count++] = strtoull(digits, NULL, 16);
		}
		i += line + 1;
	}
	*ret_cookies = cookies;
	*ret_count = count;
	return 0;
}

static int read_text(const char *path, char **ret_text, size_t *ret_length)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat about;
	char *text;
	int r;

	if (fd < 0 || fstat(fd, &about) < 0)
		return -errno;
	if (!S_ISREG(about.st_mode) || (about.st_mode & 022) || about.st_uid != geteuid() || about.st_size < 0 ||
	    (size_t)about.st_size > FILE_MAX)
		return -EPERM;
	text = malloc((size_t)about.st_size + 1);
	if (!text)
		return -ENOMEM;
	r = file_read_all(fd, text, (size_t)about.st_size, ret_length);
	if (r < 0) {
		free(text);
		return r;
	}
	*ret_text = text;
	return 0;
}

int sockets_file_read(uint64_t **ret_cookies, size_t *ret_count)
{
	cleanup_free char *text = NULL;
	char path[LOCK_PATH_SIZE];
	size_t length = 0;
	int r = lock_path(KIND, path, NULL);

	if (r == 0)
		r = read_text(path, &text, &length);
	return r == -ENOMEM ? r : sockets_file_parse(text ? text : "", r < 0 ? 0 : length, ret_cookies, ret_count);
}

int sockets_file_write(const uint64_t *cookies, size_t count)
{
	cleanup_free char *text = malloc(count * LINE_SIZE + 1);
	char path[LOCK_PATH_SIZE];
	int r = lock_path(KIND, path, NULL), length = 0;

	if (!text)
		return -ENOMEM;
	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		length += snprintf(text + length, LINE_SIZE, "%" PRIx64 "\n", cookies[i]);
	return r < 0 ? r : file_replace(path, 0644, text, (size_t)length);
}

void sockets_file_remove(void)
{
	char path[LOCK_PATH_SIZE];

	if (lock_path(KIND, path, NULL) == 0)
		(void)unlink(path);
}
