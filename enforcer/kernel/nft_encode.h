/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records to set elements, as the kernel wants them. */
#ifndef BULKHEAD_NFT_ENCODE_H
#define BULKHEAD_NFT_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "kernel.h"
#include "nft_batch.h"
#include "policy.h"

/* The longest key: two IPv6 addresses, protocol and port in whole registers. */
#define NFT_ENCODE_KEY_SIZE 40

/* The record's key and, for intervals, its upper end, as registers hold them.  Returns the length. */
uint32_t nft_encode_key(const struct policy_record *record, uint8_t key[NFT_ENCODE_KEY_SIZE],
			uint8_t key_end[NFT_ENCODE_KEY_SIZE]);

/* Messages that add (or delete) records of any sets, in their order.  The records must outlive the batch.  -ENOMEM. */
int nft_encode_add(struct nft_batch *batch, const struct policy_record *const *records, size_t count);
int nft_encode_delete(struct nft_batch *batch, const struct policy_record *const *records, size_t count);

/* What is remembered of denials, to be carried into a new table.  -ENOMEM. */
int nft_encode_denied(struct nft_batch *batch, const struct kernel_denied *denied, size_t count);

#endif
