/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The endpoints that a change touches. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inventory.h"

void inventory_scope_clear(struct inventory_scope *scope)
{
	free(scope->items);
	memset(scope, 0, sizeof(*scope));
}

int inventory_scope_add(struct inventory_scope *scope, const char *network, const char *container)
{
	void *items;

	if (strlen(network) >= sizeof(scope->items->network) || strlen(container) >= sizeof(scope->items->container)) {
		/* An id has 64 hex digits.  This is none; to look at everything is right in any case. */
		scope->all = true;
		return 0;
	}
	for (size_t i = 0; i < scope->count; i++) {
		if (strcmp(scope->items[i].network, network) == 0 && strcmp(scope->items[i].container, container) == 0)
			return 0;
	}
	items = realloc(scope->items, (scope->count + 1) * sizeof(*scope->items));
	if (!items)
		return -ENOMEM;
	scope->items = items;
	strcpy(scope->items[scope->count].network, network);
	strcpy(scope->items[scope->count].container, container);
	scope->count++;
	return 0;
}
