/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "denied_totals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_list.h"

static int compare(const void *a, const void *b)
{
	const struct kernel_denied *x = a, *y = b;
	int order = address_compare(&x->source, &y->source);

	if (!order)
		order = address_compare(&x->destination, &y->destination);
	if (!order)
		order = x->protocol - y->protocol;
	return order ? order : x->port - y->port;
}

/* How many of its packets were not counted yet.  The kernel forgot a denial that has fewer packets than before, and
 * this is a new one. */
static uint64_t news(const struct denied_totals *totals, const struct kernel_denied *denied)
{
	const struct kernel_denied *seen = NULL;

	if (totals->seen_count)
		seen = bsearch(denied, totals->seen, totals->seen_count, sizeof(*seen), compare);
	return seen && seen->packets <= denied->packets ? denied->packets - seen->packets : denied->packets;
}

static void sort(struct kernel_denied *denied, size_t count)
{
	if (count)
		qsort(denied, count, sizeof(*denied), compare);
}

bool denied_totals_differ(const struct denied_totals *totals, struct kernel_denied *denied, size_t count)
{
	sort(denied, count);
	for (size_t i = 0; i < count; i++) {
		if (news(totals, &denied[i]))
			return true;
	}
	return false;
}

/* "shop" of "shop/web, shop/edge". */
static void app_of(const struct policy_endpoint_comment *parts, char app[64])
{
	snprintf(app, 64, "%.*s", (int)strcspn(parts->services, "/"), parts->services);
	if (!*app)
		strcpy(app, DENIED_NO_APP);
}

static void name_pair(const struct kernel_state *state, const struct kernel_denied *denied, struct denied_pair *pair)
{
	struct policy_endpoint_comment parts;

	*pair = (struct denied_pair){ .from = DENIED_OUTSIDE, .to = DENIED_OUTSIDE };
	if (kernel_list_endpoint(state, &denied->source, &parts, NULL))
		app_of(&parts, pair->from);
	if (kernel_list_endpoint(state, &denied->destination, &parts, NULL) ||
	    kernel_list_published(state, denied, &parts))
		app_of(&parts, pair->to);
	pair->let_through = kernel_list_let_through(state, denied);
}

static void count(struct denied_totals *totals, const struct denied_pair *pair, uint64_t packets)
{
	for (size_t i = 0; i < totals->pair_count; i++) {
		struct denied_pair *known = &totals->pairs[i];

		if (strcmp(known->from, pair->from) == 0 && strcmp(known->to, pair->to) == 0 &&
		    known->let_through == pair->let_through) {
			known->packets += packets;
			return;
		}
	}
	if (totals->pair_count == DENIED_PAIRS_MAX) {
		totals->other += packets;
		return;
	}
	totals->pairs[totals->pair_count] = *pair;
	totals->pairs[totals->pair_count++].packets = packets;
}

/* Makes room for so many new pairs, up to the limit. */
static int make_room(struct denied_totals *totals, size_t more)
{
	size_t room = totals->pair_count + more;
	struct denied_pair *grown;

	if (room > DENIED_PAIRS_MAX)
		room = DENIED_PAIRS_MAX;
	grown = reallocarray(totals->pairs, room + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	totals->pairs = grown;
	return 0;
}

int denied_totals_take(struct denied_totals *totals, struct kernel_state *state)
{
	if (make_room(totals, state->denied_count) < 0 || kernel_list_index(state) < 0)
		return -ENOMEM;
	sort(state->denied, state->denied_count);
	for (size_t i = 0; i < state->denied_count; i++) {
		uint64_t packets = news(totals, &state->denied[i]);
		struct denied_pair pair;

		if (!packets)
			continue;
		name_pair(state, &state->denied[i], &pair);
		count(totals, &pair, packets);
	}
	free(totals->seen);
	totals->seen = state->denied;
	totals->seen_count = state->denied_count;
	state->denied = NULL;
	state->denied_count = 0;
	return 0;
}

void denied_totals_clear(struct denied_totals *totals)
{
	free(totals->seen);
	free(totals->pairs);
	*totals = (struct denied_totals){ 0 };
}
