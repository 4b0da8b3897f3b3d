/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel writes in /proc, to structs: proc(5).  Pure; texts end in a NUL, and lines that are none are left
 * out. */
#ifndef BULKHEAD_PROC_PARSE_H
#define BULKHEAD_PROC_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"

/* A TCP socket that listens. */
struct proc_listener {
	struct address address;
	uint16_t port;
	uint64_t inode;
};
/* Adds the listeners of /proc/PID/net/tcp, or with ipv6 of /proc/PID/net/tcp6, to an array that is the caller's and may
 * be NULL.  0 or -ENOMEM. */
int proc_parse_listeners(const char *text, bool ipv6, struct proc_listener **listeners, size_t *count);

/* A unix socket that listens. */
struct proc_unix {
	char *path; /* as it was bound; "@name" for an abstract one */
	uint64_t inode;
};
/* The named ones of /proc/PID/net/unix; free with proc_free_unix.  0 or -ENOMEM. */
int proc_parse_unix(const char *text, struct proc_unix **ret_sockets, size_t *ret_count);
void proc_free_unix(struct proc_unix *sockets, size_t count);

/* "socket:[1234]": false where the link says anything else. */
bool proc_parse_socket(const char *target, uint64_t *ret_inode);

struct proc_mount {
	char device[32]; /* "8:1": of the file system, the same for every place where it is mounted */
	char *root;	 /* what of the file system is mounted there, unescaped, and so is the next */
	char *point;
};
/* /proc/PID/mountinfo, in its order; free with proc_free_mounts.  0 or -ENOMEM. */
int proc_parse_mounts(const char *text, struct proc_mount **ret_mounts, size_t *ret_count);
void proc_free_mounts(struct proc_mount *mounts, size_t count);

/* The mount at just that path, or NULL; of several the last, which covers the others. */
const struct proc_mount *proc_mount_at(const struct proc_mount *mounts, size_t count, const char *path);
/* Whether the path is the folder, or lies in it. */
bool proc_lies_in(const char *path, const char *folder);
/* The mount that the path, which is absolute, lies in. */
const struct proc_mount *proc_mount_over(const struct proc_mount *mounts, size_t count, const char *path);

/* Of /proc/PID/status: the user that the process acts as, and how many PID namespaces below that of this /proc it
 * lives; 0 for none. */
bool proc_parse_status(const char *text, uid_t *ret_user, unsigned *ret_depth);

/* When a process started, in clock ticks since boot: /proc/PID/stat. */
bool proc_parse_start(const char *text, uint64_t *ret_ticks);
/* When the host was booted, in seconds since the epoch: /proc/stat. */
bool proc_parse_boot(const char *text, int64_t *ret_seconds);

#endif
