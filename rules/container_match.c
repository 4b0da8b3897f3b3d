/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container_match.h"

#include <fnmatch.h>
#include <string.h>

static bool has_label(const struct container *container, const char *key, const char *value)
{
	const char *label = container_label(container, key);

	return label && strcmp(label, value) == 0;
}

/* "shop" and "web" against "shop_web", without building the string.  "a_b_web" is b_web of stack a, or web of stack
 * a_b: a service of a stack says which. */
static bool is_swarm_service(const struct container *container, const char *app, const char *service)
{
	const char *label = container_label(container, LABEL_SWARM_SERVICE);
	const char *stack = container_label(container, LABEL_SWARM_STACK);
	size_t length = strlen(app);

	return label && (!stack || strcmp(stack, app) == 0) && strncmp(label, app, length) == 0 &&
	       label[length] == '_' && strcmp(label + length + 1, service) == 0;
}

bool container_has_name(const struct container *container, const char *app, const char *service)
{
	return (has_label(container, LABEL_COMPOSE_PROJECT, app) &&
		has_label(container, LABEL_COMPOSE_SERVICE, service)) ||
	       is_swarm_service(container, app, service) ||
	       (has_label(container, LABEL_APP, app) && has_label(container, LABEL_SERVICE, service));
}

bool container_fits(const struct container *container, const char *app, const struct flow_service *service)
{
	if (service->compose && !(has_label(container, LABEL_COMPOSE_PROJECT, app) &&
				  has_label(container, LABEL_COMPOSE_SERVICE, service->compose)))
		return false;
	if (service->swarm && !has_label(container, LABEL_SWARM_SERVICE, service->swarm))
		return false;
	if (service->container && (!container->name || fnmatch(service->container, container->name, 0) != 0))
		return false;
	if (service->image && (!container->image || fnmatch(service->image, container->image, 0) != 0))
		return false;
	for (size_t i = 0; i < service->label_count; i++) {
		if (!has_label(container, service->labels[i].key, service->labels[i].value))
			return false;
	}
	/* The parser refuses a definition without criteria; one that came another way must not match everything. */
	return service->compose || service->swarm || service->container || service->image || service->label_count;
}

bool container_is_labelled(const struct container *container, const char *app)
{
	return has_label(container, LABEL_COMPOSE_PROJECT, app) || has_label(container, LABEL_SWARM_STACK, app) ||
	       has_label(container, LABEL_APP, app);
}

bool container_is_labelled_any(const struct container *container)
{
	return container_label(container, LABEL_COMPOSE_PROJECT) || container_label(container, LABEL_SWARM_STACK) ||
	       container_label(container, LABEL_APP);
}
