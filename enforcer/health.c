/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "health.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
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
	int length = snprintf(text, HEALTH_FILE_SIZE,
			      "%s %" PRId64 " %s\nput-right %" PRIu64 " %" PRId64 " %s\nwritten %" PRId64 " by %d\n",
			      health->broken ? "broken" : "whole", health->since, health->reason, health->put_right,
			      health->last, health->last_text, health->written, (int)health->pid);

	return length > 0 ? (size_t)length : 0;
}

/* "12 ", at most 18 digits, and what ends them. */
static bool take_number(const char **text, char end, int64_t *ret_number)
{
	size_t digits = strspn(*text, "0123456789");

	if (digits < 1 || digits > 18 || (*text)[digits] != end)
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
	int64_t count, pid;

	if (length > HEALTH_FILE_SIZE || memchr(text, '\0', length))
		return -EINVAL;
	memcpy(copy, text, length);
	health.broken = take_word(&at, "broken ");
	if ((!health.broken && !take_word(&at, "whole ")) || !take_number(&at, ' ', &health.since) ||
	    !take_rest(&at, health.reason) || !take_word(&at, "put-right ") || !take_number(&at, ' ', &count) ||
	    !take_number(&at, ' ', &health.last) || !take_rest(&at, health.last_text) || !take_word(&at, "written ") ||
	    !take_number(&at, ' ', &health.written) || !take_word(&at, "by ") || !take_number(&at, '\n', &pid) || *at ||
	    pid > INT_MAX)
		return -EINVAL;
	health.put_right = (uint64_t)count;
	health.pid = (pid_t)pid;
	*ret_health = health;
	return 0;
}

/* ---- The file ---- */

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A new file takes the old one's name: a reader sees one or the other, whole.  Nothing has to outlive a crash. */
static int replace(const char *path, const char *text, size_t length)
{
	char temporary[LOCK_PATH_SIZE + 4];
	cleanup_close int fd = -1;
	ssize_t written;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	(void)unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	written = write(fd, text, length);
	if (written == (ssize_t)length && rename(temporary, path) == 0)
		return 0;
	written = written < 0 || written == (ssize_t)length ? -errno : -ENOSPC;
	(void)unlink(temporary);
	return (int)written;
}

static void write_file(struct health *health)
{
	char path[LOCK_PATH_SIZE], text[HEALTH_FILE_SIZE];
	struct error err;

	health->pid = getpid();
	health->written = now_ms();
	health->error = lock_path("health", path, &err);
	if (health->error < 0)
		return;
	health->error = replace(path, text, health_format(health, text));
	/* What is not so any more must not be read. */
	if (health->error < 0)
		(void)unlink(path);
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

void health_beat(struct health *health)
{
	if (health->since)
		write_file(health);
}

void health_remove(void)
{
	char path[LOCK_PATH_SIZE];

	if (lock_path("health", path, NULL) == 0)
		(void)unlink(path);
}

/* Whether it is that process's word, and of now. */
static int check(const char *path, pid_t service, const struct health *health, struct error *err)
{
	int64_t age = now_ms() - health->written;

	if (health->pid != service)
		return error_set(err, -ESTALE,
				 "%s was written by pid %d, but the service that runs is pid %d: it has not looked at "
				 "everything yet, or is seen from another PID namespace",
				 path, (int)health->pid, (int)service);
	if (age < 0 || age > HEALTH_STALE_MS)
		return error_set(err, -ESTALE,
				 "%s: the service (pid %d) has said nothing for %" PRId64
				 " s: it hangs, or cannot write there",
				 path, (int)service, age / 1000);
	return 0;
}

int health_read(pid_t service, struct health *ret_health, struct error *err)
{
	char path[LOCK_PATH_SIZE], text[HEALTH_FILE_SIZE + 1];
	cleanup_close int fd = -1;
	struct health health;
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
	if (health_parse(text, (size_t)length, &health) < 0)
		return error_set(err, -EINVAL, "%s: it is not what the service writes there", path);
	r = check(path, service, &health, err);
	if (r == 0)
		*ret_health = health;
	return r;
}
