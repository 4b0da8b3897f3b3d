/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "health.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "lock.h"

/* ---- The text: a line each ---- */

/* One line, whatever was in it. */
static void copy_line(char to[HEALTH_TEXT_SIZE], const char *from)
{
	snprintf(to, HEALTH_TEXT_SIZE, "%s", from);
	for (char *c = to; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
}

size_t health_format(const struct health *health, char text[HEALTH_FILE_SIZE])
{
	int length = snprintf(text, HEALTH_FILE_SIZE, "%s %" PRId64 " %s\nput-right %" PRIu64 " %" PRId64 " %s\n",
			      health->broken ? "broken" : "whole", health->since, health->reason, health->put_right,
			      health->last, health->last_text);

	return length > 0 ? (size_t)length : 0;
}

/* "12 ", at most 18 digits. */
static bool take_number(const char **text, int64_t *ret_number)
{
	size_t digits = strspn(*text, "0123456789");

	if (digits < 1 || digits > 18 || (*text)[digits] != ' ')
		return false;
	*ret_number = strtoll(*text, NULL, 10);
	*text += digits + 1;
	return true;
}

static bool take_word(const char **text, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*text, word, length) != 0)
		return false;
	*text += length;
	return true;
}

static bool take_rest(const char **text, char to[HEALTH_TEXT_SIZE])
{
	size_t length = strcspn(*text, "\n");

	if (length >= HEALTH_TEXT_SIZE || (*text)[length] != '\n')
		return false;
	memcpy(to, *text, length);
	to[length] = '\0';
	*text += length + 1;
	return true;
}

int health_parse(const char *text, size_t length, struct health *ret_health)
{
	char copy[HEALTH_FILE_SIZE + 1] = "";
	struct health health = { 0 };
	const char *at = copy;
	int64_t count;

	if (length > HEALTH_FILE_SIZE || memchr(text, '\0', length))
		return -EINVAL;
	memcpy(copy, text, length);
	health.broken = take_word(&at, "broken ");
	if ((!health.broken && !take_word(&at, "whole ")) || !take_number(&at, &health.since) ||
	    !take_rest(&at, health.reason) || !take_word(&at, "put-right ") || !take_number(&at, &count) ||
	    !take_number(&at, &health.last) || !take_rest(&at, health.last_text) || *at)
		return -EINVAL;
	health.put_right = (uint64_t)count;
	*ret_health = health;
	return 0;
}

/* ---- The file ---- */

/* A new file takes the old one's name: a reader sees one or the other, whole.  Nothing has to outlive a crash. */
static void write_file(const struct health *health)
{
	char path[LOCK_PATH_SIZE], temporary[LOCK_PATH_SIZE + 4], text[HEALTH_FILE_SIZE];
	size_t length = health_format(health, text);
	cleanup_close int fd = -1;

	if (lock_path("health", path, NULL) < 0)
		return;
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	(void)unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || write(fd, text, length) != (ssize_t)length || rename(temporary, path) < 0)
		(void)unlink(temporary);
}

void health_set(struct health *health, bool broken, const char *reason)
{
	char line[HEALTH_TEXT_SIZE];

	copy_line(line, broken ? reason : "");
	if (health->since && health->broken == broken && strcmp(health->reason, line) == 0)
		return;
	if (!health->since || health->broken != broken)
		health->since = time(NULL);
	health->broken = broken;
	memcpy(health->reason, line, sizeof(health->reason));
	write_file(health);
}

void health_put_right(struct health *health, const char *what)
{
	health->last = time(NULL);
	if (!health->broken)
		health->since = health->last;
	health->put_right++;
	copy_line(health->last_text, what);
	write_file(health);
}

void health_remove(void)
{
	char path[LOCK_PATH_SIZE];

	if (lock_path("health", path, NULL) == 0)
		(void)unlink(path);
}

int health_read(struct health *ret_health, struct error *err)
{
	char path[LOCK_PATH_SIZE], text[HEALTH_FILE_SIZE + 1];
	cleanup_close int fd = -1;
	struct stat about;
	ssize_t length;
	int r = lock_path("health", path, err);

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &about) < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	/* Who else could write it could pretend that all is well. */
	if (!S_ISREG(about.st_mode) || (about.st_mode & 022) || (about.st_uid != 0 && about.st_uid != geteuid()))
		return error_set(err, -EPERM, "%s can be written by others", path);
	length = read(fd, text, sizeof(text));
	if (length < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (health_parse(text, (size_t)length, ret_health) < 0)
		return error_set(err, -EINVAL, "%s: it is not what the service writes there", path);
	return 0;
}
