/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A transaction's messages in one growing buffer, and what each of them is about.  (libmnl's batches end at a fixed
 * limit; the kernel wants the whole transaction in one send.)
 */
#ifndef BULKHEAD_NFT_BATCH_H
#define BULKHEAD_NFT_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "policy.h"

struct nlmsghdr;

struct nft_batch_entry {
	uint32_t sequence;
	size_t offset;				    /* of the message in the buffer */
	char what[112];				    /* "set flows4", "rule 3 of chain between" */
	const struct policy_record *const *records; /* of a message with elements; borrowed */
	size_t record_count;
};

struct nft_batch {
	char *buffer;
	size_t length, capacity;
	uint32_t sequence; /* of the next message */
	struct nft_batch_entry *entries;
	size_t count, room;
};

/* The buffer is the batch's; clear frees it. */
void nft_batch_clear(struct nft_batch *batch);

/* Begins the transaction; sequence numbers count from `sequence`. */
int nft_batch_begin(struct nft_batch *batch, uint32_t sequence);

/* Room for the attributes of anything but elements. */
#define NFT_BATCH_ROOM ((size_t)4096)

/* A new message of an nf_tables type (NFT_MSG_…) that asks for an acknowledgement, with `room` bytes for its
 * attributes; what it is about follows as in printf.  NULL when out of memory. */
__attribute__((format(printf, 6, 7))) struct nlmsghdr *nft_batch_message(struct nft_batch *batch, size_t room,
									 uint16_t type, uint16_t family, uint16_t flags,
									 const char *fmt, ...);
/* To be called when the message's attributes are in place. */
void nft_batch_done(struct nft_batch *batch);

int nft_batch_end(struct nft_batch *batch);

/* What the kernel refused: for a message with elements, the one at the byte `offset` of the message (0: not told). */
void nft_batch_describe(const struct nft_batch *batch, uint32_t sequence, uint32_t offset, char *text, size_t size);

#endif
