/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define LOCK_DIRECTORY "/run/bulkhead"

int lock_take(pid_t *ret_holder, struct error *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat namespace, directory;
	cleanup_close int fd = -1;
	char path[96];

	*ret_holder = 0;
	if (stat("/proc/self/ns/net", &namespace) < 0)
		return error_set(err, -errno, "/proc/self/ns/net: %s: is /proc mounted?", strerror(errno));
	if (mkdir(LOCK_DIRECTORY, 0755) < 0 && errno != EEXIST)
		return error_set(err, -errno, "%s: %s: bulkhead changes the kernel's rules and has to run as root",
				 LOCK_DIRECTORY, strerror(errno));
	if (lstat(LOCK_DIRECTORY, &directory) < 0)
		return error_set(err, -errno, "%s: %s", LOCK_DIRECTORY, strerror(errno));
	/* Who could replace the file could pretend to be the service, or keep it from starting. */
	if (!S_ISDIR(directory.st_mode) || directory.st_uid != geteuid() || (directory.st_mode & 022))
		return error_set(err, -EPERM, "%s is not a directory that only its owner, this user, can write",
				 LOCK_DIRECTORY);
	snprintf(path, sizeof(path), LOCK_DIRECTORY "/netns-%lu.lock", (unsigned long)namespace.st_ino);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (fcntl(fd, F_SETLK, &lock) < 0) {
		struct flock holder = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

		if (errno != EAGAIN && errno != EACCES)
			return error_set(err, -errno, "%s: %s", path, strerror(errno));
		if (fcntl(fd, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK)
			*ret_holder = holder.l_pid;
		return error_set(err, -EBUSY,
				 "bulkhead already runs here with pid %d and owns the tables: let it do the work "
				 "(SIGHUP reloads), or stop it first",
				 (int)*ret_holder);
	}
	return steal_fd(&fd);
}
