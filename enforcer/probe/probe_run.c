/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe_run.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>

#include "loop.h"
#include "probe_socket.h"

/* Each kind is sent so often: a packet may be lost for reasons of no interest. */
#define ROUNDS	 5
#define ROUND_MS 40
#define NS	 1000000ull /* per millisecond */

/* So that one call ends, however much a bridge floods; what is left is read in the next one. */
#define HEAR_FRAMES 4096

_Static_assert(ROUNDS *ROUND_MS < PROBE_RUN_MS, "the last packet has time to arrive as well");

struct run {
	struct probe_endpoints *endpoints;
	uint8_t token[PROBE_TOKEN_SIZE];
};

/* ---- Sending ---- */

static bool send_one(const struct run *run, const struct probe_place *place, struct probe_label *label)
{
	struct probe_endpoints *endpoints = run->endpoints;
	uint8_t frame[PROBE_FRAME_SIZE];
	size_t size;

	/* One that cannot be sent is missed at the places where it should be seen. */
	label->way = PROBE_THROUGH;
	size = probe_packet_build(&place->ends, label, frame);
	if (!size)
		return false;
	(void)probe_socket_send(endpoints->senders.packets, place->sender_link, frame, size);
	label->way = PROBE_DIRECT;
	size = probe_packet_build(&place->ends, label, frame);
	(void)probe_socket_send(endpoints->voice, place->receiver_port, frame, size);
	return true;
}

static void send_all(const struct run *run)
{
	struct probe_endpoints *endpoints = run->endpoints;
	struct probe_label label;

	memcpy(label.token, run->token, sizeof(label.token));
	for (size_t i = 0; i < endpoints->count; i++) {
		struct probe_place *place = &endpoints->places[i];

		label.place = (uint16_t)i;
		for (int kind = 0; probe_place_works(place) && kind < PROBE_KINDS; kind++) {
			label.kind = (enum probe_kind)kind;
			if (send_one(run, place, &label))
				place->sent |= 1u << kind;
		}
	}
}

/* ---- Hearing ---- */

/* Calls took for each labelled frame that is there.  0 or negative errno. */
static int hear(const struct run *run, int ear,
		void (*took)(struct probe_place *place, const struct probe_label *label))
{
	uint8_t frame[2048];
	struct probe_label label;
	int link;

	for (int i = 0; i < HEAR_FRAMES; i++) {
		int size = probe_socket_receive(ear, frame, sizeof(frame), &link);

		if (size <= 0)
			return size == -ENETDOWN ? 0 : size;
		if (probe_packet_read(frame, (size_t)size, run->token, &label) && label.place < run->endpoints->count)
			took(&run->endpoints->places[label.place], &label);
	}
	return 0;
}

static void took_left(struct probe_place *place, const struct probe_label *label)
{
	if (label->way == PROBE_THROUGH)
		place->left |= 1u << label->kind;
}

static void took_arrived(struct probe_place *place, const struct probe_label *label)
{
	if (label->way == PROBE_THROUGH)
		place->arrived |= 1u << label->kind;
	else
		place->audible |= 1u << label->kind;
}

static int hear_all(const struct run *run)
{
	struct probe_endpoints *endpoints = run->endpoints;
	int r = hear(run, endpoints->receivers.packets, took_arrived);

	for (size_t i = 0; r == 0 && i < endpoints->count; i++) {
		if (endpoints->places[i].ear >= 0)
			r = hear(run, endpoints->places[i].ear, took_left);
	}
	return r;
}

static bool all_arrived(const struct probe_endpoints *endpoints)
{
	for (size_t i = 0; i < endpoints->count; i++) {
		if (probe_place_works(&endpoints->places[i]) &&
		    endpoints->places[i].arrived != endpoints->places[i].sent)
			return false;
	}
	return true;
}

/* ---- The whole ---- */

/* Milliseconds until then, rounded up. */
static int left_until(uint64_t then)
{
	uint64_t now = loop_now_ns();

	return now >= then ? 0 : (int)((then - now + NS - 1) / NS);
}

/* The senders' ears can wait: only their first word counts. */
static int hear_until(const struct run *run, uint64_t then)
{
	struct pollfd ear = { .fd = run->endpoints->receivers.packets, .events = POLLIN };
	int r, left;

	do {
		left = left_until(then);
		(void)poll(&ear, 1, left);
		r = hear_all(run);
	} while (r == 0 && left > 0 && !all_arrived(run->endpoints));
	return r;
}

int probe_run(struct probe_endpoints *endpoints, struct error *err)
{
	struct run run = { .endpoints = endpoints };
	uint64_t start = loop_now_ns();
	int r = 0;

	if (getrandom(run.token, sizeof(run.token), 0) != sizeof(run.token))
		return error_set(err, -errno, "random bytes: %s", strerror(errno));
	for (unsigned round = 0; r == 0 && round < ROUNDS; round++) {
		send_all(&run);
		r = hear_until(&run, start + (round + 1) * ROUND_MS * NS);
		if (all_arrived(endpoints))
			break;
	}
	if (r == 0)
		r = hear_until(&run, start + PROBE_RUN_MS * NS);
	endpoints->lost = probe_socket_lost(endpoints->receivers.packets);
	return r < 0 ? error_set(err, r, "hearing what arrives: %s", strerror(-r)) : 0;
}

/* An open door is one, whatever else went wrong; a closed one only if nothing did. */
enum probe_verdict probe_judge(const struct probe_place *place, bool lost, unsigned kinds, unsigned *ret_which)
{
	unsigned sent = place->sent & kinds;

	*ret_which = place->arrived & kinds;
	if (*ret_which)
		return PROBE_ARRIVED;
	*ret_which = kinds;
	if (!probe_place_works(place) || !sent)
		return PROBE_NOT_SENT;
	*ret_which = sent & ~place->left;
	if (*ret_which)
		return PROBE_NOT_LEFT;
	*ret_which = sent & ~place->audible;
	if (*ret_which)
		return PROBE_NOT_AUDIBLE;
	*ret_which = sent;
	return lost ? PROBE_TOO_LOUD : PROBE_SILENT;
}
