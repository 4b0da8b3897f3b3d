/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access control lists of files, as the kernel keeps them: acl(5).  The extended attribute system.posix_acl_access is
 * a header with a version (2) and entries of a tag, permissions and an id, all little-endian: linux/posix_acl_xattr.h.
 * Eight bytes an entry, of a format that the kernel holds stable: no library is needed for it.  Pure.
 */
#ifndef BULKHEAD_POSIX_ACL_H
#define BULKHEAD_POSIX_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POSIX_ACL_ATTRIBUTE "system.posix_acl_access"

/* Somebody beside owner, group and others. */
struct posix_acl_grant {
	bool group; /* else a user */
	uint32_t id;
	unsigned mode; /* rwx as in a mode, as far as the mask lets it through; 0: none */
};

/* The list's named users and groups, in its order; the caller's to free.  0, -ENOMEM, or -EINVAL for what is no list.
 */
int posix_acl_parse(const void *bytes, size_t size, struct posix_acl_grant **ret_grants, size_t *ret_count);

#endif
