/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container is called: by its labels, and by the criteria of a service's definition. */
#ifndef BULKHEAD_CONTAINER_MATCH_H
#define BULKHEAD_CONTAINER_MATCH_H

#include <stdbool.h>

#include "flow.h"
#include "inventory.h"

#define LABEL_COMPOSE_PROJECT "com.docker.compose.project"
#define LABEL_COMPOSE_SERVICE "com.docker.compose.service"
#define LABEL_SWARM_SERVICE   "com.docker.swarm.service.name"
#define LABEL_SWARM_STACK     "com.docker.stack.namespace"
#define LABEL_APP	      "bulkhead.app"
#define LABEL_SERVICE	      "bulkhead.service"

/* Whether it is that service of the app where no definition says what the name stands for: by Compose's labels,
 * Swarm's, or bulkhead's. */
bool container_has_name(const struct container *container, const char *app, const char *service);

/* Whether it meets every criterion of the definition. */
bool container_fits(const struct container *container, const char *app, const struct flow_service *service);

/* Whether a label says that it is of that app; of any app. */
bool container_is_labelled(const struct container *container, const char *app);
bool container_is_labelled_any(const struct container *container);

#endif
