/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who keeps the rules right, and what the service says of the time before. */
#include "verify_service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "engine_version.h"
#include "lock.h"
#include "status.h"
#include "texts.h"

/* A change that was put right counts as news for so long, as denials do. */
#define NEWS_SECONDS 3600

/* Tables can have an owner since 6.9. */
static void say_unowned(struct verify *verify, pid_t holder)
{
	const char *then = verify->host->config->repair ? "it puts back what others change"
							: "it reports what others change (\"repair\" is false)";
	struct utsname kernel;

	if (!verify->host->config->owner)
		verify_find(verify, "owner", VERIFY_PASS, NULL, NULL,
			    "the service runs (pid %d), and is not to own the tables (\"owner\" is false): %s",
			    (int)holder, then);
	else if (uname(&kernel) < 0 || !engine_version_valid(kernel.release))
		verify_find(
			verify, "owner", VERIFY_WARN, NULL, "bulkhead verify, as root, on the host itself",
			"the service runs (pid %d), but the tables have no owner, and this kernel does not tell its "
			"version: %s",
			(int)holder, then);
	else if (engine_version_compare(kernel.release, "6.9") < 0)
		verify_find(verify, "owner", VERIFY_PASS, NULL, NULL,
			    "the service runs (pid %d); on this kernel (%s, before 6.9) tables have no owner: %s",
			    (int)holder, kernel.release, then);
	else
		verify_find(
			verify, "owner", VERIFY_WARN, NULL,
			"systemctl restart bulkhead   takes the tables; if it warns again, the service's log tells why",
			"the service runs (pid %d), but does not own the tables, though this kernel (%s) could: %s",
			(int)holder, kernel.release, then);
}

void verify_service_owner(struct verify *verify)
{
	struct error err;
	pid_t holder;
	int held = lock_held(&holder, &err);

	if (!verify->state)
		verify_find(verify, "owner", VERIFY_UNKNOWN, NULL, NULL, "%s", verify->kernel_error);
	else if (held < 0)
		verify_find(verify, "owner", VERIFY_UNKNOWN, NULL, NULL, "%s", err.text);
	else if (!held)
		verify_find(verify, "owner", VERIFY_WARN, NULL, "systemctl enable --now bulkhead",
			    "the service does not run: nothing follows the engine, and nothing puts back what others "
			    "change");
	else if (verify->state->owner)
		verify_find(verify, "owner", VERIFY_PASS, NULL, NULL,
			    "the service runs (pid %d) and owns the tables: nobody else can change them", (int)holder);
	else
		say_unowned(verify, holder);
}

static void say_whole(struct verify *verify, const struct status *status)
{
	const struct status_repair *repair = &status->repairs[0];
	int64_t ago = time(NULL) - repair->time;
	char since[TEXTS_TIME_SIZE], last[TEXTS_TIME_SIZE];

	texts_time(status->since, since);
	texts_time(repair->time, last);
	if (!status->repair_count)
		verify_find(verify, "drift", VERIFY_PASS, NULL, NULL,
			    "whole since %s, when the service started; nothing had to be put right", since);
	else
		verify_find(verify, "drift", ago < NEWS_SECONDS ? VERIFY_WARN : VERIFY_PASS, NULL,
			    "find out who did it: the service's log names the process (journalctl -u bulkhead)",
			    "whole since %s; put right %" PRId64 " time%s, last %s: %s", since, status->put_right,
			    status->put_right == 1 ? "" : "s", last, repair->what);
}

void verify_service_drift(struct verify *verify)
{
	struct status status;
	struct error err;
	char since[TEXTS_TIME_SIZE];
	pid_t holder;
	int held = lock_held(&holder, &err), r = 0;

	if (held == 0) {
		verify_find(verify, "drift", VERIFY_SKIP, NULL, NULL, "the service does not run: nobody watched");
		return;
	}
	if (held < 0 || (r = status_await(&status, &err)) < 0 || (r = status_check(&status, holder, &err)) < 0) {
		if (r == -ENOENT)
			(void)error_set(&err, r,
					"the service runs (pid %d), and has not said yet whether all is in force, or "
					"cannot write to /run/bulkhead",
					(int)holder);
		verify_find(verify, "drift", VERIFY_UNKNOWN, NULL,
			    r == -ENOENT ? "ask again in a moment; if it stays so, look at its log "
					   "(journalctl -u bulkhead), and restart it: systemctl restart bulkhead"
					 : "systemctl status bulkhead, and its log: journalctl -u bulkhead",
			    "%s", err.text);
		return;
	}
	if (status.broken)
		verify_find(
			verify, "drift", VERIFY_FAIL, NULL,
			"systemctl reload bulkhead puts it right once, \"repair\": true in the configuration always",
			"not in force since %s: %s", texts_time(status.since, since), status.reason);
	else
		say_whole(verify, &status);
}
