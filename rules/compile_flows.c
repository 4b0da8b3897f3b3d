/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is declared between two containers. */
#include "compile_parts.h"

/* The pair's record for one element of `ports`: an element of the hash, or a range for later. */
static int add_port(struct compilation *c, const struct policy_record *pair, bool v6, const struct flow_port *port,
		    const char *comment)
{
	struct range range = compile_range_of(port, v6);
	struct policy_record record = *pair;

	if (!span_is_one(&range.span))
		return compile_ranges_add(c, &range, NULL, comment);
	record.set = policy_set_of(POLICY_TOPIC_FLOWS, pair->source.family);
	record.span = range.span;
	record.comment = comment;
	return policy_add(c->policy, &record);
}

int compile_flows_family(struct compilation *c, const struct end *source, const struct end *destination, bool v6)
{
	struct policy_record pair = {
		.set = policy_set_of(POLICY_TOPIC_RANGES, v6 ? ADDRESS_IPV6 : ADDRESS_IPV4),
		.source = *compile_end_address(source, v6),
		.destination = *compile_end_address(destination, v6),
	};
	size_t i = 0, j = 0;

	if (!pair.source.family || !pair.destination.family)
		return 0;
	while (i < source->from_count && j < destination->to_count) {
		const struct flow_use *from = &source->from[i], *to = &destination->to[j];
		char comment[POLICY_COMMENT_MAX + 1];
		const struct flow_app *app;
		const struct flow *flow;

		if (from->flow != to->flow) {
			from->flow < to->flow ? i++ : j++;
			continue;
		}
		flow = binding_flow(c->binding, from->flow, &app);
		compile_comment_flow(app, flow, source, from->peer, destination, to->peer, comment);
		for (size_t k = 0; k < flow->port_count; k++) {
			int r = add_port(c, &pair, v6, &flow->ports[k], comment);

			if (r < 0)
				return r;
		}
		i++;
		j++;
	}
	return compile_ranges_flush(c, &pair, COMPILE_NEITHER);
}

int compile_flows(struct compilation *c, const struct end *source, const struct end *destination)
{
	int r;

	if (!source->from_count || !destination->to_count)
		return 0;
	r = compile_flows_family(c, source, destination, false);
	return r < 0 ? r : compile_flows_family(c, source, destination, true);
}
