/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "confine_internal.h"
#include "confined.h"
#include "log.h"

/* Leak detection and shadow memory need what the filters forbid. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(SANITIZED)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static struct confine_state state = {
	.parts = {
		[CONFINE_CAPABILITIES] = { .name = "capabilities" },
		[CONFINE_NO_NEW_PRIVILEGES] = { .name = "no_new_privs" },
		[CONFINE_LANDLOCK] = { .name = "landlock" },
		[CONFINE_SECCOMP] = { .name = "seccomp" },
	},
};

int confine_no_new_privileges(char text[160], struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(err, -errno, "%s", strerror(errno));
	snprintf(text, 160, "set");
	return 0;
}

static bool listed(const char *name)
{
	const char *list = getenv("BULKHEAD_UNCONFINED");
	size_t length = strlen(name);

	while (list && *list) {
		size_t word = strcspn(list, ",");

		if (word == length && strncmp(list, name, length) == 0)
			return true;
		list += word + (list[word] == ',');
	}
	return false;
}

/* BULKHEAD_UNCONFINED=seccomp,landlock: for debuggers, and until a filter that is in the way is mended.  Without
 * no_new_privs the other two cannot be had, and seccomp would set it. */
static bool left_out(enum confine_part part)
{
	bool needs = part == CONFINE_LANDLOCK || part == CONFINE_SECCOMP;

	return listed(state.parts[part].name) || (needs && listed(state.parts[CONFINE_NO_NEW_PRIVILEGES].name));
}

/* What the kernel lacks is as it always was on this host; all else somebody should look at. */
static void tell_failure(const char *name, int r, const struct error *err)
{
	if (r == -ENOSYS || r == -EOPNOTSUPP)
		log_debug("confined: %s: not to be had: %s", name, err->text);
	else
		log_warning("confined: %s: not to be had: %s: the service can do more than it needs", name, err->text);
}

static int put_into_force(enum confine_part part, const struct confine_plan *plan, char text[160], struct error *err)
{
	if (SANITIZED && (part == CONFINE_LANDLOCK || part == CONFINE_SECCOMP))
		return error_set(err, -EOPNOTSUPP, "built with sanitizers");
	switch (part) {
	case CONFINE_CAPABILITIES:
		return confine_capabilities(text, err);
	case CONFINE_NO_NEW_PRIVILEGES:
		return confine_no_new_privileges(text, err);
	case CONFINE_LANDLOCK:
		return confine_landlock(plan, text, err);
	case CONFINE_SECCOMP:
		return confine_seccomp(plan, text, err);
	case CONFINE_PARTS:
		break;
	}
	return error_set(err, -EINVAL, "no such part");
}

void confine(const struct confine_plan *plan)
{
	/* Places are opened with the capabilities that are left, as they will be; the last one forbids the others. */
	for (size_t part = 0; part < CONFINE_PARTS; part++) {
		const char *name = state.parts[part].name;
		char *text = state.parts[part].text;
		struct error err;
		int r;

		if (left_out((enum confine_part)part)) {
			snprintf(text, sizeof(state.parts[part].text), "left out");
			log_warning("%s is left out, as BULKHEAD_UNCONFINED says: the service can do more than it "
				    "needs",
				    name);
			continue;
		}
		r = put_into_force((enum confine_part)part, plan, text, &err);
		state.parts[part].on = r == 0;
		if (r == 0) {
			log_debug("confined: %s: %s", name, text);
			continue;
		}
		snprintf(text, sizeof(state.parts[part].text), "%.*s", (int)sizeof(state.parts[part].text) - 1,
			 err.text);
		tell_failure(name, r, &err);
	}
	if (state.parts[CONFINE_LANDLOCK].on)
		confined_to_places();
	state.done = true;
}

const struct confine_state *confine_state(void)
{
	return &state;
}
