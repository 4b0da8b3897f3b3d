/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ends of flows: an endpoint, and everybody who uses its addresses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile_parts.h"
#include "published_ports.h"

void compile_end_clear(struct end *end)
{
	free(end->owned_from);
	free(end->owned_to);
	free(end->owned_published);
	free(end->services);
	memset(end, 0, sizeof(*end));
}

static int merge_uses(const struct flow_use *more, size_t more_count, struct flow_use **uses, size_t *count)
{
	struct flow_use *merged = calloc(*count + more_count + 1, sizeof(*merged));
	size_t i = 0, j = 0, n = 0;

	if (!merged)
		return -ENOMEM;
	while (i < *count || j < more_count) {
		if (j == more_count || (i < *count && (*uses)[i].flow <= more[j].flow)) {
			if (j < more_count && (*uses)[i].flow == more[j].flow)
				j++;
			merged[n++] = (*uses)[i++];
		} else {
			merged[n++] = more[j++];
		}
	}
	free(*uses);
	*uses = merged;
	*count = n;
	return 0;
}

static int append_published(const struct published_port *more, size_t more_count, struct published_port **ports,
			    size_t *count)
{
	struct published_port *grown = realloc(*ports, (*count + more_count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	if (more_count)
		memcpy(grown + *count, more, more_count * sizeof(*more));
	*ports = grown;
	*count += more_count;
	published_ports_sort(grown, count);
	return 0;
}

static int join_services(char **services, const char *more)
{
	char *joined;

	if (!more || !*more || strcmp(*services, more) == 0)
		return 0;
	joined = realloc(*services, strlen(*services) + strlen(", ") + strlen(more) + 1);
	if (!joined)
		return -ENOMEM;
	if (*joined)
		strcat(joined, ", ");
	strcat(joined, more);
	*services = joined;
	return 0;
}

static void join_boundary(enum flow_boundary *boundary, enum flow_boundary other)
{
	if (other == FLOW_BOUNDARY_DECLARED)
		*boundary = FLOW_BOUNDARY_DECLARED;
}

/* Adds what `other` is and may do to an end whose network namespace it shares. */
static int join(struct end *end, const struct container *other)
{
	/* What one that is not started says that it will publish is its own affair. */
	size_t published = other->started ? other->published_count : 0;

	if (merge_uses(other->from_flows, other->from_count, &end->owned_from, &end->from_count) < 0 ||
	    merge_uses(other->to_flows, other->to_count, &end->owned_to, &end->to_count) < 0 ||
	    append_published(other->published, published, &end->owned_published, &end->published_count) < 0 ||
	    join_services(&end->services, other->services) < 0)
		return -ENOMEM;
	end->from = end->owned_from;
	end->to = end->owned_to;
	end->published = end->owned_published;
	end->unguarded = end->unguarded || other->unguarded;
	join_boundary(&end->boundary.ingress, other->boundary.ingress);
	join_boundary(&end->boundary.egress, other->boundary.egress);
	join_boundary(&end->boundary.host, other->boundary.host);
	return 0;
}

/* Makes the lists the end's own before the first one joins. */
static int own_lists(struct end *end)
{
	if (merge_uses(end->from, end->from_count, &end->owned_from, &(size_t){ 0 }) < 0 ||
	    merge_uses(end->to, end->to_count, &end->owned_to, &(size_t){ 0 }) < 0 ||
	    append_published(end->published, end->published_count, &end->owned_published, &(size_t){ 0 }) < 0)
		return -ENOMEM;
	return 0;
}

static int join_sharing(const struct compilation *c, struct end *end)
{
	for (size_t i = 0; i < c->inventory->container_count; i++) {
		struct container *other = c->inventory->containers[i];

		if (!other->shares || !other->running || inventory_netns_owner(c->inventory, other) != end->container)
			continue;
		if ((!end->owned_from && own_lists(end) < 0) || join(end, other) < 0)
			return -ENOMEM;
	}
	return 0;
}

int compile_end_init(const struct compilation *c, const struct network *network, const struct endpoint *endpoint,
		     const struct container *container, struct end *ret_end)
{
	struct end end = { .network = network, .endpoint = endpoint, .container = container };

	if (container) {
		end.from = container->from_flows;
		end.from_count = container->from_count;
		end.to = container->to_flows;
		end.to_count = container->to_count;
		end.published = container->published;
		end.published_count = container->published_count;
		end.observed = inventory_observes(c->inventory, container);
		end.boundary = container->boundary;
		end.unguarded = container->unguarded;
	} else {
		end.boundary = binding_defaults(c->binding)->boundary;
	}
	end.services = strdup(container && container->services ? container->services : "");
	if (!end.services)
		return -ENOMEM;
	if (container && c->inventory->sharing && join_sharing(c, &end) < 0) {
		compile_end_clear(&end);
		return -ENOMEM;
	}
	*ret_end = end;
	return 0;
}

const char *compile_end_name(const struct end *end)
{
	if (end->container && end->container->name)
		return end->container->name;
	if (!end->endpoint)
		/* Without an endpoint it is a container. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		return end->container->id;
	return end->endpoint->name ? end->endpoint->name : end->endpoint->container;
}

const struct address *compile_end_address(const struct end *end, bool v6)
{
	return v6 ? &end->endpoint->ipv6 : &end->endpoint->ipv4;
}

bool compile_is_managed(const struct network *network)
{
	return network->managed && network->bridge[0];
}
