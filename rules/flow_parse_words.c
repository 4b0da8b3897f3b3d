/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What flow files and configuration say in the same words: names, modes, boundaries. */
#include <string.h>

#include "flow_parse_parts.h"

const char *flow_parse_name_problem(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (!*text)
		return "must not be empty";
	if (text[strspn(text, allowed)])
		return "may only contain letters, digits, \"_\", \".\" and \"-\"";
	if (strchr("_.-", *text))
		return "must begin with a letter or digit";
	if (strlen(text) > FLOW_NAME_MAX)
		return "is too long: at most 63 bytes";
	if (strcmp(text, "world") == 0 || strcmp(text, "host") == 0)
		return "is reserved: \"world\" and \"host\" are what is outside the containers";
	return NULL;
}

void flow_parse_mode(struct jsonc_check *check, const struct jsonc *value, enum flow_mode *mode)
{
	static const char *const names[] = { "enforce", "observe" };
	int choice;

	if (!value)
		return;
	choice = jsonc_check_choice(check, value, "\"mode\"", names, 2);
	if (choice >= 0)
		*mode = choice == 0 ? FLOW_MODE_ENFORCE : FLOW_MODE_OBSERVE;
}

static void parse_boundary_side(struct jsonc_check *check, const struct jsonc *value, const char *what,
				enum flow_boundary *boundary)
{
	static const char *const names[] = { "open", "declared" };
	int choice;

	if (!value)
		return;
	choice = jsonc_check_choice(check, value, what, names, 2);
	if (choice >= 0)
		*boundary = choice == 0 ? FLOW_BOUNDARY_OPEN : FLOW_BOUNDARY_DECLARED;
}

void flow_parse_boundary(struct jsonc_check *check, const struct jsonc *value, struct flow_boundaries *boundary)
{
	const struct jsonc *ingress = NULL, *egress = NULL, *host = NULL;
	const struct jsonc_field fields[] = {
		{ "ingress", &ingress },
		{ "egress", &egress },
		{ "host", &host },
	};

	if (!value || !jsonc_check_object(check, value, "\"boundary\"", fields, 3))
		return;
	parse_boundary_side(check, ingress, "\"ingress\"", &boundary->ingress);
	parse_boundary_side(check, egress, "\"egress\"", &boundary->egress);
	parse_boundary_side(check, host, "\"host\"", &boundary->host);
}
