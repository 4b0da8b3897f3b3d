/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which containers a flow file's names stand for. */
#include "binding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "container_match.h"

/* One name as it is used: resolved once per flow set, matched once per container however many flows use it. */
struct selector {
	enum flow_peer_kind kind;
	const char *app, *service;
	const struct flow_app *declared;    /* the app's file, or NULL */
	const struct flow_service *defined; /* the service's definition, or NULL: the name stands for itself */
};

struct bound_flow {
	const struct flow_app *app;
	const struct flow *flow;
	uint32_t *from, *to; /* selectors of flow->from and flow->to */
};

struct binding {
	const struct flow_set *flows;
	struct binding_defaults defaults;
	struct bound_flow *bound;
	size_t bound_count;
	struct selector *selectors;
	size_t selector_count;
	/* First every service that an app names itself, by app: what `services` of a container lists. */
	size_t named_count;
};

static bool matches_service(const struct selector *selector, const struct container *container)
{
	if (selector->defined)
		return container_fits(container, selector->app, selector->defined);
	return container_has_name(container, selector->app, selector->service);
}

/* Whether the container is one of the app's: by label, or as one of the services that the app's file names. */
static bool matches_app(const struct binding *binding, const char *app, const struct container *container,
			const bool *matched)
{
	if (container_is_labelled(container, app))
		return true;
	for (size_t i = 0; i < binding->named_count; i++) {
		if (matched[i] && strcmp(binding->selectors[i].app, app) == 0)
			return true;
	}
	return false;
}

/* matched[] holds the results of the selectors before this one, the named services above all. */
static bool matches(const struct binding *binding, const struct selector *selector, const struct container *container,
		    const bool *matched)
{
	switch (selector->kind) {
	case FLOW_PEER_SERVICE:
		return matches_service(selector, container);
	case FLOW_PEER_APP:
		return matches_app(binding, selector->app, container, matched);
	case FLOW_PEER_ALL:
		if (container_is_labelled_any(container))
			return true;
		for (size_t i = 0; i < binding->named_count; i++) {
			if (matched[i])
				return true;
		}
		return false;
	case FLOW_PEER_WORLD:
	case FLOW_PEER_HOST:
		return false;
	}
	return false;
}

