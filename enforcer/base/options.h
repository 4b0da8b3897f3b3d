/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: bulkhead COMMAND [options]. */
#ifndef BULKHEAD_OPTIONS_H
#define BULKHEAD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/* Exit status everywhere. */
enum exit_status {
	EXIT_YES = 0,	  /* yes, done */
	EXIT_NO = 1,	  /* the answer is no: findings, differences, a check that failed */
	EXIT_USAGE = 2,	  /* the command line is wrong */
	EXIT_UNKNOWN = 3, /* could not tell: engine or kernel unreachable, no permission */
};

struct options {
	const char *docker, *flows, *config, *state; /* NULL where not given */
	bool json, verbose, help;
	/* list */
	bool endpoints, denied, networks;
	const char *app;
	/* verify */
	bool all, probe, quiet, icc_required;
	const char *only, *skip, *root;
	/* what is left: files for check */
	char **arguments;
	size_t argument_count;
};

/* Options that only some commands take.  Every command takes the common ones, so one set of them can be given to all.
 */
enum options_allowed {
	OPTIONS_LIST = 1 << 0,	 /* the choices of list */
	OPTIONS_FILES = 1 << 1,	 /* arguments */
	OPTIONS_VERIFY = 1 << 2, /* the choices of verify */
};

struct command {
	const char *name;
	int (*run)(const struct options *options);
	const char *summary;
	const char *arguments; /* "[FILE|DIR]…", or "" */
	const char *help;      /* what --help says below the usage */
	unsigned allowed;      /* enum options_allowed */
};

/* Parses what follows the command's name; argv[0] is that name.  -EINVAL: err says what is wrong. */
int options_parse(const struct command *command, int argc, char **argv, struct options *ret_options, struct error *err);

/* One line per option that the command takes, to stdout. */
void options_print(const struct command *command);

#endif
