/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of the kernel's audit system, as far as they watch files: auditctl(8), audit.rules(7).  Pure.
 */
#ifndef BULKHEAD_AUDIT_RULES_H
#define BULKHEAD_AUDIT_RULES_H

#include <stdbool.h>
#include <stddef.h>

struct audit_rule {
	char *path;	/* without a slash at its end */
	bool recursive; /* what lies beneath it as well */
	bool never;	/* not to be written down */
};

struct audit_rules {
	struct audit_rule *items; /* in their order: of those that fit, the first counts */
	size_t count;
	bool off; /* -e 0 */
};

/* Adds those of a file: -w PATH; -a or -A with -F path=PATH or -F dir=PATH.  Only those that write down every change
 * count: not one of reading or running alone (-p, -F perm=), nor one that something else narrows.  Of those with
 * "never" the ones that nothing narrows are kept as such; without a path they, and "task,never", are of everything.  -W
 * PATH and -d take rules of a path back, and -D all; part: of several files that augenrules(8) puts together, with -D
 * before them all, so there it says nothing.  After -e 0 nothing is written down.  0 or -ENOMEM. */
int audit_rules_parse(const char *text, bool part, struct audit_rules *rules);

/* Whether the path, absolute and without a slash at its end, is watched: by a rule of its own, or of a folder above. */
bool audit_rules_cover(const struct audit_rules *rules, const char *path);

void audit_rules_clear(struct audit_rules *rules);

static inline void cleanup_audit_rules_p(struct audit_rules *rules)
{
	audit_rules_clear(rules);
}
#define cleanup_audit_rules __attribute__((cleanup(cleanup_audit_rules_p)))

#endif
