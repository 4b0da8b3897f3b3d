/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's messages to records: pure, and safe against whatever stands in them. */
#ifndef BULKHEAD_NFT_DECODE_H
#define BULKHEAD_NFT_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"
#include "policy.h"

struct nlmsghdr;

/* One NFT_MSG_NEWSETELEM message of the set into the policy.  Elements that no encoder of ours would make (a strange
 * key length, a timeout) become records too where their key allows, so that a comparison removes them; *ret_strange is
 * raised by those that do not.  0, -EBADMSG or -ENOMEM. */
int nft_decode_elements(const struct nlmsghdr *header, enum policy_set set, struct policy *policy, size_t *ret_strange);

/* The same for a set of what was denied: appends to the array, which is the caller's. */
int nft_decode_denied(const struct nlmsghdr *header, enum policy_set set, struct kernel_denied **denied, size_t *count);

#endif
