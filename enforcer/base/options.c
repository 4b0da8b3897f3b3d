/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum option_kind {
	OPTION_TEXT,
	OPTION_FLAG,
};

/* All options: where the value goes, which commands take it, what --help says. */
static const struct option {
	const char *name; /* long, without dashes */
	char letter;	  /* short, or 0 */
	unsigned needs;	  /* enum options_allowed; 0: common to all commands */
	enum option_kind kind;
	size_t offset; /* in struct options */
	const char *value;
	const char *help;
} all_options[] = {
	{ "docker", 0, 0, OPTION_TEXT, offsetof(struct options, docker), "URL",
	  "the engine: unix://PATH, tcp://HOST:PORT (else $DOCKER_HOST)" },
	{ "flows", 0, 0, OPTION_TEXT, offsetof(struct options, flows), "DIR",
	  "directory of flow files (else /etc/bulkhead/flows.d)" },
	{ "config", 0, 0, OPTION_TEXT, offsetof(struct options, config), "FILE",
	  "configuration (else /etc/bulkhead/bulkhead.json)" },
	{ "state", 0, 0, OPTION_TEXT, offsetof(struct options, state), "DIR",
	  "state directory (else /var/lib/bulkhead)" },
	{ "endpoints", 0, OPTIONS_LIST, OPTION_FLAG, offsetof(struct options, endpoints), NULL,
	  "who lives where, instead of flows" },
	{ "denied", 0, OPTIONS_LIST, OPTION_FLAG, offsetof(struct options, denied), NULL,
	  "who was denied in the last hour, instead of flows" },
	{ "networks", 0, OPTIONS_LIST, OPTION_FLAG, offsetof(struct options, networks), NULL,
	  "which bridges are managed, instead of flows" },
	{ "app", 0, OPTIONS_LIST, OPTION_TEXT, offsetof(struct options, app), "APP", "only what concerns this app" },
	{ "all", 0, OPTIONS_VERIFY, OPTION_FLAG, offsetof(struct options, all), NULL,
	  "also audit the engine's settings and its host" },
	{ "probe", 0, OPTIONS_VERIFY, OPTION_FLAG, offsetof(struct options, probe), NULL,
	  "also send packets that must not arrive, on every managed bridge" },
	{ "only", 0, OPTIONS_VERIFY, OPTION_TEXT, offsetof(struct options, only), "ID",
	  "only this check, by its id or its CIS number; or several, A,B" },
	{ "skip", 0, OPTIONS_VERIFY, OPTION_TEXT, offsetof(struct options, skip), "ID",
	  "all but this check, or these" },
	{ "quiet", 0, OPTIONS_VERIFY, OPTION_FLAG, offsetof(struct options, quiet), NULL,
	  "print only what failed or could not be told: for cron" },
	{ "root", 0, OPTIONS_VERIFY, OPTION_TEXT, offsetof(struct options, root), "DIR",
	  "the folder that host facts are read from (else /)" },
	{ "icc-required", 0, OPTIONS_VERIFY, OPTION_FLAG, offsetof(struct options, icc_required), NULL,
	  "ICC that is on fails also where bulkhead's policy is in force" },
	{ "json", 0, 0, OPTION_FLAG, offsetof(struct options, json), NULL, "one JSON document" },
	{ "verbose", 'v', 0, OPTION_FLAG, offsetof(struct options, verbose), NULL, "say more on stderr" },
	{ "help", 'h', 0, OPTION_FLAG, offsetof(struct options, help), NULL, "this text" },
};
#define OPTION_COUNT (sizeof(all_options) / sizeof(all_options[0]))

static bool takes(const struct command *command, const struct option *option)
{
	return !option->needs || (command->allowed & option->needs);
}

/* "--name", "--name=value" or "-v"; *ret_value is what follows "=". */
static const struct option *find_option(const char *word, const char **ret_value)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &all_options[i];
		size_t length = strlen(option->name);

		*ret_value = NULL;
		if (option->letter && word[0] == '-' && word[1] == option->letter && !word[2])
			return option;
		if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, option->name, length) != 0)
			continue;
		if (word[2 + length] == '=')
			*ret_value = word + 2 + length + 1;
		if (word[2 + length] == '=' || !word[2 + length])
			return option;
	}
	return NULL;
}

/* NULL, or what is wrong. */
static const char *store(const struct option *option, const char *value, struct options *options)
{
	char *field = (char *)options + option->offset;

	if (option->kind == OPTION_FLAG) {
		*(bool *)field = true;
		return value ? "takes no value" : NULL;
	}
	if (!value || !*value)
		return "needs a value";
	/* Of two choices nobody can tell which one is meant. */
	if (*(const char **)field)
		return "is given twice";
	*(const char **)field = value;
	return NULL;
}

int options_parse(const struct command *command, int argc, char **argv, struct options *ret_options, struct error *err)
{
	struct options options = { .arguments = argv };
	bool only_arguments = false;

	for (int i = 1; i < argc; i++) {
		const struct option *option;
		const char *value, *wrong;

		if (only_arguments || argv[i][0] != '-' || !argv[i][1]) {
			/* Arguments are collected at the front of argv: the words there have been read already. */
			options.arguments[options.argument_count++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			only_arguments = true;
			continue;
		}
		option = find_option(argv[i], &value);
		if (!option || !takes(command, option))
			return error_set(err, -EINVAL, "%s: unknown option %.100s", command->name, argv[i]);
		if (option->kind == OPTION_TEXT && !value && i + 1 < argc)
			value = argv[++i];
		wrong = store(option, value, &options);
		if (wrong)
			return error_set(err, -EINVAL, "%s: --%s %s", command->name, option->name, wrong);
	}
	if (options.argument_count && !(command->allowed & OPTIONS_FILES) && !options.help)
		return error_set(err, -EINVAL, "%s: unexpected argument \"%.100s\"", command->name,
				 options.arguments[0]);
	*ret_options = options;
	return 0;
}

void options_print(const struct command *command)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &all_options[i];
		char left[64];

		if (!takes(command, option))
			continue;
		snprintf(left, sizeof(left), "%c%c%s--%s%s%s", option->letter ? '-' : ' ',
			 option->letter ? option->letter : ' ', option->letter ? ", " : "  ", option->name,
			 option->value ? " " : "", option->value ? option->value : "");
		printf("  %-20s %s\n", left, option->help);
	}
}
