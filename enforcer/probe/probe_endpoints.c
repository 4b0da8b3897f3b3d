/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe_endpoints.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "loop.h"
#include "probe_socket.h"
#include "utf8.h"

/* Without spanning tree a port forwards as soon as its link is up; with it, after half a minute, for which nobody
 * waits. */
#define FORWARDING_MS 1000
#define LOOK_AGAIN_MS 5

/* ---- Namespaces ---- */

struct entrance {
	struct probe_namespace *made;
	bool hears;
	int result;
	struct error *err;
};

static int furnish(struct entrance *entrance)
{
	struct probe_namespace *made = entrance->made;

	made->fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (made->fd < 0)
		return error_set(entrance->err, -errno, "/proc/thread-self/ns/net: %s", strerror(errno));
	made->packets = entrance->hears ? probe_socket_ear(PROBE_SOCKET_EVERY_LINK) : probe_socket_voice();
	if (made->packets < 0)
		return error_set(entrance->err, made->packets, "a packet socket: %s", strerror(-made->packets));
	return links_maker_open(&made->links, entrance->err);
}

static void *enter(void *data)
{
	struct entrance *entrance = data;

	entrance->result = unshare(CLONE_NEWNET) < 0
				   ? error_set(entrance->err, -errno, "a network namespace: %s", strerror(errno))
				   : furnish(entrance);
	return NULL;
}

/* A thread of its own enters it and ends there: sockets stay where they were opened, and this one never leaves the
 * host's namespace, so there is no way back that could fail. */
static int make_namespace(struct probe_namespace *made, bool hears, struct error *err)
{
	struct entrance entrance = { .made = made, .hears = hears, .err = err };
	pthread_t thread;
	int r = pthread_create(&thread, NULL, enter, &entrance);

	if (r != 0)
		return error_set(err, -r, "a thread: %s", strerror(r));
	pthread_join(thread, NULL);
	return entrance.result;
}

static void close_namespace(struct probe_namespace *made)
{
	links_maker_close(made->links);
	if (made->packets >= 0)
		close(made->packets);
	if (made->fd >= 0)
		close(made->fd);
}

int probe_endpoints_new(size_t count, struct probe_endpoints **ret_endpoints, struct error *err)
{
	cleanup_of(probe_endpoints) struct probe_endpoints *endpoints = calloc(1, sizeof(*endpoints));
	int r;

	if (!endpoints)
		return error_oom(err);
	endpoints->senders.fd = endpoints->senders.packets = -1;
	endpoints->receivers.fd = endpoints->receivers.packets = endpoints->voice = -1;
	endpoints->places = calloc(count + 1, sizeof(*endpoints->places));
	if (!endpoints->places)
		return error_oom(err);
	endpoints->count = count;
	for (size_t i = 0; i < count; i++)
		endpoints->places[i].ear = -1;
	r = links_maker_open(&endpoints->host, err);
	if (r == 0)
		r = make_namespace(&endpoints->senders, false, err);
	if (r == 0)
		r = make_namespace(&endpoints->receivers, true, err);
	if (r < 0)
		return r;
	endpoints->voice = probe_socket_voice();
	if (endpoints->voice < 0)
		return error_set(err, endpoints->voice, "a packet socket: %s", strerror(-endpoints->voice));
	*ret_endpoints = steal(endpoints);
	return 0;
}

/* ---- Endpoints ---- */

/* The host's ends have the highest MACs that there are: a bridge without a MAC of its own takes its ports' lowest. */
static int make_names(struct probe_place *place, struct links_veth *sender, struct links_veth *receiver,
		      struct error *err)
{
	uint8_t random[4 + 4 * 5];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return error_set(err, -errno, "random bytes: %s", strerror(errno));
	snprintf(sender->name, sizeof(sender->name), "bhp%02x%02x%02x%02xs", random[0], random[1], random[2],
		 random[3]);
	snprintf(receiver->name, sizeof(receiver->name), "bhp%02x%02x%02x%02xr", random[0], random[1], random[2],
		 random[3]);
	sender->mac[0] = receiver->mac[0] = 0xfe;
	sender->peer_mac[0] = receiver->peer_mac[0] = 0x0a;
	memcpy(sender->mac + 1, random + 4, 5);
	memcpy(receiver->mac + 1, random + 9, 5);
	memcpy(sender->peer_mac + 1, random + 14, 5);
	memcpy(receiver->peer_mac + 1, random + 19, 5);
	memcpy(place->ends.from_mac, sender->peer_mac, 6);
	memcpy(place->ends.to_mac, receiver->peer_mac, 6);
	return 0;
}

