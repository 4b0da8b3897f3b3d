/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile_host.h"

#include <errno.h>
#include <stdlib.h>

#include "log.h"
#include "loop.h"
#include "reconcile_state.h"

bool reconcile_sockets_news(struct reconciler *r)
{
	bool news = r->sockets.news;

	r->sockets.news = false;
	return news;
}

int reconcile_sockets_tell(const struct reconciler *r, uint64_t **ret_cookies, size_t *ret_count)
{
	uint64_t *cookies = calloc(r->sockets.count + 1, sizeof(*cookies));
	size_t count = 0;

	if (!cookies)
		return -ENOMEM;
	for (size_t i = 0; i < r->sockets.count; i++) {
		if (r->sockets.items[i].proven)
			cookies[count++] = r->sockets.items[i].cookie;
	}
	*ret_cookies = cookies;
	*ret_count = count;
	return 0;
}

void reconcile_sockets_know(struct reconciler *r, const uint64_t *cookies, size_t count)
{
	struct reconcile_socket *items = calloc(count + 1, sizeof(*items));

	if (!items)
		return;
	for (size_t i = 0; i < count; i++)
		items[i] = (struct reconcile_socket){ .cookie = cookies[i], .proven = true };
	free(r->sockets.items);
	r->sockets.items = items;
	r->sockets.count = count;
}

/* Whether anything is closed for a container that starts. */
static bool has_claims(const struct inventory *inventory)
{
	if (inventory->unsettled)
		return true;
	for (size_t i = 0; i < inventory->container_count; i++) {
		if (!inventory->containers[i]->started && inventory->containers[i]->published_count)
			return true;
	}
	return false;
}

bool reconcile_look_at_sockets(struct reconciler *r)
{
	struct host_socket *found = NULL;
	bool changed = false;
	struct error err;
	size_t count;

	if (!r->inventory)
		return false;
	if (host_sockets_read(&found, &count, &err) < 0) {
		/* Then nothing is known to be the host's, which closes more. */
		log_debug("%s", err.text);
		count = 0;
	}
	if (reconcile_sockets_judge(&r->sockets, found, count, loop_now_ns(), r->inventory, &changed) < 0)
		changed = false;
	free(found);
	r->sockets.news = r->sockets.news || changed;
	if (changed)
		log_debug("the host serves %zu ports itself", r->inventory->held_count);
	changed = changed && has_claims(r->inventory);
	r->doubtful = r->doubtful || changed;
	return changed;
}
