/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify_print.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_out.h"
#include "verify_groups.h"

static const struct {
	const char *word, *colour, *json;
} statuses[] = {
	[VERIFY_PASS] = { "PASS", "\033[32m", "pass" },	      [VERIFY_WARN] = { "WARN", "\033[33m", "warn" },
	[VERIFY_FAIL] = { "FAIL", "\033[31m", "fail" },	      [VERIFY_SKIP] = { "SKIP", "\033[2m", "skip" },
	[VERIFY_UNKNOWN] = { "SKIP", "\033[35m", "unknown" },
};

static bool wants_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && (!no || !*no);
}

static int id_width(const struct verify *verify)
{
	size_t width = 0;

	for (size_t i = 0; i < verify->finding_count; i++) {
		size_t length = strlen(verify->findings[i].check->id);

		width = length > width ? length : width;
	}
	return (int)width;
}

static void print_remedy(const char *remedy)
{
	while (*remedy) {
		size_t length = strcspn(remedy, "\n");

		printf("      %.*s\n", (int)length, remedy);
		remedy += length + (remedy[length] == '\n');
	}
}

/* The first finding that could not be told for the same reason, an engine that does not answer for instance; NULL if
 * this is the first. */
static const struct verify_finding *told_before(const struct verify *verify, const struct verify_finding *finding)
{
	if (finding->status != VERIFY_UNKNOWN)
		return NULL;
	for (const struct verify_finding *other = verify->findings; other < finding; other++) {
		if (other->status == VERIFY_UNKNOWN && strcmp(other->evidence, finding->evidence) == 0)
			return other;
	}
	return NULL;
}

/* --quiet: what does not change the exit status.  Warnings are for whoever looks; a host that has some has them for
 * good, and mail about them every quarter of an hour is read by nobody. */
static bool left_out(const struct verify *verify, const struct verify_finding *finding)
{
	return verify->host->options->quiet && finding->status != VERIFY_FAIL && finding->status != VERIFY_UNKNOWN;
}

static void print_finding(const struct verify *verify, const struct verify_finding *finding, int width, bool colour)
{
	const struct verify_finding *before = told_before(verify, finding);
	bool unknown = finding->status == VERIFY_UNKNOWN;

	printf("%s%s%s  %-*s  %s%s%s%s%s\n", colour ? statuses[finding->status].colour : "",
	       statuses[finding->status].word, colour ? "\033[0m" : "", width, finding->check->id,
	       finding->subject ? finding->subject : "", finding->subject ? ": " : "",
	       unknown ? "could not be told: " : "", before ? "as " : "",
	       before ? before->check->id : finding->evidence);
	if (finding->remedy && finding->status != VERIFY_PASS && finding->status != VERIFY_SKIP)
		print_remedy(finding->remedy);
}

void verify_print(const struct verify *verify)
{
	bool quiet = verify->host->options->quiet, colour = wants_colour();
	int width = id_width(verify);

	for (size_t i = 0; i < verify->finding_count; i++) {
		const struct verify_finding *finding = &verify->findings[i];

		if (left_out(verify, finding) || (quiet && told_before(verify, finding)))
			continue;
		print_finding(verify, finding, width, colour);
	}
	if (!quiet)
		printf("%zu passed, %zu warned, %zu failed, %zu could not be told\n", verify_count(verify, VERIFY_PASS),
		       verify_count(verify, VERIFY_WARN), verify_count(verify, VERIFY_FAIL),
		       verify_count(verify, VERIFY_UNKNOWN));
}

/* ---- JSON ---- */

/* A text or null. */
static bool add_text(cJSON *object, const char *key, const char *text)
{
	return text ? cJSON_AddStringToObject(object, key, text) != NULL : cJSON_AddNullToObject(object, key) != NULL;
}

/* The same of a text that others had a hand in. */
static bool add_foreign_text(cJSON *object, const char *key, const char *text)
{
	cleanup_free char *copy = text ? verify_printable(text) : NULL;

	return (copy || !text) && add_text(object, key, copy);
}

static bool add_finding(cJSON *array, const struct verify_finding *finding)
{
	cJSON *item = cJSON_CreateObject();

	if (!item || !cJSON_AddItemToArray(array, item)) {
		cJSON_Delete(item);
		return false;
	}
	return add_text(item, "group", verify_group_of(finding->check)->name) &&
	       add_text(item, "id", finding->check->id) && add_text(item, "cis", finding->check->cis) &&
	       add_text(item, "title", finding->check->title) &&
	       add_text(item, "status", statuses[finding->status].json) &&
	       add_text(item, "subject", finding->subject) && add_text(item, "evidence", finding->evidence) &&
	       add_text(item, "remedy", finding->remedy);
}

static bool add_counts(cJSON *document, const struct verify *verify)
{
	cJSON *counts = cJSON_AddObjectToObject(document, "counts");
	bool ok = counts != NULL;

	for (size_t i = 0; ok && i < sizeof(statuses) / sizeof(statuses[0]); i++)
		ok = cJSON_AddNumberToObject(counts, statuses[i].json,
					     (double)verify_count(verify, (enum verify_status)i)) != NULL;
	return ok;
}

bool verify_print_json(const struct verify *verify)
{
	static const char *const results[] = {
		[EXIT_YES] = "pass",
		[EXIT_NO] = "fail",
		[EXIT_UNKNOWN] = "unknown",
	};
	cJSON *document = cJSON_CreateObject(), *findings;
	bool ok = document && add_text(document, "result", results[verify_exit_status(verify)]) &&
		  add_foreign_text(document, "error", verify->error) &&
		  add_foreign_text(document, "engine", verify->version ? verify->version->version : NULL) &&
		  add_foreign_text(document, "engine_error", verify->engine_error) && add_counts(document, verify);

	findings = ok ? cJSON_AddArrayToObject(document, "findings") : NULL;
	ok = findings != NULL;
	for (size_t i = 0; ok && i < verify->finding_count; i++) {
		if (left_out(verify, &verify->findings[i]))
			continue;
		ok = add_finding(findings, &verify->findings[i]);
	}
	return json_out_print(document, ok) == 0;
}
