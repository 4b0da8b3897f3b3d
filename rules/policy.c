/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Records and their comments live in chunks and are freed together: a policy of 10,000 elements costs a handful of
 * allocations and about 1.3 MiB. */
struct chunk {
	struct chunk *next;
	size_t used, size;
	max_align_t bytes[];
};

struct policy {
	struct policy_record **records;
	size_t count, capacity;
	struct chunk *chunks;
};

#define CHUNK_SIZE ((size_t)32 * 1024)

struct policy *policy_new(void)
{
	return calloc(1, sizeof(struct policy));
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	while (policy->chunks) {
		struct chunk *next = policy->chunks->next;

		free(policy->chunks);
		policy->chunks = next;
	}
	free(policy->records);
	free(policy);
}

static void *allocate(struct policy *policy, size_t size)
{
	struct chunk *chunk = policy->chunks;
	void *memory;

	size = (size + _Alignof(struct policy_record) - 1) & ~(_Alignof(struct policy_record) - 1);
	if (!chunk || chunk->size - chunk->used < size) {
		/* The first chunk is small: most policies are what one event touched. */
		size_t room = chunk ? CHUNK_SIZE : CHUNK_SIZE / 8;

		if (room < size)
			room = size;
		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		chunk->used = 0;
		chunk->size = room;
		chunk->next = policy->chunks;
		policy->chunks = chunk;
	}
	memory = (char *)chunk->bytes + chunk->used;
	chunk->used += size;
	return memory;
}

/* nft has no escapes inside quotes, and a terminal obeys control characters: comments are plain ASCII. */
static void make_printable(char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\')
			*text = '?';
	}
}

int policy_add(struct policy *policy, const struct policy_record *record)
{
	const char *text = record->comment ? record->comment : "";
	size_t length = strnlen(text, POLICY_COMMENT_MAX);
	const struct policy_record *last = policy->count ? policy->records[policy->count - 1] : NULL;
	/* The ports of one flow come one after the other. */
	bool same = last && strcmp(last->comment, text) == 0;
	struct policy_record *copy;
	char *comment;

	if (policy->count == policy->capacity) {
		size_t capacity = policy->capacity ? policy->capacity * 2 : 32;
		struct policy_record **records = realloc(policy->records, capacity * sizeof(struct policy_record *));

		if (!records)
			return -ENOMEM;
		policy->records = records;
		policy->capacity = capacity;
	}
	copy = allocate(policy, sizeof(*copy) + (same ? 0 : length + 1));
	if (!copy)
		return -ENOMEM;
	*copy = *record;
	if (same) {
		copy->comment = last->comment;
	} else {
		comment = (char *)(copy + 1);
		memcpy(comment, text, length);
		comment[length] = '\0';
		make_printable(comment);
		copy->comment = comment;
	}
	policy->records[policy->count++] = copy;
	return 0;
}

static int compare_numbers(unsigned a, unsigned b)
{
	return a < b ? -1 : a > b;
}

int policy_record_compare(const struct policy_record *a, const struct policy_record *b)
{
	int order;

	if (a->set != b->set)
		return compare_numbers(a->set, b->set);
	order = memcmp(a->link, b->link, sizeof(a->link));
	if (!order)
		order = memcmp(a->mac, b->mac, sizeof(a->mac));
	if (!order)
		order = address_compare(&a->source, &b->source);
	if (!order)
		order = compare_numbers(a->source_length, b->source_length);
	if (!order)
		order = address_compare(&a->destination, &b->destination);
	if (!order)
		order = compare_numbers(a->destination_length, b->destination_length);
	if (!order)
		order = span_compare(&a->span, &b->span);
	return order;
}

static int compare_whole(const void *a, const void *b)
{
	const struct policy_record *const *x = a, *const *y = b;
	int order = policy_record_compare(*x, *y);

	return order ? order : strcmp((*x)->comment, (*y)->comment);
}

/* Which prefix lengths the kept records of the current set have: seldom more than one or two. */
struct lengths {
	enum policy_set set;
	bool source[129], destination[129];
};

static bool share_addresses(const struct address *a, unsigned a_length, const struct address *b, unsigned b_length)
{
	return address_is_in(a, b, a_length < b_length ? a_length : b_length);
}

