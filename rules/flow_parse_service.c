/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "services": what each name stands for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "flow_parse_parts.h"

/* A criterion that is text; value may be NULL. */
static int parse_criterion(struct flow_parse *parse, const struct jsonc *value, const char *what, char **ret_text)
{
	const char *text = value ? jsonc_check_text(&parse->check, value, what, false) : NULL;

	if (!text)
		return 0;
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static int parse_label(struct flow_parse *parse, const struct jsonc_member *member, struct flow_service *service)
{
	struct flow_label *label = &service->labels[service->label_count];

	if (!*member->key) {
		jsonc_check_error(&parse->check, member->line, member->column, "a label's key must not be empty");
		return 0;
	}
	/* A label without a value has the empty one. */
	if (!jsonc_check_text(&parse->check, &member->value, "a label's value", true))
		return 0;
	label->key = strdup(member->key);
	label->value = strdup(member->value.text);
	service->label_count++;
	return label->key && label->value ? 0 : -ENOMEM;
}

static int parse_labels(struct flow_parse *parse, const struct jsonc *value, struct flow_service *service)
{
	if (!value || !jsonc_check_type(&parse->check, value, "\"labels\"", JSONC_OBJECT))
		return 0;
	if (value->count == 0) {
		jsonc_check_error_at(&parse->check, value,
				     "\"labels\" must not be empty: without a label it would match every container");
		return 0;
	}
	service->labels = calloc(value->count, sizeof(*service->labels));
	if (!service->labels)
		return -ENOMEM;
	for (size_t i = 0; i < value->count; i++) {
		if (parse_label(parse, &value->members[i], service) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* value may be NULL. */
static void parse_guard(struct flow_parse *parse, const struct jsonc *value, bool *unguarded)
{
	static const char *const names[] = { "on", "off" };
	int choice = value ? jsonc_check_choice(&parse->check, value, "\"guard\"", names, 2) : -1;

	if (choice >= 0)
		*unguarded = choice == 1;
}

static int parse_definition(struct flow_parse *parse, const struct jsonc_member *member, struct flow_service *service)
{
	const struct jsonc *compose = NULL, *swarm = NULL, *container = NULL, *image = NULL, *labels = NULL;
	const struct jsonc *guard = NULL;
	const struct jsonc_field fields[] = {
		{ "compose", &compose }, { "swarm", &swarm },	{ "container", &container },
		{ "image", &image },	 { "labels", &labels }, { "guard", &guard },
	};
	char what[FLOW_NAME_MAX + sizeof("service \"\"")];

	snprintf(what, sizeof(what), "service \"%.*s\"", FLOW_NAME_MAX, member->key);
	if (!jsonc_check_object(&parse->check, &member->value, what, fields, 6))
		return 0;
	/* How it is guarded says nothing about who it is. */
	if (member->value.count == (guard ? 1 : 0))
		jsonc_check_error_at(&parse->check, &member->value,
				     "%s would match every container: give at least one of \"compose\", \"swarm\", "
				     "\"container\", \"image\" and \"labels\"",
				     what);
	parse_guard(parse, guard, &service->unguarded);
	if (parse_criterion(parse, compose, "\"compose\"", &service->compose) < 0 ||
	    parse_criterion(parse, swarm, "\"swarm\"", &service->swarm) < 0 ||
	    parse_criterion(parse, container, "\"container\"", &service->container) < 0 ||
	    parse_criterion(parse, image, "\"image\"", &service->image) < 0)
		return -ENOMEM;
	return parse_labels(parse, labels, service);
}

static int parse_service(struct flow_parse *parse, const struct jsonc_member *member)
{
	struct flow_app *app = parse->app;
	struct flow_service *service = &app->services[app->service_count];
	const char *problem = flow_parse_name_problem(member->key);

	if (problem)
		jsonc_check_error(&parse->check, member->line, member->column, "service name \"%s\" %s", member->key,
				  problem);
	service->name = strdup(member->key);
	if (!service->name)
		return -ENOMEM;
	service->line = member->line;
	service->column = member->column;
	app->service_count++;
	return parse_definition(parse, member, service);
}

int flow_parse_services(struct flow_parse *parse, const struct jsonc *value)
{
	if (!jsonc_check_type(&parse->check, value, "\"services\"", JSONC_OBJECT) || value->count == 0)
		return 0;
	parse->app->services = calloc(value->count, sizeof(*parse->app->services));
	if (!parse->app->services)
		return -ENOMEM;
	for (size_t i = 0; i < value->count; i++) {
		if (parse_service(parse, &value->members[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}
