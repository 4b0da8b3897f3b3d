/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message with set elements: first the set's name and a zero, then the message's attributes.  By name, and not by
 * number, so that a new set does not make the corpus one of other sets. */
#include "nft_decode.h"

#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Of a set's name. */
#define NAME_SIZE 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Exactly as long as it says, so that the sanitizer sees who reads behind its end.  The kernel's messages are aligned,
 * and so is this one. */
static struct nlmsghdr *message_of(const uint8_t *data, size_t size)
{
	size_t length = MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg) + (size & ~(size_t)3);
	struct nlmsghdr *message = malloc(length);
	struct nfgenmsg *family;

	if (!message)
		return NULL;
	memset(message, 0, MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg));
	message->nlmsg_len = (uint32_t)length;
	message->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM;
	family = mnl_nlmsg_get_payload(message);
	family->nfgen_family = NFPROTO_INET;
	memcpy(family + 1, data, size & ~(size_t)3);
	return message;
}

static void check_addresses(const struct policy_record *record, uint8_t family)
{
	bool source = true, destination = true;

	switch (policy_set_shape(record->set)) {
	case POLICY_SHAPE_LINK:
	case POLICY_SHAPE_LINK_TWICE:
	case POLICY_SHAPE_LINK_MAC:
		source = destination = false;
		break;
	case POLICY_SHAPE_ENDPOINT:
	case POLICY_SHAPE_ADDRESS:
	case POLICY_SHAPE_ADDRESS_TWICE:
	case POLICY_SHAPE_PLACE:
		destination = false;
		break;
	case POLICY_SHAPE_PUBLISHED:
		source = false;
		break;
	case POLICY_SHAPE_FLOW:
	case POLICY_SHAPE_RANGE:
	case POLICY_SHAPE_BOUNDARY:
		break;
	}
	assert(record->source.family == (source ? family : 0));
	assert(record->destination.family == (destination ? family : 0));
}

static void check_policy(struct policy *policy, enum policy_set set)
{
	policy_finish(policy);
	for (size_t i = 0; i < policy_count(policy); i++) {
		const struct policy_record *record = policy_at(policy, i);
		char text[POLICY_KEY_TEXT_SIZE];

		assert(record->set == set && strlen(record->comment) <= POLICY_COMMENT_MAX);
		assert(record->link[POLICY_IFNAME_SIZE - 1] == '\0');
		check_addresses(record, policy_set_family(set));
		assert(strlen(policy_key_format(record, text)) > 0);
		assert(policy_find(policy, record) == record);
	}
}

static void fuzz_elements(const struct nlmsghdr *message, enum policy_set set)
{
	struct policy *policy = policy_new();
	size_t strange = 0;
	int r;

	if (!policy)
		return;
	r = nft_decode_elements(message, set, policy, &strange);
	assert(r == 0 || r == -EBADMSG || r == -ENOMEM);
	check_policy(policy, set);
	policy_free(policy);
}

static void fuzz_denied(const struct nlmsghdr *message, enum policy_set set)
{
	uint8_t family = policy_set_family(set);
	struct kernel_denied *denied = NULL;
	size_t count = 0;
	int r = nft_decode_denied(message, set, &denied, &count);

	assert(r == 0 || r == -EBADMSG || r == -ENOMEM);
	for (size_t i = 0; i < count; i++) {
		assert(denied[i].source.family == family && denied[i].destination.family == family);
		assert(denied[i].age_ms <= KERNEL_DENIED_MS);
	}
	free(denied);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = memchr(data, '\0', size < NAME_SIZE ? size : NAME_SIZE);
	const char *name = (const char *)data;
	struct nlmsghdr *message;

	if (!zero || size > 65536)
		return 0;
	message = message_of(zero + 1, size - (size_t)(zero + 1 - data));
	if (!message)
		return 0;
	for (enum policy_set set = 0; set < POLICY_SET_COUNT; set++) {
		if (strcmp(name, policy_set_name(set)) != 0)
			continue;
		if (policy_set_row(set)->element == POLICY_ELEMENT_REMEMBERED)
			fuzz_denied(message, set);
		else if (!policy_set_is_kernels(set))
			fuzz_elements(message, set);
	}
	free(message);
	return 0;
}
