/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "log.h"

/*
 * landlock(7), linux/landlock.h.  Written down here because the headers of a distribution are older than many a kernel
 * that it runs on.  The numbers of the system calls are the same on all architectures.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif

#define CREATE_RULESET_VERSION	   1u
#define RULE_PATH_BENEATH	   1
#define RULE_NET_PORT		   2 /* ABI 4 */

#define FS_EXECUTE		   (UINT64_C(1) << 0)
#define FS_WRITE_FILE		   (UINT64_C(1) << 1)
#define FS_READ_FILE		   (UINT64_C(1) << 2)
#define FS_READ_DIR		   (UINT64_C(1) << 3)
#define FS_REMOVE_FILE		   (UINT64_C(1) << 5)
#define FS_MAKE_REG		   (UINT64_C(1) << 8)
#define FS_ABI_1		   ((UINT64_C(1) << 13) - 1) /* all of it, to making symbolic links */
#define FS_REFER		   (UINT64_C(1) << 13)	     /* ABI 2: to rename into other directories */
#define FS_TRUNCATE		   (UINT64_C(1) << 14)	     /* ABI 3 */
#define FS_IOCTL_DEV		   (UINT64_C(1) << 15)	     /* ABI 5 */

#define NET_BIND_TCP		   (UINT64_C(1) << 0)
#define NET_CONNECT_TCP		   (UINT64_C(1) << 1)

#define SCOPE_ABSTRACT_UNIX_SOCKET (UINT64_C(1) << 0) /* ABI 6 */
#define SCOPE_SIGNAL		   (UINT64_C(1) << 1)

struct ruleset_attr {
	uint64_t handled_fs, handled_net, scoped;
};

struct path_beneath_attr {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

struct net_port_attr {
	uint64_t allowed, port;
};

/* Of a directory; a file has no part in some of them. */
static uint64_t rights(enum confine_access access)
{
	uint64_t all = FS_READ_FILE | FS_READ_DIR;

	if (access >= CONFINE_CHANGE)
		all |= FS_WRITE_FILE | FS_TRUNCATE;
	if (access >= CONFINE_REPLACE)
		all |= FS_MAKE_REG | FS_REMOVE_FILE;
	return all;
}

static int add_place(int ruleset, const struct confine_place *place, uint64_t handled)
{
	struct path_beneath_attr rule = { .allowed = rights(place->access) & handled };
	cleanup_close int fd = open(place->path, O_PATH | O_CLOEXEC);
	struct stat about;

	if (fd < 0 || fstat(fd, &about) < 0)
		return -errno;
	if (!S_ISDIR(about.st_mode))
		rule.allowed &= FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE;
	rule.parent_fd = fd;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0)
		return -errno;
	/* /proc makes a new inode, which no rule knows, for what it has dropped from its cache: what is held open stays
	 * the same. */
	if (strncmp(place->path, "/proc/", strlen("/proc/")) == 0)
		(void)steal_fd(&fd);
	return 0;
}

/* One that cannot be had stays forbidden: that is no reason to forbid nothing at all. */
static void add_places(int ruleset, const struct confine_plan *plan, uint64_t handled)
{
	for (size_t i = 0; i < plan->place_count; i++) {
		int r = add_place(ruleset, &plan->places[i], handled);

		if (r < 0 && r != -ENOENT && r != -ENOTDIR)
			log_warning("%s: %s: the service cannot use it until it is restarted", plan->places[i].path,
				    strerror(-r));
	}
}

static int add_port(int ruleset, uint16_t port)
{
	struct net_port_attr rule = { .allowed = NET_CONNECT_TCP, .port = port };

	return syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) < 0 ? -errno : 0;
}

static int create(int abi, const struct confine_plan *plan, struct ruleset_attr *ret_attr)
{
	struct ruleset_attr attr = { .handled_fs = FS_ABI_1 };
	size_t size = sizeof(attr.handled_fs);
	long ruleset;

	if (abi >= 2)
		attr.handled_fs |= FS_REFER;
	if (abi >= 3)
		attr.handled_fs |= FS_TRUNCATE;
	if (abi >= 4) {
		attr.handled_net = NET_BIND_TCP | NET_CONNECT_TCP;
		size += sizeof(attr.handled_net);
	}
	if (abi >= 5)
		attr.handled_fs |= FS_IOCTL_DEV;
	if (abi >= 6) {
		attr.scoped = SCOPE_SIGNAL | (plan->abstract_unix ? 0 : SCOPE_ABSTRACT_UNIX_SOCKET);
		size += sizeof(attr.scoped);
	}
	ruleset = syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	*ret_attr = attr;
	return ruleset < 0 ? -errno : (int)ruleset;
}

int confine_landlock(const struct confine_plan *plan, char text[160], struct error *err)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	cleanup_close int ruleset = -1;
	struct ruleset_attr attr;
	int r = 0;

	if (abi < 1)
		return error_set(err, -errno, "%s",
				 errno == ENOSYS || errno == EOPNOTSUPP
					 ? "this kernel does not have it, or not switched on"
					 : strerror(errno));
	ruleset = create((int)abi, plan, &attr);
	if (ruleset < 0)
		return error_set(err, ruleset, "its rules cannot be made: %s", strerror(-ruleset));
	add_places(ruleset, plan, attr.handled_fs);
	for (size_t i = 0; r == 0 && attr.handled_net && i < sizeof(plan->ports) / sizeof(plan->ports[0]); i++)
		r = plan->ports[i] ? add_port(ruleset, plan->ports[i]) : 0;
	if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		r = -errno;
	if (r < 0)
		return error_set(err, r, "%s", strerror(-r));
	snprintf(text, 160, "ABI %ld: files%s%s", abi, attr.handled_net ? ", TCP" : "", attr.scoped ? ", signals" : "");
	return 0;
}
