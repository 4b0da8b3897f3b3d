/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

int lock_path(const char *kind, char path[LOCK_PATH_SIZE], struct error *err)
{
	struct stat namespace;

	if (stat("/proc/self/ns/net", &namespace) < 0)
		return error_set(err, -errno, "/proc/self/ns/net: %s: is /proc mounted?", strerror(errno));
	snprintf(path, LOCK_PATH_SIZE, LOCK_DIRECTORY "/netns-%lu.%s", (unsigned long)namespace.st_ino, kind);
	return 0;
}

int lock_held(pid_t *ret_holder, struct error *err)
{
	struct flock holder = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	cleanup_close int fd = -1;
	char path[LOCK_PATH_SIZE];
	int r = lock_path("lock", path, err);

	*ret_holder = 0;
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fcntl(fd, F_GETLK, &holder) < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (holder.l_type == F_UNLCK)
		return 0;
	*ret_holder = holder.l_pid;
	return 1;
}

int lock_take(pid_t *ret_holder, struct error *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	cleanup_close int fd = -1;
	char path[LOCK_PATH_SIZE];
	struct stat directory;
	int r = lock_path("lock", path, err);

	*ret_holder = 0;
	if (r < 0)
		return r;
	if (mkdir(LOCK_DIRECTORY, 0755) < 0 && errno != EEXIST)
		return error_set(err, -errno, "%s: %s: bulkhead changes the kernel's rules and has to run as root",
				 LOCK_DIRECTORY, strerror(errno));
	if (lstat(LOCK_DIRECTORY, &directory) < 0)
		return error_set(err, -errno, "%s: %s", LOCK_DIRECTORY, strerror(errno));
	/* Who could replace the file could pretend to be the service, or keep it from starting. */
	if (!S_ISDIR(directory.st_mode) || directory.st_uid != geteuid() || (directory.st_mode & 022))
		return error_set(err, -EPERM, "%s is not a directory that only its owner, this user, can write",
				 LOCK_DIRECTORY);
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