/* A port with an endpoint behind it; name is where it is noted, once there is something to be removed. */
static int make_end(struct probe_endpoints *endpoints, struct probe_namespace *inside, const struct links_veth *veth,
		    int bridge, char name[16], int *ret_port, struct error *err)
{
	struct links_maker *host = endpoints->host;
	struct links_view port;
	int r = links_make_veth(host, veth, err);

	if (r < 0)
		return r;
	memcpy(name, veth->name, sizeof(veth->name));
	r = links_make_up(inside->links, veth->name, err);
	if (r == 0)
		r = links_make_port(host, veth->name, bridge, err);
	if (r == 0)
		r = links_make_up(host, veth->name, err);
	if (r == 0)
		r = links_make_look(host, veth->name, &port, err);
	if (r == 0)
		r = links_make_neighbour(host, port.index, veth->peer_mac, err);
	if (r == 0)
		*ret_port = port.index;
	return r;
}

static int make_ends(struct probe_endpoints *endpoints, struct probe_place *place, const struct links_view *bridge,
		     struct error *err)
{
	/* A bridge takes the smallest MTU of its ports: ours change nothing. */
	struct links_veth sender = { .mtu = bridge->mtu, .netns = endpoints->senders.fd };
	struct links_veth receiver = { .mtu = bridge->mtu, .netns = endpoints->receivers.fd };
	struct links_view inside = { 0 };
	int r = make_names(place, &sender, &receiver, err);

	if (r == 0)
		r = make_end(endpoints, &endpoints->senders, &sender, bridge->index, place->sender, &place->sender_port,
			     err);
	if (r == 0)
		r = make_end(endpoints, &endpoints->receivers, &receiver, bridge->index, place->receiver,
			     &place->receiver_port, err);
	if (r == 0)
		r = links_make_look(endpoints->senders.links, sender.name, &inside, err);
	if (r < 0)
		return r;
	place->sender_link = inside.index;
	place->ear = probe_socket_ear(place->sender_port);
	return place->ear < 0 ? error_set(err, place->ear, "a packet socket: %s", strerror(-place->ear)) : 0;
}

bool probe_place_works(const struct probe_place *place)
{
	return !place->down && !place->problem[0];
}

static void note(struct probe_place *place, const char *problem)
{
	snprintf(place->problem, sizeof(place->problem), "%.*s", (int)utf8_cut(problem, sizeof(place->problem) - 1),
		 problem);
}

static void make_place(struct probe_endpoints *endpoints, struct probe_place *place)
{
	struct links_view bridge;
	struct error err;
	int r = links_make_look(endpoints->host, place->bridge, &bridge, &err);

	/* The engine names it: one that is not there may just have gone, or be another host's. */
	if (r == -ENODEV)
		error_set(&err, r, "its bridge %s is no link of this network namespace", place->bridge);
	if (r == 0 && !bridge.up)
		place->down = true;
	else if (r < 0 || make_ends(endpoints, place, &bridge, &err) < 0)
		note(place, err.text);
}

static bool forwards(struct probe_endpoints *endpoints, const char *name)
{
	struct links_view view;

	return links_make_look(endpoints->host, name, &view, NULL) == 0 && view.up && view.forwards;
}

static bool place_forwards(struct probe_endpoints *endpoints, const struct probe_place *place)
{
	return forwards(endpoints, place->sender) && forwards(endpoints, place->receiver);
}

void probe_endpoints_make(struct probe_endpoints *endpoints)
{
	uint64_t deadline;

	for (size_t i = 0; i < endpoints->count; i++)
		make_place(endpoints, &endpoints->places[i]);
	deadline = loop_now_ns() + FORWARDING_MS * 1000000ull;
	for (size_t i = 0; i < endpoints->count; i++) {
		struct probe_place *place = &endpoints->places[i];

		if (!probe_place_works(place))
			continue;
		while (!place_forwards(endpoints, place) && loop_now_ns() < deadline)
			(void)poll(NULL, 0, LOOK_AGAIN_MS);
		if (!place_forwards(endpoints, place))
			note(place, "the bridge does not forward what comes from new ports yet (spanning tree?)");
	}
}

void probe_endpoints_recheck(struct probe_endpoints *endpoints)
{
	for (size_t i = 0; i < endpoints->count; i++) {
		struct probe_place *place = &endpoints->places[i];

		if (probe_place_works(place) && !place_forwards(endpoints, place))
			note(place, "the bridge, or a port of the probe, changed meanwhile");
	}
}

void probe_endpoints_free(struct probe_endpoints *endpoints)
{
	if (!endpoints)
		return;
	for (size_t i = 0; i < endpoints->count; i++) {
		struct probe_place *place = &endpoints->places[i];

		/* What cannot be removed goes with its namespace. */
		if (place->sender[0])
			(void)links_make_removed(endpoints->host, place->sender, NULL);
		if (place->receiver[0])
			(void)links_make_removed(endpoints->host, place->receiver, NULL);
		if (place->ear >= 0)
			close(place->ear);
	}
	close_namespace(&endpoints->senders);
	close_namespace(&endpoints->receivers);
	links_maker_close(endpoints->host);
	if (endpoints->voice >= 0)
		close(endpoints->voice);
	free(endpoints->places);
	free(endpoints);
}
