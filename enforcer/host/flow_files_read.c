/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow_files_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "confined.h"
#include "file.h"
#include "flow_parse.h"

/* -EINVAL means "refused" here, so a system call's own must not look like it. */
static int errno_of(int error)
{
	return error == EINVAL ? -EIO : -error;
}

#define complain(diagnostics, file, ...) diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, file, 1, 1, __VA_ARGS__)

int flow_files_unreadable(struct diagnostics *diagnostics, const char *file, int error)
{
	complain(diagnostics, file, "cannot be read: %s%s", strerror(error), confined_hint(error));
	return errno_of(error);
}

int flow_files_check_owner(const struct stat *status, const char *file, struct diagnostics *diagnostics)
{
	if (status->st_uid != 0 && status->st_uid != geteuid()) {
		complain(diagnostics, file, "refused: it belongs to uid %u, neither root nor the caller: chown root %s",
			 (unsigned)status->st_uid, file);
		return -EINVAL;
	}
	if (status->st_mode & (S_IWGRP | S_IWOTH)) {
		complain(diagnostics, file, "refused: group or others can write it (mode %04o): chmod go-w %s",
			 (unsigned)status->st_mode & 07777u, file);
		return -EINVAL;
	}
	return 0;
}

static int check_file(const struct stat *status, const char *file, struct diagnostics *diagnostics)
{
	if (!S_ISREG(status->st_mode)) {
		complain(diagnostics, file, "refused: it is no regular file");
		return -EINVAL;
	}
	return flow_files_check_owner(status, file, diagnostics);
}

/* One byte more than allowed tells a file that grew from one that fits. */
int flow_files_read_opened(int fd, const char *file, char **ret_text, size_t *ret_length,
			   struct diagnostics *diagnostics)
{
	cleanup_free char *text = malloc(FLOW_FILE_MAX + 1);
	size_t length = 0;
	char *fitting;
	int r;

	if (!text)
		return flow_files_unreadable(diagnostics, file, ENOMEM);
	r = file_read_all(fd, text, FLOW_FILE_MAX + 1, &length);
	if (r < 0)
		return flow_files_unreadable(diagnostics, file, -r);
	if (length > FLOW_FILE_MAX) {
		complain(diagnostics, file, "refused: it is larger than %d bytes", FLOW_FILE_MAX);
		return -EINVAL;
	}
	text[length] = '\0';
	fitting = realloc(text, length + 1);
	if (fitting)
		text = fitting;
	*ret_text = steal(text);
	*ret_length = length;
	return 0;
}

/* O_NONBLOCK: a FIFO must not hold us up before it is refused. */
int flow_files_open(int at, const char *name, const char *file, struct stat *ret_status,
		    struct diagnostics *diagnostics)
{
	cleanup_close int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r;

	if (fd < 0)
		return flow_files_unreadable(diagnostics, file, errno);
	if (fstat(fd, ret_status) < 0)
		return flow_files_unreadable(diagnostics, file, errno);
	r = check_file(ret_status, file, diagnostics);
	if (r < 0)
		return r;
	return steal_fd(&fd);
}

int flow_files_read(const char *path, char **ret_text, size_t *ret_length, struct diagnostics *diagnostics)
{
	struct stat status;
	cleanup_close int fd = flow_files_open(AT_FDCWD, path, path, &status, diagnostics);

	return fd < 0 ? fd : flow_files_read_opened(fd, path, ret_text, ret_length, diagnostics);
}
