/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message with set elements: the first byte selects the set, the rest are the message's attributes. */
#include "nft_decode.h"

#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

static void check_policy(struct policy *policy, enum policy_set set)
{
	policy_finish(policy);
	for (size_t i = 0; i < policy_count(policy); i++) {
		const struct policy_record *record = policy_at(policy, i);
		char text[POLICY_KEY_TEXT_SIZE];

		assert(record->set == set && strlen(record->comment) <= POLICY_COMMENT_MAX);
		assert(record->bridge[POLICY_IFNAME_SIZE - 1] == '\0');
		assert(record->source.family == policy_set_family(set));
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

static void fuzz_denied(const struct nlmsghdr *message, uint8_t family)
{
	struct kernel_denied *denied = NULL;
	size_t count = 0;
	int r = nft_decode_denied(message, family, &denied, &count);

	assert(r == 0 || r == -EBADMSG || r == -ENOMEM);
	for (size_t i = 0; i < count; i++) {
		assert(denied[i].source.family == family && denied[i].destination.family == family);
		assert(denied[i].age_ms <= KERNEL_DENIED_MS);
	}
	free(denied);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nlmsghdr *message;

	if (size < 1 || size > 65536)
		return 0;
	message = message_of(data + 1, size - 1);
	if (!message)
		return 0;
	if (data[0] < POLICY_SET_COUNT)
		fuzz_elements(message, (enum policy_set)data[0]);
	else
		fuzz_denied(message, data[0] % 2 ? ADDRESS_IPV6 : ADDRESS_IPV4);
	free(message);
	return 0;
}