bool policy_record_overlaps(const struct policy_record *a, const struct policy_record *b)
{
	enum policy_shape shape = policy_set_shape(a->set);

	if (a->set != b->set || !span_meets(&a->span, &b->span))
		return false;
	if (shape == POLICY_SHAPE_RANGE)
		return address_compare(&a->source, &b->source) == 0 &&
		       address_compare(&a->destination, &b->destination) == 0;
	return (shape == POLICY_SHAPE_PUBLISHED || shape == POLICY_SHAPE_BOUNDARY) &&
	       share_addresses(&a->source, a->source_length, &b->source, b->source_length) &&
	       share_addresses(&a->destination, a->destination_length, &b->destination, b->destination_length);
}

/* The first of the `count` records that is not before `key`. */
static size_t first_from(const struct policy *policy, size_t count, const struct policy_record *key)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (policy_record_compare(policy->records[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A run: the kept records of one source, destination and range of protocols.  They share no port, and stand in the
 * order of their ports. */
static bool is_in_run(const struct policy_record *record, const struct policy_record *other)
{
	struct policy_record like = *other;

	like.span.port_first = record->span.port_first;
	like.span.port_last = record->span.port_last;
	return policy_record_compare(record, &like) == 0;
}

/* Whether a record of the run that begins at `begin` shares a protocol and a port with the record: only the last one
 * that begins before the record's ports do can, and the first one after it. */
static bool overlaps_run(const struct policy *policy, size_t kept, size_t begin, const struct policy_record *record)
{
	struct policy_record key = *policy->records[begin];
	size_t at;

	key.span.port_first = key.span.port_last = record->span.port_first;
	at = first_from(policy, kept, &key);
	return (at > begin && span_meets(&policy->records[at - 1]->span, &record->span)) ||
	       (at < kept && is_in_run(policy->records[at], &key) &&
		span_meets(&policy->records[at]->span, &record->span));
}

/* The first record after the run that begins at `begin`. */
static size_t run_end(const struct policy *policy, size_t kept, size_t begin)
{
	struct policy_record key = *policy->records[begin];
	size_t at;

	key.span.port_first = key.span.port_last = UINT16_MAX;
	at = first_from(policy, kept, &key);
	return at < kept && is_in_run(policy->records[at], &key) ? at + 1 : at;
}

/* Whether, of the kept records whose source and first destination are the key's, one shares a destination, a protocol
 * and a port with the record.  Those whose destination lies within the record's follow each other. */
static bool overlaps_from(const struct policy *policy, size_t kept, const struct policy_record *key,
			  const struct policy_record *record)
{
	for (size_t i = first_from(policy, kept, key); i < kept; i = run_end(policy, kept, i)) {
		const struct policy_record *other = policy->records[i];
		unsigned common = other->destination_length < record->destination_length ? other->destination_length
											 : record->destination_length;

		if (other->set != key->set || address_compare(&other->source, &key->source) != 0 ||
		    other->source_length != key->source_length ||
		    !address_is_in(&other->destination, &record->destination, common))
			return false;
		if (overlaps_run(policy, kept, i, record))
			return true;
	}
	return false;
}

/* The same for records of addresses that are networks. */
static bool overlaps_networks(const struct policy *policy, size_t kept, const struct lengths *lengths,
			      const struct policy_record *record)
{
	struct policy_record key = { .set = record->set };

	/* A kept record sorts before: its source is a network around the record's, or the same. */
	for (unsigned source = 0; source <= record->source_length; source++) {
		if (!lengths->source[source])
			continue;
		key.source = address_prefix(&record->source, source);
		key.source_length = (uint8_t)source;
		for (unsigned destination = 0; destination <= record->destination_length; destination++) {
			if (!lengths->destination[destination] && destination != record->destination_length)
				continue;
			key.destination = address_prefix(&record->destination, destination);
			key.destination_length = (uint8_t)destination;
			if (overlaps_from(policy, kept, &key, record))
				return true;
		}
	}
	return false;
}

/* The same for records of single addresses. */
static bool overlaps_addresses(const struct policy *policy, size_t kept, const struct policy_record *record)
{
	while (kept--) {
		const struct policy_record *other = policy->records[kept];

		if (other->set != record->set || address_compare(&other->source, &record->source) != 0 ||
		    address_compare(&other->destination, &record->destination) != 0)
			return false;
		if (span_meets(&other->span, &record->span))
			return true;
	}
	return false;
}

/* Whether a kept record shares a packet with this one of a set of intervals.  For one endpoint the compiler makes them
 * disjoint; two networks that use the same addresses, or two containers that claim the same port of the host, can still
 * clash.  The kernel refuses intervals that overlap, and the whole transaction with them, so the second one stays out.
 */
static bool overlaps(const struct policy *policy, size_t kept, struct lengths *lengths,
		     const struct policy_record *record)
{
	enum policy_shape shape = policy_set_shape(record->set);

	if (shape == POLICY_SHAPE_RANGE)
		return overlaps_addresses(policy, kept, record);
	if (shape != POLICY_SHAPE_PUBLISHED && shape != POLICY_SHAPE_BOUNDARY)
		return false;
	if (lengths->set != record->set)
		*lengths = (struct lengths){ .set = record->set };
	if (overlaps_networks(policy, kept, lengths, record))
		return true;
	lengths->source[record->source_length] = true;
	lengths->destination[record->destination_length] = true;
	return false;
}

void policy_finish(struct policy *policy)
{
	struct lengths lengths = { .set = POLICY_SET_COUNT };
	size_t kept = 0;

	if (policy->count > 1)
		qsort(policy->records, policy->count, sizeof(struct policy_record *), compare_whole);
	for (size_t i = 0; i < policy->count; i++) {
		if (kept && policy_record_compare(policy->records[kept - 1], policy->records[i]) == 0)
			continue;
		if (overlaps(policy, kept, &lengths, policy->records[i]))
			continue;
		policy->records[kept++] = policy->records[i];
	}
	policy->count = kept;
}

/* Whether the record goes on, in a set of intervals, where the kept one before it ends, under the same comment. */
static bool continues(const struct policy_record *kept, const struct policy_record *record)
{
	return policy_shape_is_interval(policy_set_shape(record->set)) && is_in_run(record, kept) &&
	       kept->span.port_last + 1 == record->span.port_first && strcmp(kept->comment, record->comment) == 0;
}

void policy_merge(struct policy *policy)
{
	size_t kept = 0;

	for (size_t i = 0; i < policy->count; i++) {
		if (kept && continues(policy->records[kept - 1], policy->records[i]))
			policy->records[kept - 1]->span.port_last = policy->records[i]->span.port_last;
		else
			policy->records[kept++] = policy->records[i];
	}
	policy->count = kept;
}

size_t policy_count(const struct policy *policy)
{
	return policy->count;
}

const struct policy_record *policy_at(const struct policy *policy, size_t index)
{
	return policy->records[index];
}

/* The first index whose record is not before `key`. */
static size_t lower_bound(const struct policy *policy, const struct policy_record *key)
{
	return first_from(policy, policy->count, key);
}

void policy_range(const struct policy *policy, enum policy_set set, size_t *ret_begin, size_t *ret_end)
{
	struct policy_record first = { .set = set }, after = { .set = set + 1 };

	*ret_begin = lower_bound(policy, &first);
	*ret_end = lower_bound(policy, &after);
}

const struct policy_record *policy_find(const struct policy *policy, const struct policy_record *key)
{
	size_t index = lower_bound(policy, key);

	if (index < policy->count && policy_record_compare(policy->records[index], key) == 0)
		return policy->records[index];
	return NULL;
}

void policy_take_counters(struct policy *policy, const struct policy *from)
{
	for (size_t i = 0; i < policy->count; i++) {
		struct policy_record *record = policy->records[i];
		const struct policy_record *counted = policy_find(from, record);

		if (counted) {
			record->packets = counted->packets;
			record->bytes = counted->bytes;
		}
	}
}

bool policy_equal(const struct policy *a, const struct policy *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (policy_record_compare(a->records[i], b->records[i]) != 0 ||
		    strcmp(a->records[i]->comment, b->records[i]->comment) != 0)
			return false;
	}
	return true;
}
