/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts that a flow file's parser is made of; private to flow_parse*.c and config_parse.c. */
#ifndef BULKHEAD_FLOW_PARSE_PARTS_H
#define BULKHEAD_FLOW_PARSE_PARTS_H

#include "flow.h"
#include "jsonc_check.h"

/* Problems go to check's diagnostics and parsing goes on.  So the functions that return int return -ENOMEM where it
 * cannot, and those of one value return -EINVAL where they reported it. */
struct flow_parse {
	struct jsonc_check check;
	struct flow_app *app; /* grows; name is "" where the file gives no valid one */
};

int flow_parse_services(struct flow_parse *parse, const struct jsonc *value);
int flow_parse_flows(struct flow_parse *parse, const struct jsonc *value);

enum flow_parse_side {
	FLOW_PARSE_FROM,
	FLOW_PARSE_TO,
};
/* One name in "from" or "to". */
int flow_parse_peer(struct flow_parse *parse, const struct jsonc *value, enum flow_parse_side side,
		    struct flow_peer *ret_peer);
int flow_parse_port(struct jsonc_check *check, const struct jsonc *value, struct flow_port *ret_port);

/* value may be NULL: then nothing changes. */
void flow_parse_mode(struct jsonc_check *check, const struct jsonc *value, enum flow_mode *mode);
void flow_parse_boundary(struct jsonc_check *check, const struct jsonc *value, struct flow_boundaries *boundary);

/* Why text cannot name an app or a service, as the rest of a sentence; NULL if it can. */
const char *flow_parse_name_problem(const char *text);

/* The name that was probably meant by one that is not among `names`, or NULL.  Names that differ in trailing digits
 * alone (web1, web2) are different things, not spellings of one.  -ENOMEM. */
int flow_parse_near_miss(const char *word, const char *const *names, size_t count, const char **ret_near);

/* Reports bare names that are near misses of a defined service. */
int flow_parse_check_services(struct flow_parse *parse);

#endif
