/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command table.  Everything else is in the library that the tests link too. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "diagnostics.h"
#include "output.h"

static void print_help(void)
{
	printf("bulkhead lets containers of this Docker host reach each other only by declared flows.\n\n"
	       "usage: bulkhead COMMAND [options]\n\n");
	for (size_t i = 0; i < commands_count; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].summary);
	printf("\n`bulkhead COMMAND --help` tells more.  `bulkhead --version` tells the version.\n"
	       "Exit status: 0 yes or done, 1 the answer is no, 2 usage, 3 could not tell.\n");
}

static void print_command_help(const struct command *command)
{
	printf("usage: bulkhead %s [options]%s%s\n\n%s\n\noptions:\n", command->name, *command->arguments ? " " : "",
	       command->arguments, command->help);
	options_print(command);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < commands_count; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int unknown_command(const char *name)
{
	const char *names[16], *suggestion;

	for (size_t i = 0; i < commands_count; i++)
		names[i] = commands[i].name;
	suggestion = diagnostics_suggest(name, names, commands_count);
	fprintf(stderr, "bulkhead: unknown command \"%.100s\"%s%s%s: see `bulkhead --help`\n", name,
		suggestion ? "; did you mean \"" : "", suggestion ? suggestion : "", suggestion ? "\"?" : "");
	return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
	const struct command *command;
	struct options options;
	struct error err;

	if (argc < 2) {
		fprintf(stderr, "usage: bulkhead COMMAND [options]: see `bulkhead --help`\n");
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
		printf("bulkhead %s\n", BULKHEAD_VERSION);
		return EXIT_YES;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		command = argc > 2 ? find_command(argv[2]) : NULL;
		if (argc > 2 && !command)
			return unknown_command(argv[2]);
		if (command)
			print_command_help(command);
		else
			print_help();
		return EXIT_YES;
	}
	command = find_command(argv[1]);
	if (!command)
		return unknown_command(argv[1]);
	if (options_parse(command, argc - 1, argv + 1, &options, &err) < 0) {
		fprintf(stderr, "bulkhead: %s: see `bulkhead %s --help`\n", err.text, command->name);
		return EXIT_USAGE;
	}
	if (options.help) {
		print_command_help(command);
		return EXIT_YES;
	}
	return command->run(&options);
}

int main(int argc, char **argv)
{
	int status;

	output_open();
	status = run(argc, argv);
	return output_close(argc > 1 ? argv[1] : "help") ? status : EXIT_UNKNOWN;
}
