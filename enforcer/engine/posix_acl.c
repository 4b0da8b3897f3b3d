/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "posix_acl.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

int posix_acl_parse(const void *bytes, size_t size, struct posix_acl_grant **ret_grants, size_t *ret_count)
{
	struct posix_acl_xattr_header header;
	struct posix_acl_xattr_entry entry;
	cleanup_free struct posix_acl_grant *grants = NULL;
	size_t entries, count = 0;
	unsigned mask = 7;

	if (size < sizeof(header) || (size - sizeof(header)) % sizeof(entry))
		return -EINVAL;
	memcpy(&header, bytes, sizeof(header));
	if (le32toh(header.a_version) != POSIX_ACL_XATTR_VERSION)
		return -EINVAL;
	entries = (size - sizeof(header)) / sizeof(entry);
	grants = calloc(entries + 1, sizeof(*grants));
	if (!grants)
		return -ENOMEM;
	for (size_t i = 0; i < entries; i++) {
		unsigned tag, mode;

		memcpy(&entry, (const char *)bytes + sizeof(header) + i * sizeof(entry), sizeof(entry));
		tag = le16toh(entry.e_tag);
		mode = le16toh(entry.e_perm) & 7u;
		if (tag == ACL_MASK)
			mask = mode;
		else if (tag == ACL_USER || tag == ACL_GROUP)
			grants[count++] = (struct posix_acl_grant){ tag == ACL_GROUP, le32toh(entry.e_id), mode };
	}
	for (size_t i = 0; i < count; i++)
		grants[i].mode &= mask;
	*ret_grants = steal(grants);
	*ret_count = count;
	return 0;
}
