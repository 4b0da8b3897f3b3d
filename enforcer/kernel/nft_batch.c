/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_batch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

/* For the headers of a message, and the batch's own begin and end. */
#define HEADERS ((size_t)64)

static uint32_t aligned(uint32_t length)
{
	return (length + 3u) & ~3u;
}

void nft_batch_clear(struct nft_batch *batch)
{
	free(batch->buffer);
	free(batch->entries);
	memset(batch, 0, sizeof(*batch));
}

static int make_room(struct nft_batch *batch, size_t room)
{
	size_t capacity = batch->capacity;
	char *buffer;

	room += HEADERS;
	if (batch->capacity - batch->length >= room)
		return 0;
	capacity = capacity + capacity / 2 + room;
	buffer = realloc(batch->buffer, capacity);
	if (!buffer)
		return -ENOMEM;
	/* The padding between attributes is sent, too. */
	memset(buffer + batch->capacity, 0, capacity - batch->capacity);
	batch->buffer = buffer;
	batch->capacity = capacity;
	return 0;
}

int nft_batch_begin(struct nft_batch *batch, uint32_t sequence)
{
	struct nlmsghdr *header;

	batch->sequence = sequence;
	if (make_room(batch, 0) < 0)
		return -ENOMEM;
	header = nftnl_batch_begin(batch->buffer + batch->length, batch->sequence++);
	batch->length += aligned(header->nlmsg_len);
	return 0;
}

int nft_batch_end(struct nft_batch *batch)
{
	struct nlmsghdr *header;

	if (make_room(batch, 0) < 0)
		return -ENOMEM;
	header = nftnl_batch_end(batch->buffer + batch->length, batch->sequence++);
	batch->length += aligned(header->nlmsg_len);
	return 0;
}

struct nlmsghdr *nft_batch_message(struct nft_batch *batch, size_t room, uint16_t type, uint16_t family, uint16_t flags,
				   const char *fmt, ...)
{
	struct nft_batch_entry *entry;
	va_list ap;

	if (make_room(batch, room) < 0)
		return NULL;
	if (batch->count == batch->room) {
		size_t entry_room = batch->room ? batch->room * 2 : 16;
		struct nft_batch_entry *entries = realloc(batch->entries, entry_room * sizeof(*entries));

		if (!entries)
			return NULL;
		batch->entries = entries;
		batch->room = entry_room;
	}
	entry = &batch->entries[batch->count++];
	*entry = (struct nft_batch_entry){ .sequence = batch->sequence, .offset = batch->length };
	va_start(ap, fmt);
	vsnprintf(entry->what, sizeof(entry->what), fmt, ap);
	va_end(ap);
	return nftnl_nlmsg_build_hdr(batch->buffer + batch->length, type, family, flags | NLM_F_ACK, batch->sequence++);
}

void nft_batch_done(struct nft_batch *batch)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)(batch->buffer + batch->length);

	batch->length += aligned(header->nlmsg_len);
}

struct search {
	const struct nlmsghdr *header;
	uint32_t offset;
	size_t index, found;
};

static int visit_element(const struct nlattr *element, void *data)
{
	struct search *search = data;
	size_t begin = (size_t)((const char *)element - (const char *)search->header);

	if (search->offset >= begin && search->offset < begin + aligned(element->nla_len))
		search->found = search->index;
	search->index++;
	return MNL_CB_OK;
}

static int visit_attribute(const struct nlattr *attribute, void *data)
{
	if (mnl_attr_get_type(attribute) == NFTA_SET_ELEM_LIST_ELEMENTS)
		return mnl_attr_parse_nested(attribute, visit_element, data);
	return MNL_CB_OK;
}

/* The index of the element that contains the byte at `offset` of the message. */
static size_t element_at(const struct nlmsghdr *header, uint32_t offset)
{
	struct search search = { .header = header, .offset = offset, .found = SIZE_MAX };

	(void)mnl_attr_parse(header, sizeof(struct nfgenmsg), visit_attribute, &search);
	return search.found;
}

void nft_batch_describe(const struct nft_batch *batch, uint32_t sequence, uint32_t offset, char *text, size_t size)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct nft_batch_entry *entry = &batch->entries[i];
		char key[POLICY_KEY_TEXT_SIZE];
		size_t index = SIZE_MAX;

		if (entry->sequence != sequence)
			continue;
		if (entry->record_count == 1)
			index = 0;
		else if (entry->record_count && offset)
			index = element_at((const struct nlmsghdr *)(const void *)(batch->buffer + entry->offset),
					   offset);
		if (index < entry->record_count)
			snprintf(text, size, "element %s of %s", policy_key_format(entry->records[index], key),
				 entry->what);
		else if (entry->record_count)
			snprintf(text, size, "one of %zu elements of %s, the first %s", entry->record_count,
				 entry->what, policy_key_format(entry->records[0], key));
		else
			snprintf(text, size, "%s", entry->what);
		return;
	}
	snprintf(text, size, "the transaction");
}
