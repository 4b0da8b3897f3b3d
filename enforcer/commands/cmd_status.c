/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status: what the running service says of itself.  Asks neither the kernel nor the engine: that is verify's. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "json_out.h"
#include "lock.h"
#include "log.h"
#include "status.h"
#include "texts.h"

struct answer {
	pid_t service; /* 0: none runs */
	bool known;    /* and then there is */
	struct status status;
	struct texts problems; /* what is wrong with it */
	struct error err;      /* why nothing is known */
};

static int add_problems(struct answer *answer)
{
	const struct status *status = &answer->status;
	struct texts *problems = &answer->problems;
	char since[TEXTS_TIME_SIZE];
	int r = 0;

	if (status->broken)
		r = texts_addf(problems, "not in force since %s: %s", texts_time(status->since, since), status->reason);
	if (r == 0 && !status->engine_up)
		r = texts_addf(problems, "the engine is not followed since %s: %s",
			       texts_time(status->engine_since, since), status->engine_error);
	if (r == 0 && status->refused_files)
		r = texts_addf(problems, "%" PRId64 " flow file%s not in force", status->refused_files,
			       status->refused_files == 1 ? " is" : "s are");
	return r;
}

/* Who runs, and what it says. */
static int ask(struct answer *answer)
{
	int r = lock_held(&answer->service, &answer->err);

	if (r < 0)
		return r;
	if (r == 0)
		return error_set(
			&answer->err, -ESRCH,
			"the service does not run: nothing follows the engine (systemctl enable --now bulkhead)");
	r = status_await(&answer->status, &answer->err);
	if (r < 0)
		return r;
	r = status_check(&answer->status, answer->service, &answer->err);
	if (r == -ETIMEDOUT)
		r = texts_addf(&answer->problems, "%s", answer->err.text) < 0 ? error_oom(&answer->err) : 0;
	if (r == 0 && add_problems(answer) < 0)
		r = error_oom(&answer->err);
	answer->known = r == 0;
	return r;
}

/* ---- For people ---- */

static void print_head(const struct status *status)
{
	char time[TEXTS_TIME_SIZE];

	printf("running   since %s, pid %" PRId64 ", bulkhead %s\n", texts_time(status->started, time), status->pid,
	       status->version);
	printf("in force  %s%s\n", status->broken ? "not, since " : "since ", texts_time(status->since, time));
	printf("engine    %s%s%s, %s since %s\n", status->engine_version, *status->engine_version ? ", " : "",
	       status->engine_url, status->engine_up ? "followed" : "not reached",
	       texts_time(status->engine_since, time));
	printf("          Docker's rules: IPv4 %s, IPv6 %s\n", status->backend4, status->backend6);
}

static const char *yes_no(bool is)
{
	return is ? "yes" : "no";
}

static void print_kernel(const struct status *status)
{
	printf("kernel    %s: %s, %s\n", status->kernel,
	       status->knows_owner ? "tables can have an owner" : "tables have no owner",
	       status->knows_bridge_names ? "bridges are known by name" : "bridges are not known by name");
	printf("          tables: %s%s, ruleset generation %" PRId64 " at the last look at everything\n",
	       status->owned ? "owned" : "not owned", status->persistent ? ", persistent" : "", status->generation);
	printf("confined  capabilities %s, no_new_privs %s, landlock %s, seccomp %s\n", yes_no(status->capabilities),
	       yes_no(status->no_new_privs), yes_no(status->landlock), yes_no(status->seccomp));
	printf("settings  mode %s, repair %s, owner %s\n", status->mode, status->repair ? "true" : "false",
	       status->owner ? "true" : "false");
}

