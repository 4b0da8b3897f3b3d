/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One name in "from" or "to": SERVICE, APP/SERVICE, APP/ *, * / *, *, world or host. */
#include <errno.h>
#include <string.h>

#include "flow_parse_parts.h"

/* app and service are copied; either may be NULL. */
static int set_peer(struct flow_peer *peer, enum flow_peer_kind kind, const char *app, const char *service)
{
	peer->kind = kind;
	peer->app = app ? strdup(app) : NULL;
	peer->service = service ? strdup(service) : NULL;
	if ((app && !peer->app) || (service && !peer->service)) {
		free(steal(peer->app));
		free(steal(peer->service));
		return -ENOMEM;
	}
	return 0;
}

static int parse_bare(struct flow_parse *parse, const struct jsonc *value, struct flow_peer *peer)
{
	const char *text = value->text, *problem;

	if (strcmp(text, "*") == 0)
		return set_peer(peer, FLOW_PEER_APP, parse->app->name, NULL);
	if (strcmp(text, "world") == 0)
		return set_peer(peer, FLOW_PEER_WORLD, NULL, NULL);
	if (strcmp(text, "host") == 0)
		return set_peer(peer, FLOW_PEER_HOST, NULL, NULL);
	problem = flow_parse_name_problem(text);
	if (!problem)
		return set_peer(peer, FLOW_PEER_SERVICE, parse->app->name, text);
	jsonc_check_error_at(&parse->check, value, "service name \"%s\" %s", text, problem);
	return -EINVAL;
}

/* An asterisk for the app. */
static int parse_every_app(struct flow_parse *parse, const struct jsonc *value, const char *service,
			   enum flow_parse_side side, struct flow_peer *peer)
{
	if (strcmp(service, "*") != 0) {
		jsonc_check_error_at(
			&parse->check, value,
			"\"%s\" leaves the app open: name it, as in \"shop/web\", or write \"*/*\" for every "
			"container of every app",
			value->text);
		return -EINVAL;
	}
	if (side == FLOW_PARSE_TO) {
		jsonc_check_error_at(&parse->check, value,
				     "\"*/*\" cannot stand in \"to\": a flow into another app must stand in that app's "
				     "file; every container of this app is \"*\"");
		return -EINVAL;
	}
	return set_peer(peer, FLOW_PEER_ALL, NULL, NULL);
}

static int parse_qualified(struct flow_parse *parse, const struct jsonc *value, const char *app, const char *service,
			   enum flow_parse_side side, struct flow_peer *peer)
{
	const char *own = parse->app->name, *problem;

	if (strcmp(app, "*") == 0)
		return parse_every_app(parse, value, service, side, peer);
	problem = flow_parse_name_problem(app);
	if (problem) {
		jsonc_check_error_at(&parse->check, value, "app name \"%s\" %s", app, problem);
		return -EINVAL;
	}
	problem = strcmp(service, "*") == 0 ? NULL : flow_parse_name_problem(service);
	if (problem) {
		jsonc_check_error_at(&parse->check, value, "service name \"%s\" %s", service, problem);
		return -EINVAL;
	}
	/* Where the file's own name is not known, nobody knows whether this is another one. */
	if (side == FLOW_PARSE_TO && *own && strcmp(app, own) != 0) {
		jsonc_check_error_at(&parse->check, value, "a flow into app \"%s\" must stand in that app's file", app);
		return -EINVAL;
	}
	if (strcmp(service, "*") == 0)
		return set_peer(peer, FLOW_PEER_APP, app, NULL);
	return set_peer(peer, FLOW_PEER_SERVICE, app, service);
}

int flow_parse_peer(struct flow_parse *parse, const struct jsonc *value, enum flow_parse_side side,
		    struct flow_peer *ret_peer)
{
	const char *what = side == FLOW_PARSE_FROM ? "a name in \"from\"" : "a name in \"to\"";
	cleanup_free char *app = NULL;
	const char *slash;
	int r;

	if (!jsonc_check_text(&parse->check, value, what, false))
		return -EINVAL;
	slash = strchr(value->text, '/');
	if (slash) {
		app = strndup(value->text, (size_t)(slash - value->text));
		if (!app)
			return -ENOMEM;
		r = parse_qualified(parse, value, app, slash + 1, side, ret_peer);
	} else {
		r = parse_bare(parse, value, ret_peer);
	}
	if (r < 0)
		return r;
	ret_peer->line = value->line;
	ret_peer->column = value->column;
	return 0;
}
