/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

void output_open(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		/* open takes the lowest free descriptor.  This one is opened the wrong way: to read or write it fails
		 * just as if it were closed. */
		(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

bool output_close(const char *command)
{
	/* An earlier write may have failed although the last one did not. */
	bool failed = ferror(stdout) != 0;
	int error = 0;

	/* Some file systems report an error only when the file is closed. */
	if (fclose(stdout) != 0)
		error = errno;
	if (!failed && !error)
		return true;
	log_error("%s: the standard output did not take everything%s%s: what was printed is not the whole answer",
		  command, error ? ": " : "", error ? strerror(error) : "");
	return false;
}