static void print_work(const struct status *status)
{
	char time[TEXTS_TIME_SIZE];

	printf("loaded    %" PRId64 " apps, %" PRId64 " flows; %" PRId64 " elements for %" PRId64
	       " containers on %" PRId64 " networks\n",
	       status->apps, status->flows, status->elements, status->containers, status->networks);
	printf("last      reconcile %s (%s): %" PRId64 ".%03" PRId64 " ms, of which the kernel %" PRId64 ".%03" PRId64
	       " ms; +%" PRId64 " -%" PRId64 " elements\n",
	       texts_time(status->last_time, time), status->last_what,
	       (status->last_work_us + status->last_commit_us) / 1000,
	       (status->last_work_us + status->last_commit_us) % 1000, status->last_commit_us / 1000,
	       status->last_commit_us % 1000, status->last_added, status->last_removed);
	printf("          %" PRId64 " done, %" PRId64 " failed\n", status->reconciles, status->failures);
	printf("drift     put right %" PRId64 " time%s; left: %" PRId64 " elements lost, %" PRId64 " foreign\n",
	       status->put_right, status->put_right == 1 ? "" : "s", status->left_lost, status->left_foreign);
	for (size_t i = 0; i < status->repair_count; i++)
		printf("          %s: %s\n", texts_time(status->repairs[i].time, time), status->repairs[i].what);
}

static void print_refused(const struct status *status)
{
	for (size_t i = 0; i < status->refused_count; i++) {
		const struct status_refused *refused = &status->refused[i];

		printf("%s%s:%s\n          app %s %s\n", i ? "          " : "refused   ", refused->file, refused->why,
		       *refused->app ? refused->app : "?",
		       refused->kept ? "keeps its last good flows" : "has no flows: closed");
	}
	if (status->refused_files > (int64_t)status->refused_count)
		printf("          and %" PRId64 " more: bulkhead check\n",
		       status->refused_files - (int64_t)status->refused_count);
}

static void print_text(const struct answer *answer)
{
	if (!answer->known)
		return;
	print_head(&answer->status);
	print_kernel(&answer->status);
	print_work(&answer->status);
	print_refused(&answer->status);
	for (size_t i = 0; i < answer->problems.count; i++)
		printf("%s%s\n", i ? "          " : "wrong     ", answer->problems.items[i]);
}

/* ---- For programs ---- */

static bool add_texts(cJSON *document, const char *key, const struct texts *texts)
{
	cJSON *array = cJSON_AddArrayToObject(document, key);

	for (size_t i = 0; array && i < texts->count; i++) {
		cJSON *text = cJSON_CreateString(texts->items[i]);

		if (!text || !cJSON_AddItemToArray(array, text)) {
			cJSON_Delete(text);
			return false;
		}
	}
	return array != NULL;
}

static bool add_service(cJSON *document, const struct answer *answer)
{
	cJSON *service = answer->known ? status_to_json(&answer->status) : NULL;

	if (answer->known && service && cJSON_AddItemToObject(document, "service", service))
		return true;
	cJSON_Delete(service);
	return !answer->known && cJSON_AddNullToObject(document, "service");
}

static int print_json(const struct answer *answer, int status)
{
	static const char *const results[] = {
		[EXIT_YES] = "in_step",
		[EXIT_NO] = "wrong",
		[EXIT_UNKNOWN] = "unknown",
	};
	cJSON *document = cJSON_CreateObject();
	char error[sizeof(answer->err.text)];
	bool ok;

	STATUS_TEXT(error, answer->err.text);
	ok = document && cJSON_AddStringToObject(document, "result", results[status]) &&
	     cJSON_AddBoolToObject(document, "running", answer->service != 0) &&
	     (answer->known ? cJSON_AddNullToObject(document, "error") != NULL
			    : cJSON_AddStringToObject(document, "error", error) != NULL) &&
	     add_texts(document, "problems", &answer->problems) && add_service(document, answer);
	return json_out_print(document, ok);
}

int cmd_status(const struct options *options)
{
	static struct answer answer;
	int status;

	if (ask(&answer) < 0) {
		log_error("%s", answer.err.text);
		status = EXIT_UNKNOWN;
	} else {
		status = answer.problems.count ? EXIT_NO : EXIT_YES;
	}
	if (!options->json)
		print_text(&answer);
	else if (print_json(&answer, status) < 0) {
		log_error("out of memory");
		status = EXIT_UNKNOWN;
	}
	texts_clear(&answer.problems);
	return status;
}
