/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What records say about themselves. */
#include <stdio.h>
#include <string.h>

#include "compile_parts.h"

/* A peer as the app's file says it. */
static void peer_text(const struct flow_app *app, const struct flow_peer *peer, char *text, size_t size)
{
	bool own = peer->app && strcmp(peer->app, app->name) == 0;

	switch (peer->kind) {
	case FLOW_PEER_SERVICE:
		snprintf(text, size, "%s%s%s", own ? "" : peer->app, own ? "" : "/", peer->service);
		break;
	case FLOW_PEER_APP:
		snprintf(text, size, "%s%s*", own ? "" : peer->app, own ? "" : "/");
		break;
	case FLOW_PEER_ALL:
		snprintf(text, size, "*/*");
		break;
	case FLOW_PEER_WORLD:
		snprintf(text, size, "world");
		break;
	case FLOW_PEER_HOST:
		snprintf(text, size, "host");
		break;
	}
}

static void flow_text(const struct flow_app *app, const struct flow *flow, const char *source, uint32_t from,
		      const char *destination, uint32_t to, char text[POLICY_COMMENT_MAX + 1])
{
	struct policy_flow_comment parts;

	snprintf(parts.app, sizeof(parts.app), "%s", app->name);
	peer_text(app, &flow->from[from], parts.from, sizeof(parts.from));
	peer_text(app, &flow->to[to], parts.to, sizeof(parts.to));
	snprintf(parts.source, sizeof(parts.source), "%s", source);
	snprintf(parts.destination, sizeof(parts.destination), "%s", destination);
	policy_flow_comment_format(&parts, text);
}

void compile_comment_flow(const struct flow_app *app, const struct flow *flow, const struct end *source, uint32_t from,
			  const struct end *destination, uint32_t to, char text[POLICY_COMMENT_MAX + 1])
{
	flow_text(app, flow, compile_end_name(source), from, compile_end_name(destination), to, text);
}

void compile_comment_inward(const struct flow_app *app, const struct flow *flow, uint32_t from, const char *outside,
			    const struct end *destination, uint32_t to, char text[POLICY_COMMENT_MAX + 1])
{
	flow_text(app, flow, outside, from, compile_end_name(destination), to, text);
}

void compile_comment_outward(const struct flow_app *app, const struct flow *flow, const struct end *source,
			     uint32_t from, uint32_t to, const char *outside, char text[POLICY_COMMENT_MAX + 1])
{
	flow_text(app, flow, compile_end_name(source), from, outside, to, text);
}

void compile_comment_own(const struct end *source, const char *from, const char *to, const char *destination,
			 char text[POLICY_COMMENT_MAX + 1])
{
	struct policy_flow_comment parts = { .app = "bulkhead" };

	snprintf(parts.from, sizeof(parts.from), "%s", from);
	snprintf(parts.to, sizeof(parts.to), "%s", to);
	snprintf(parts.source, sizeof(parts.source), "%s", compile_end_name(source));
	snprintf(parts.destination, sizeof(parts.destination), "%s", destination);
	policy_flow_comment_format(&parts, text);
}
