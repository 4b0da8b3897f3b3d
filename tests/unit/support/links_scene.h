/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of links share: namespaces of their own, links in them, and waiting for news. */
#ifndef BULKHEAD_LINKS_SCENE_H
#define BULKHEAD_LINKS_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "links.h"

#define DEADLINE_MS 60000 /* it only ends what hangs */

/* Whether this host lets us have one. */
extern bool have_namespace;

/* A group's setup. */
int enter_namespace(void **state);

/* A command of ip(8), which has to succeed. */
__attribute__((format(printf, 1, 2))) void ip(const char *fmt, ...);

/* A network namespace beside ours, which lives as long as this process. */
pid_t other_namespace(void);
void end_namespace(pid_t child);

/* As ip(), within the namespace of that process. */
__attribute__((format(printf, 2, 3))) void ip_in(pid_t where, const char *fmt, ...);
int64_t now_ms(void);
struct links_news drain(struct links *links);

/* Waits for news of one kind until the deadline. */
bool wait_for(struct links *links, int fd, bool bridges);

#define NEED_NAMESPACE()                                                                                               \
	do {                                                                                                           \
		if (!have_namespace)                                                                                   \
			skip();                                                                                        \
	} while (0)

/* "br-a/veth-a=02:00:00:00:00:01 " for each, with "?" for an unknown MAC; the caller frees. */
char *ports_text(struct links *links);
void assert_ports(struct links *links, const char *expected);

/* Reads all that is there; true if any of it was news of ports. */
bool drain_all(struct links *links, int fd);

/* A subscription and a table that is followed. */
int follow(struct links **ret_links);

/* So that no test sees what another one left. */
int fresh_namespace(void **state);

#define VETH(name, peer, mac) "link add " name " type veth peer name " peer " address " mac

#endif
