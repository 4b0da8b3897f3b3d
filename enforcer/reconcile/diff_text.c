/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diff_text.h"

#include <stdio.h>
#include <string.h>

/* One app's share of a difference. */
struct tally {
	size_t added, removed;
	/* The ends of the app's first flow, and whether all of its flows so far have them in common. */
	struct {
		char name[POLICY_COMMENT_MAX + 1];
		struct address address;
		bool common;
	} ends[2];
};

static bool is_end(const struct policy_record *record, const struct address *address)
{
	return address_compare(&record->source, address) == 0 || address_compare(&record->destination, address) == 0;
}

/* Removals are counted before additions, so a container's present name overwrites an old one. */
static void count(struct tally *tally, const struct policy_record *record, const struct policy_flow_comment *parts,
		  bool add)
{
	bool first = tally->added + tally->removed == 0;

	if (first) {
		tally->ends[0].address = record->source;
		tally->ends[1].address = record->destination;
		tally->ends[0].common = tally->ends[1].common = true;
	}
	for (size_t i = 0; i < 2; i++) {
		bool is_source = address_compare(&record->source, &tally->ends[i].address) == 0;

		/* A container has an address of each family: an end with the same name is the same end. */
		if (is_end(record, &tally->ends[i].address))
			strcpy(tally->ends[i].name, is_source ? parts->source : parts->destination);
		else if (strcmp(tally->ends[i].name, parts->source) != 0 &&
			 strcmp(tally->ends[i].name, parts->destination) != 0)
			tally->ends[i].common = false;
	}
	*(add ? &tally->added : &tally->removed) += 1;
}

/* Whether the endpoint itself comes or goes with this difference: then the line is about it. */
static bool moved(const struct policy_diff *diff, const struct address *address)
{
	for (size_t i = 0; i < diff->remove_count + diff->add_count; i++) {
		const struct policy_record *record =
			i < diff->remove_count ? diff->remove[i] : diff->add[i - diff->remove_count];

		if (policy_set_is(record->set, POLICY_TOPIC_ENDPOINTS) &&
		    address_compare(&record->source, address) == 0)
			return true;
	}
	return false;
}

/* The end that the line names: 0 or 1; 2 for both, -1 for none. */
static int choose_end(const struct policy_diff *diff, const struct tally *tally)
{
	bool both = tally->ends[0].common && tally->ends[1].common;

	if (both && moved(diff, &tally->ends[0].address) != moved(diff, &tally->ends[1].address))
		return moved(diff, &tally->ends[0].address) ? 0 : 1;
	if (both)
		return 2;
	return tally->ends[0].common ? 0 : tally->ends[1].common ? 1 : -1;
}

static void say_tally(const char *app, const struct policy_diff *diff, const struct tally *tally,
		      void (*say)(const char *line, void *data), void *data)
{
	char line[DIFF_TEXT_SIZE], amount[64], address[ADDRESS_TEXT_SIZE];
	size_t total = tally->added + tally->removed;
	int end = choose_end(diff, tally);

	if (tally->added && tally->removed)
		snprintf(amount, sizeof(amount), "+%zu -%zu flows", tally->added, tally->removed);
	else
		snprintf(amount, sizeof(amount), "%c%zu flow%s", tally->added ? '+' : '-', total,
			 total == 1 ? "" : "s");
	if (end == 2)
		snprintf(line, sizeof(line), "%s: %s from %s to %s", app, amount, tally->ends[0].name,
			 tally->ends[1].name);
	else if (end >= 0)
		snprintf(line, sizeof(line), "%s: %s for %s (%s)", app, amount, tally->ends[end].name,
			 address_format(&tally->ends[end].address, address));
	else
		snprintf(line, sizeof(line), "%s: %s", app, amount);
	say(line, data);
}

/* The record at this index of both lists, removals first; NULL if it is no flow. */
static const struct policy_record *flow_at(const struct policy_diff *diff, size_t index, bool *ret_add,
					   struct policy_flow_comment *ret_parts)
{
	const struct policy_record *record;

	*ret_add = index >= diff->remove_count;
	record = *ret_add ? diff->add[index - diff->remove_count] : diff->remove[index];
	return policy_set_is_flow(record->set) && policy_flow_comment_parse(record->comment, ret_parts) ? record : NULL;
}

/* The first app behind `after`, by name; false if there is none.  Walks the lists once for each app: there are few
 * apps, and no packet waits for the log. */
static bool next_app(const struct policy_diff *diff, const char *after, char ret_app[64])
{
	bool found = false, add;

	for (size_t i = 0; i < diff->remove_count + diff->add_count; i++) {
		struct policy_flow_comment parts;

		if (flow_at(diff, i, &add, &parts) && strcmp(parts.app, after) > 0 &&
		    (!found || strcmp(parts.app, ret_app) < 0)) {
			memcpy(ret_app, parts.app, sizeof(parts.app));
			found = true;
		}
	}
	return found;
}

void diff_text_flows(const struct policy_diff *diff, void (*say)(const char *line, void *data), void *data)
{
	char app[64], after[64] = "";

	while (next_app(diff, after, app)) {
		struct tally tally = { 0 };

		for (size_t i = 0; i < diff->remove_count + diff->add_count; i++) {
			struct policy_flow_comment parts;
			bool add;
			const struct policy_record *record = flow_at(diff, i, &add, &parts);

			if (record && strcmp(parts.app, app) == 0)
				count(&tally, record, &parts, add);
		}
		say_tally(app, diff, &tally, say, data);
		memcpy(after, app, sizeof(after));
	}
}

const char *diff_text_record(char sign, const struct policy_record *record, char line[DIFF_TEXT_SIZE])
{
	char key[POLICY_KEY_TEXT_SIZE];

	snprintf(line, DIFF_TEXT_SIZE, "%c %-10s %-47s %s", sign, policy_set_name(record->set),
		 policy_key_format(record, key), record->comment);
	return line;
}
