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
#include "file.h"
#include "lock.h"
#include "loop.h"
#include "texts.h"
#include "utf8.h"

/* Of the clock that nobody sets. */
static int64_t now_ms(void)
{
	return (int64_t)(loop_now_ns() / 1000000);
}

void status_text(char *to, size_t size, const char *from)
{
	size_t used = 0, length = utf8_cut(from, size - 1);

	while (length) {
		uint32_t point;
		size_t taken = utf8_decode(from, length, &point);

		if (taken && !utf8_is_control(point)) {
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
	r = file_read_all(fd, text, STATUS_FILE_MAX + 1, &length);
	if (r < 0)
		return error_set(err, r, "%s: %s", path, strerror(-r));
	if (length > STATUS_FILE_MAX)
		return error_set(err, -EFBIG, "%s is too large to be the service's", path);
	if (status_parse(text, length, ret_status, &what) < 0)
		r = error_set(err, -EINVAL, "%s is not what this version's service writes there: %s", path, what);
	return r;
}

/* How long a service that has just started is waited for. */
#define LOOKS	 20
#define PAUSE_MS 100

int status_await(struct status *ret_status, struct error *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	int r = status_read(ret_status, err);

	for (unsigned i = 0; r == -ENOENT && i < LOOKS; i++) {
		(void)nanosleep(&pause, NULL);
		r = status_read(ret_status, err);
	}
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
