/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "status.h"

#include <cjson/cJSON.h>
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
#include "file_replace.h"
#include "lock.h"
#include "texts.h"
#include "utf8.h"

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void status_text(char *to, size_t size, const char *from)
{
	size_t used = 0, length = utf8_cut(from, size - 1);

	while (length) {
		uint32_t point;
		size_t taken = utf8_decode(from, length, &point);

		if (taken && point >= 0x20 && !(point >= 0x7f && point < 0xa0)) {
			memcpy(to + used, from, taken);
			used += taken;
		} else {
			to[used++] = '?';
		}
		taken = taken ? taken : 1;
		from += taken;
		length -= taken;
	}
	to[used] = '\0';
}

bool status_set_broken(struct status *status, bool broken, const char *reason)
{
	char line[STATUS_TEXT_SIZE];

	STATUS_TEXT(line, broken ? reason : "");
	if (status->since && status->broken == broken && strcmp(status->reason, line) == 0)
		return false;
	if (!status->since || status->broken != broken)
		status->since = time(NULL);
	status->broken = broken;
	memcpy(status->reason, line, sizeof(status->reason));
	return true;
}

void status_put_right(struct status *status, const char *what, const char *by, int64_t pid)
{
	struct status_repair *repair = &status->repairs[0];

	memmove(repair + 1, repair, sizeof(status->repairs) - sizeof(*repair));
	status->repair_count += status->repair_count < STATUS_REPAIRS;
	*repair = (struct status_repair){ .time = time(NULL), .pid = pid };
	STATUS_TEXT(repair->what, what);
	STATUS_TEXT(repair->by, by ? by : "");
	if (!status->broken)
		status->since = repair->time;
	status->put_right++;
}

/* ---- The file ---- */

int status_write(struct status *status)
{
	char path[LOCK_PATH_SIZE], *text;
	cJSON *document;
	int r = lock_path("status", path, NULL);

	status->pid = getpid();
	status->written = now_ms();
	document = r == 0 ? status_to_json(status) : NULL;
	text = document ? cJSON_PrintUnformatted(document) : NULL;
	cJSON_Delete(document);
	if (r == 0 && !text) {
		(void)unlink(path);
		r = -ENOMEM;
	}
	if (r == 0)
		r = file_replace(path, 0644, text, strlen(text));
	cJSON_free(text);
	return r;
}

void status_remove(void)
{
	char path[LOCK_PATH_SIZE];

	if (lock_path("status", path, NULL) == 0)
		(void)unlink(path);
}

static int read_bounded(int fd, const char *path, char *text, size_t *ret_length, struct error *err)
{
	size_t length = 0;

	while (length <= STATUS_FILE_MAX) {
		ssize_t n = read(fd, text + length, STATUS_FILE_MAX + 1 - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, -errno, "%s: %s", path, strerror(errno));
		if (n == 0)
			break;
		length += (size_t)n;
	}
	*ret_length = length;
	return length > STATUS_FILE_MAX ? error_set(err, -EFBIG, "%s is too large to be the service's", path) : 0;
}

int status_read(struct status *ret_status, struct error *err)
{
	char path[LOCK_PATH_SIZE];
	cleanup_free char *text = NULL;
	cleanup_close int fd = -1;
	struct stat about;
	const char *what;
	size_t length = 0;
	int r = lock_path("status", path, err);

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &about) < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	/* Who else could write it could pretend that all is well. */
	if (!S_ISREG(about.st_mode) || (about.st_mode & 022) || (about.st_uid != 0 && about.st_uid != geteuid()))
		return error_set(err, -EPERM, "%s can be written by others", path);
	text = malloc(STATUS_FILE_MAX + 1);
	if (!text)
		return error_oom(err);
	r = read_bounded(fd, path, text, &length, err);
	if (r == 0 && status_parse(text, length, ret_status, &what) < 0)
		r = error_set(err, -EINVAL, "%s is not what this version's service writes there: %s", path, what);
	return r;
}

int status_check(const struct status *status, pid_t service, struct error *err)
{
	int64_t age = now_ms() - status->written;

	if (status->pid != service)
		return error_set(err, -ESTALE,
				 "the last word is that of pid %" PRId64
				 ", but the service that runs is pid %d: it has "
				 "not looked at everything yet, or is seen from another PID namespace",
				 status->pid, (int)service);
	if (age < 0 || age > STATUS_STALE_MS)
		return error_set(err, -ETIMEDOUT,
				 "the service (pid %d) has said nothing for %" PRId64
				 " s: it hangs, or cannot write to "
				 "/run/bulkhead",
				 (int)service, age / 1000);
	return 0;
}
