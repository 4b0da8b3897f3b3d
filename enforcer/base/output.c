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
		/* The lowest free one is taken.  It is of no use for what it is there for: reading it, or writing to
		 * it, fails as with a closed one. */
		(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

bool output_close(const char *command)
{
	/* One that failed on the way stays failed, though the last one may do well. */
	bool failed = ferror(stdout) != 0;
	int error = 0;

	/* Some file systems tell at the end alone. */
	if (fclose(stdout) != 0)
		error = errno;
	if (!failed && !error)
		return true;
	log_error("%s: the standard output did not take everything%s%s: what was printed is not the whole answer",
		  command, error ? ": " : "", error ? strerror(error) : "");
	return false;
}
