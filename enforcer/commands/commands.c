/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

const struct command commands[] = {
	{ "run", cmd_run, "the service: keep the rules right until SIGTERM", "",
	  "Follows the engine's events and keeps the kernel's rules equal to the flow files.\n"
	  "SIGHUP reads configuration and flow files again; SIGTERM ends the service.\n"
	  "The rules stay, and stay closed, when it ends.",
	  0 },
	{ "apply", cmd_apply, "make the rules right once", "",
	  "Compares flow files and containers with what the kernel holds, commits the\n"
	  "difference in one transaction, and ends.  Refuses (3) while the service runs.",
	  0 },
	{ "plan", cmd_plan, "what apply would change, + and - a line", "",
	  "Changes nothing.  Exit status 0: nothing to change; 1: something.", 0 },
	{ "clear", cmd_clear, "remove everything that bulkhead installed", "",
	  "Deletes bulkhead's tables and its rule in Docker's chains, and says what it\n"
	  "removed.  From then on containers reach each other as the engine lets them.\n"
	  "Refuses (3) while the service runs.",
	  0 },
	{ "check", cmd_check, "validate flow files; needs no engine and no root", "[FILE|DIR]...",
	  "Without arguments: the configuration and all files of the flows directory.\n"
	  "Every problem is one line, file:line:column: error: what is wrong.\n"
	  "A file named bulkhead.json is checked as a configuration.",
	  OPTIONS_FILES },
	{ "list", cmd_list, "what the kernel holds now", "",
	  "Read from the kernel alone: works with the service, or the engine, dead.\n"
	  "Flows with app, services, containers, addresses, ports, packets and bytes of\n"
	  "both directions.",
	  OPTIONS_LIST },
	{ "status", cmd_status, "what the running service says of itself", "",
	  "Since when it runs, its last work, the engine, the kernel, what is loaded or\n"
	  "refused and why, what others changed.  Exit status 0: it runs, and is in step;\n"
	  "1: it runs, and something is wrong; 3: it does not run, or that cannot be told.",
	  0 },
	{ "verify", cmd_verify, "is this host segmented now?", "",
	  "One line a check: PASS, WARN, FAIL or SKIP, its id, what was seen, and below it\n"
	  "what to do.  Changes nothing.  Exit status 0: nothing failed (warnings do not\n"
	  "count); 1: something failed; 3: something could not be told, so nobody knows.\n"
	  "Each check has a section in the documentation, verify.md.",
	  OPTIONS_VERIFY },
};

const size_t commands_count = sizeof(commands) / sizeof(commands[0]);
