/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine_internal.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* nftables, rtnetlink, larger socket buffers, and (not to root, whose files they are) net.bridge.*. */
#define KEPT (UINT64_C(1) << CAP_NET_ADMIN)

struct sets {
	uint64_t effective, permitted, inheritable;
};

static int get(struct sets *ret_sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*ret_sets = (struct sets){
		.effective = data[0].effective | (uint64_t)data[1].effective << 32,
		.permitted = data[0].permitted | (uint64_t)data[1].permitted << 32,
		.inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32,
	};
	return 0;
}

static int set(const struct sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){ .effective = (uint32_t)(sets->effective >> 32 * i),
							   .permitted = (uint32_t)(sets->permitted >> 32 * i),
							   .inheritable = (uint32_t)(sets->inheritable >> 32 * i) };
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* What a program that is executed could get back. */
static int drop_bounds(void)
{
	int result = 0;

	for (unsigned long capability = 0; capability < 64; capability++) {
		int held = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);

		if (held < 0) /* the kernel knows no more of them */
			break;
		if (held && !(KEPT >> capability & 1) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			result = -errno;
	}
	return result;
}

int confine_capabilities(char text[160], struct error *err)
{
	struct sets sets = { 0 };
	int bounds, r;

	/* The bounds first: to lower them takes a capability.  systemd may have done all of it, and then forbids to do
	 * it again; so only what is left to do is done. */
	bounds = drop_bounds();
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	r = get(&sets);
	if (r == 0 && ((sets.permitted | sets.effective) & ~KEPT || sets.inheritable)) {
		struct sets wanted = { .effective = sets.permitted & KEPT, .permitted = sets.permitted & KEPT };

		r = set(&wanted);
	}
	if (r < 0)
		return error_set(err, r, "they cannot be dropped: %s", strerror(-r));
	if (bounds < 0)
		return error_set(err, bounds, "all but CAP_NET_ADMIN dropped, but not from the bounding set: %s",
				 strerror(-bounds));
	snprintf(text, 160, "CAP_NET_ADMIN alone");
	return 0;
}