static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The index of the selector, which is added if it is new; negative errno. */
static int64_t add_selector(struct binding *binding, enum flow_peer_kind kind, const char *app, const char *service)
{
	struct selector *grown, *selector;

	for (size_t i = 0; i < binding->selector_count; i++) {
		selector = &binding->selectors[i];
		if (selector->kind == kind && same_name(selector->app, app) && same_name(selector->service, service))
			return (int64_t)i;
	}
	if (binding->selector_count % 16 == 0) {
		grown = realloc(binding->selectors, (binding->selector_count + 16) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		binding->selectors = grown;
	}
	selector = &binding->selectors[binding->selector_count];
	*selector = (struct selector){ .kind = kind, .app = app, .service = service };
	if (app)
		selector->declared = flow_set_find(binding->flows, app);
	if (selector->declared && service)
		selector->defined = flow_app_service(selector->declared, service);
	return (int64_t)binding->selector_count++;
}

/* The services that an app's own file names: its definitions, and the bare names in its flows. */
static int add_named(struct binding *binding, const struct flow_app *app)
{
	for (size_t i = 0; i < app->service_count; i++) {
		if (add_selector(binding, FLOW_PEER_SERVICE, app->name, app->services[i].name) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < app->flow_count; i++) {
		const struct flow *flow = &app->flows[i];

		for (size_t j = 0; j < flow->from_count + flow->to_count; j++) {
			const struct flow_peer *peer =
				j < flow->from_count ? &flow->from[j] : &flow->to[j - flow->from_count];

			if (peer->kind == FLOW_PEER_SERVICE && strcmp(peer->app, app->name) == 0 &&
			    add_selector(binding, FLOW_PEER_SERVICE, peer->app, peer->service) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int add_peers(struct binding *binding, const struct flow_peer *peers, size_t count, uint32_t **ret_selectors)
{
	cleanup_free uint32_t *selectors = calloc(count + 1, sizeof(*selectors));

	if (!selectors)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int64_t index = add_selector(binding, peers[i].kind, peers[i].app, peers[i].service);

		if (index < 0)
			return -ENOMEM;
		selectors[i] = (uint32_t)index;
	}
	*ret_selectors = steal(selectors);
	return 0;
}

static int add_flows(struct binding *binding, const struct flow_app *app)
{
	for (size_t i = 0; i < app->flow_count; i++) {
		struct bound_flow *bound = &binding->bound[binding->bound_count++];
		const struct flow *flow = &app->flows[i];

		bound->app = app;
		bound->flow = flow;
		if (add_peers(binding, flow->from, flow->from_count, &bound->from) < 0 ||
		    add_peers(binding, flow->to, flow->to_count, &bound->to) < 0)
			return -ENOMEM;
	}
	return 0;
}

struct binding *binding_new(const struct flow_set *flows, const struct binding_defaults *defaults)
{
	cleanup_of(binding) struct binding *binding = calloc(1, sizeof(*binding));
	size_t total = 0;

	if (!binding)
		return NULL;
	binding->flows = flows;
	binding->defaults = *defaults;
	for (size_t i = 0; i < flows->count; i++) {
		total += flows->apps[i]->flow_count;
		if (add_named(binding, flows->apps[i]) < 0)
			return NULL;
	}
	binding->named_count = binding->selector_count;
	binding->bound = calloc(total + 1, sizeof(*binding->bound));
	if (!binding->bound)
		return NULL;
	for (size_t i = 0; i < flows->count; i++) {
		if (add_flows(binding, flows->apps[i]) < 0)
			return NULL;
	}
	return steal(binding);
}

void binding_free(struct binding *binding)
{
	if (!binding)
		return;
	for (size_t i = 0; i < binding->bound_count; i++) {
		free(binding->bound[i].from);
		free(binding->bound[i].to);
	}
	free(binding->bound);
	free(binding->selectors);
	free(binding);
}

const struct binding_defaults *binding_defaults(const struct binding *binding)
{
	return &binding->defaults;
}

const struct flow *binding_flow(const struct binding *binding, uint32_t index, const struct flow_app **ret_app)
{
	*ret_app = binding->bound[index].app;
	return binding->bound[index].flow;
}

/* The flows with a matching selector on one side, as uses. */
static int collect_uses(const struct binding *binding, const bool *matched, bool from, struct flow_use **ret_uses,
			size_t *ret_count)
{
	cleanup_free struct flow_use *uses = NULL;
	size_t count = 0;

	for (size_t i = 0; i < binding->bound_count; i++) {
		const struct bound_flow *bound = &binding->bound[i];
		const uint32_t *selectors = from ? bound->from : bound->to;
		size_t peers = from ? bound->flow->from_count : bound->flow->to_count;

		for (size_t j = 0; j < peers; j++) {
			struct flow_use *grown;

			if (!matched[selectors[j]])
				continue;
			grown = realloc(uses, (count + 1) * sizeof(*uses));
			if (!grown)
				return -ENOMEM;
			uses = grown;
			uses[count++] = (struct flow_use){ .flow = (uint32_t)i, .peer = (uint32_t)j };
			break;
		}
	}
	*ret_uses = steal(uses);
	*ret_count = count;
	return 0;
}

/* Labels may say anything: what is not a name's character becomes a question mark, so that no list, comment or terminal
 * can be broken by it.  Returns the end. */
static char *copy_name(char *text, const char *name)
{
	for (; *name; name++) {
		bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
			     (*name >= '0' && *name <= '9') || strchr("_.-", *name);

		*text++ = plain ? *name : '?';
	}
	*text = '\0';
	return text;
}

/* Appends "APP/SERVICE" (or "APP") to a comma-separated list. */
static int append_service(char **list, const char *app, const char *service)
{
	size_t old = *list ? strlen(*list) : 0;
	char *text = realloc(*list, old + strlen(", ") + strlen(app) + 1 + (service ? strlen(service) : 0) + 1);

	if (!text)
		return -ENOMEM;
	*list = text;
	text = copy_name(stpcpy(text + old, old ? ", " : ""), app);
	if (service) {
		*text++ = '/';
		copy_name(text, service);
	}
	return 0;
}

/* What the container's own labels call it, for one that no flow file names. */
static int append_label_identity(char **list, const struct container *container)
{
	const char *project = container_label(container, LABEL_COMPOSE_PROJECT);
	const char *stack = container_label(container, LABEL_SWARM_STACK);
	const char *app = container_label(container, LABEL_APP);

	if (project)
		return append_service(list, project, container_label(container, LABEL_COMPOSE_SERVICE));
	if (app)
		return append_service(list, app, container_label(container, LABEL_SERVICE));
	if (stack)
		return append_service(list, stack, NULL);
	return 0;
}

static int describe(const struct binding *binding, const struct container *container, const bool *matched,
		    char **ret_services)
{
	cleanup_free char *list = NULL;

	for (size_t i = 0; i < binding->named_count; i++) {
		if (matched[i] && append_service(&list, binding->selectors[i].app, binding->selectors[i].service) < 0)
			return -ENOMEM;
	}
	if (!list && append_label_identity(&list, container) < 0)
		return -ENOMEM;
	if (!list)
		list = strdup("");
	if (!list)
		return -ENOMEM;
	*ret_services = steal(list);
	return 0;
}

/* A container is observed when every app that it belongs to observes; one without a declared app takes the host's
 * mode.  So a door is only left open if everybody who owns it agrees. */
static bool observes(const struct binding *binding, const struct container *container, const bool *matched)
{
	bool member = false;

	for (size_t i = 0; i < binding->flows->count; i++) {
		const struct flow_app *app = binding->flows->apps[i];
		enum flow_mode mode = app->mode == FLOW_MODE_DEFAULT ? binding->defaults.mode : app->mode;

		if (!matches_app(binding, app->name, container, matched))
			continue;
		if (mode != FLOW_MODE_OBSERVE)
			return false;
		member = true;
	}
	return member || binding->defaults.mode == FLOW_MODE_OBSERVE;
}

static void declare(enum flow_boundary said, enum flow_boundary host, enum flow_boundary *boundary)
{
	if ((said == FLOW_BOUNDARY_DEFAULT ? host : said) == FLOW_BOUNDARY_DECLARED)
		*boundary = FLOW_BOUNDARY_DECLARED;
}

/* The other way round than observes: a boundary is closed when any app that the container belongs to closes it. */
static struct flow_boundaries bound_by(const struct binding *binding, const struct container *container,
				       const bool *matched)
{
	const struct flow_boundaries *host = &binding->defaults.boundary;
	struct flow_boundaries boundary = { FLOW_BOUNDARY_OPEN, FLOW_BOUNDARY_OPEN, FLOW_BOUNDARY_OPEN };
	bool member = false;

	for (size_t i = 0; i < binding->flows->count; i++) {
		const struct flow_app *app = binding->flows->apps[i];

		if (!matches_app(binding, app->name, container, matched))
			continue;
		member = true;
		declare(app->boundary.ingress, host->ingress, &boundary.ingress);
		declare(app->boundary.egress, host->egress, &boundary.egress);
		declare(app->boundary.host, host->host, &boundary.host);
	}
	return member ? boundary : *host;
}

static bool is_unguarded(const struct binding *binding, const bool *matched)
{
	for (size_t i = 0; i < binding->named_count; i++) {
		if (matched[i] && binding->selectors[i].defined && binding->selectors[i].defined->unguarded)
			return true;
	}
	return false;
}

int binding_match(const struct binding *binding, const struct container *container, bool **ret_matched)
{
	bool *matched = calloc(binding->selector_count + 1, sizeof(*matched));

	if (!matched)
		return -ENOMEM;
	for (size_t i = 0; i < binding->selector_count; i++)
		matched[i] = matches(binding, &binding->selectors[i], container, matched);
	*ret_matched = matched;
	return 0;
}

bool binding_is_peer(const struct binding *binding, const bool *matched, uint32_t flow, bool from, size_t peer)
{
	const struct bound_flow *bound = &binding->bound[flow];

	return matched[from ? bound->from[peer] : bound->to[peer]];
}

/* Who says more of himself than anybody reads may be anybody's: no flow is his, and whatever any app could close for
 * him is closed. */
static int bind_obscure(const struct binding *binding, struct container *container)
{
	const struct flow_boundaries closed = { FLOW_BOUNDARY_DECLARED, FLOW_BOUNDARY_DECLARED,
						FLOW_BOUNDARY_DECLARED };
	char *services = strdup("");

	if (!services)
		return -ENOMEM;
	free(container->services);
	container->services = services;
	container->from_count = container->to_count = 0;
	container->observed = binding->defaults.mode == FLOW_MODE_OBSERVE;
	container->boundary = closed;
	container->unguarded = false;
	return 0;
}

int binding_bind(const struct binding *binding, struct container *container)
{
	cleanup_free bool *matched = NULL;
	cleanup_free struct flow_use *from = NULL, *to = NULL;
	cleanup_free char *services = NULL;
	size_t from_count, to_count;

	if (container->obscure)
		return bind_obscure(binding, container);
	if (binding_match(binding, container, &matched) < 0)
		return -ENOMEM;
	if (collect_uses(binding, matched, true, &from, &from_count) < 0 ||
	    collect_uses(binding, matched, false, &to, &to_count) < 0 ||
	    describe(binding, container, matched, &services) < 0)
		return -ENOMEM;
	free(container->from_flows);
	free(container->to_flows);
	free(container->services);
	container->from_flows = steal(from);
	container->from_count = from_count;
	container->to_flows = steal(to);
	container->to_count = to_count;
	container->services = steal(services);
	container->observed = observes(binding, container, matched);
	container->boundary = bound_by(binding, container, matched);
	container->unguarded = is_unguarded(binding, matched);
	return 0;
}

int binding_bind_all(const struct binding *binding, struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->container_count; i++) {
		int r = binding_bind(binding, inventory->containers[i]);

		if (r < 0)
			return r;
	}
	return 0;
}
