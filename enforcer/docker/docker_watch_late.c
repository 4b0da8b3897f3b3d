/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second look at what an event was about. */
#include "docker_watch_late.h"

#include <stdlib.h>
#include <string.h>

#include "docker_watch_queries.h"

static void set_timer(struct docker_watch *watch)
{
	uint64_t now = loop_now_ns();

	if (watch->late_count)
		loop_timer_set(watch->timers[WATCH_LATE],
			       watch->late[0].due_ns > now ? (watch->late[0].due_ns - now) / 1000000 + 1 : 0);
}

static bool append(struct docker_watch *watch, const char *id)
{
	struct late *late;

	if (watch->late_count == watch->late_room) {
		size_t room = watch->late_room ? watch->late_room * 2 : 16;
		struct late *grown = reallocarray(watch->late, room, sizeof(*grown));

		if (!grown)
			return false;
		watch->late = grown;
		watch->late_room = room;
	}
	late = &watch->late[watch->late_count++];
	*late = (struct late){ .due_ns = loop_now_ns() + (uint64_t)LATE_MS * 1000000 };
	strcpy(late->id, id);
	return true;
}

void docker_watch_look_late(struct docker_watch *watch, const char *id)
{
	if (strlen(id) >= sizeof(watch->late->id))
		return;
	/* Events that do not end must not put it off for ever. */
	for (size_t i = 0; i < watch->late_count; i++) {
		if (strcmp(watch->late[i].id, id) == 0) {
			watch->late[i].again = true;
			return;
		}
	}
	if (!append(watch, id))
		docker_watch_want_snapshot(watch);
	else if (watch->late_count == 1)
		set_timer(watch);
}

void docker_watch_look_at_due(void *data)
{
	struct docker_watch *watch = data;
	uint64_t now = loop_now_ns();

	while (watch->late_count && watch->late[0].due_ns <= now) {
		struct late due = watch->late[0];

		memmove(watch->late, watch->late + 1, --watch->late_count * sizeof(due));
		if (due.again)
			docker_watch_look_late(watch, due.id);
		docker_watch_look_from_loop(watch, QUERY_CONTAINER, due.id);
	}
	set_timer(watch);
}
