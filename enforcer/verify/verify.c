/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which checks there are, which of them were asked for, and what they found. */
#include "verify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diagnostics.h"
#include "engine_facts.h"

const struct verify_group *const verify_groups[] = {
	&verify_icc, &verify_datapath, &verify_blind, &verify_engine, &verify_host, &verify_probe,
};
const size_t verify_group_count = sizeof(verify_groups) / sizeof(verify_groups[0]);

/* More checks than there ever will be: the candidates for "did you mean". */
#define CHECKS_MAX 256

static const struct verify_check *find_check(const char *id, const struct verify_group **ret_group)
{
	for (size_t i = 0; i < verify_group_count; i++) {
		for (size_t j = 0; j < verify_groups[i]->check_count; j++) {
			if (strcmp(verify_groups[i]->checks[j].id, id) == 0) {
				*ret_group = verify_groups[i];
				return &verify_groups[i]->checks[j];
			}
		}
	}
	return NULL;
}

const struct verify_group *verify_group_of(const struct verify_check *check)
{
	const struct verify_group *group = NULL;

	(void)find_check(check->id, &group);
	return group;
}

/* ---- Which were asked for ---- */

static bool names(const struct verify_check *check, const char *word, size_t length)
{
	return (strlen(check->id) == length && strncmp(check->id, word, length) == 0) ||
	       (check->cis && strlen(check->cis) == length && strncmp(check->cis, word, length) == 0);
}

/* Whether the list, "icc-network,2.2", names the check. */
static bool lists(const char *list, const struct verify_check *check)
{
	while (list && *list) {
		size_t length = strcspn(list, ",");

		if (names(check, list, length))
			return true;
		list += length + (list[length] == ',');
	}
	return false;
}

static bool is_probe(const struct verify_group *group)
{
	return strcmp(group->name, "probe") == 0;
}

static bool asked_for(const struct options *options, const struct verify_group *group, const struct verify_check *check)
{
	if (!options)
		return true;
	if (lists(options->skip, check))
		return false;
	if (lists(options->only, check))
		return true;
	if (is_probe(group))
		return options->probe;
	if (group->audit)
		return options->all;
	return !options->only;
}

bool verify_wants(const struct verify *verify, const char *id)
{
	const struct verify_group *group;
	const struct verify_check *check = find_check(id, &group);

	if (!check) {
		fprintf(stderr, "bulkhead: verify has no check \"%s\"\n", id);
		abort();
	}
	return asked_for(verify->host ? verify->host->options : NULL, group, check);
}

bool verify_icc_required(const struct verify *verify)
{
	return verify->host->options->icc_required || verify->host->config->verify.icc_required;
}

bool verify_has_observed(const struct verify *verify, const struct network *network)
{
	const struct inventory *inventory = verify->inventory;

	for (size_t i = 0; i < network->endpoint_count; i++) {
		struct container *container = inventory_container(inventory, network->endpoints[i].container);

		if (container && inventory_observes(inventory, container))
			return true;
	}
	return false;
}

static void stop_loop(void *data)
{
	loop_stop(data);
}

void verify_pause(struct verify *verify, unsigned milliseconds)
{
	struct loop_timer *timer = verify->loop ? loop_timer_new(verify->loop, stop_loop, verify->loop) : NULL;
	struct error err;

	if (!timer)
		return;
	loop_timer_set(timer, milliseconds);
	(void)loop_run(verify->loop, &err);
	loop_timer_free(timer);
}

static bool is_known(const char *word, size_t length)
{
	for (size_t i = 0; i < verify_group_count; i++) {
		for (size_t j = 0; j < verify_groups[i]->check_count; j++) {
			if (names(&verify_groups[i]->checks[j], word, length))
				return true;
		}
	}
	return false;
}

static const char *suggest(const char *word)
{
	const char *ids[CHECKS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < verify_group_count; i++) {
		for (size_t j = 0; j < verify_groups[i]->check_count && count < CHECKS_MAX; j++)
			ids[count++] = verify_groups[i]->checks[j].id;
	}
	return diagnostics_suggest(word, ids, count);
}

static bool list_valid(const char *option, const char *list, char ret_problem[256])
{
	while (list && *list) {
		size_t length = strcspn(list, ",");

		if (!is_known(list, length)) {
			const char *suggestion;
			char word[64];

			snprintf(word, sizeof(word), "%.*s", (int)(length < 63 ? length : 63), list);
			suggestion = suggest(word);
			snprintf(ret_problem, 256, "--%s: there is no check \"%s\"%s%s%s", option, word,
				 suggestion ? "; did you mean \"" : "", suggestion ? suggestion : "",
				 suggestion ? "\"?" : "");
			return false;
		}
		list += length + (list[length] == ',');
	}
	return true;
}

static bool any_asked_for(const struct options *options)
{
	for (size_t i = 0; i < verify_group_count; i++) {
		for (size_t j = 0; j < verify_groups[i]->check_count; j++) {
			if (asked_for(options, verify_groups[i], &verify_groups[i]->checks[j]))
				return true;
		}
	}
	return false;
}

bool verify_selection_valid(const struct options *options, char ret_problem[256])
{
	if (!list_valid("only", options->only, ret_problem) || !list_valid("skip", options->skip, ret_problem))
		return false;
	if (any_asked_for(options))
		return true;
	/* Nothing was looked at, and nothing failed: that must not look like a yes. */
	snprintf(ret_problem, 256, "--only and --skip leave no check");
	return false;
}

void verify_run(struct verify *verify)
{
	for (size_t i = 0; i < verify_group_count; i++) {
		bool wanted = false;

		for (size_t j = 0; j < verify_groups[i]->check_count; j++)
			wanted |= verify_wants(verify, verify_groups[i]->checks[j].id);
		if (wanted)
			verify_groups[i]->run(verify);
	}
}

/* ---- What they found ---- */

/* A copy of one line in which nothing can move a terminal's cursor: names are the engine's users' to choose. */
static char *printable_line(const char *text, size_t length)
{
	struct diagnostics diagnostics = { 0 };
	char *copy = NULL;

	diagnostics_add(&diagnostics, DIAGNOSTIC_WARNING, "", 1, 1, "%.*s", (int)length, text);
	if (diagnostics.count)
		copy = steal(diagnostics.items[0].text);
	diagnostics_clear(&diagnostics);
	return copy;
}

char *verify_printable(const char *text)
{
	char *all = strdup("");

	while (all && *text) {
		size_t length = strcspn(text, "\n");
		cleanup_free char *line = printable_line(text, length);
		char *longer = NULL;

		if (!line || asprintf(&longer, "%s%s%s", all, *all ? "\n" : "", line) < 0)
			longer = NULL;
		free(all);
		all = longer;
		text += length + (text[length] == '\n');
	}
	return all;
}

static void finding_clear(struct verify_finding *finding)
{
	free(finding->subject);
	free(finding->evidence);
	free(finding->remedy);
}

/* The texts of the finding.  False when out of memory. */
static bool fill(struct verify_finding *finding, const char *subject, const char *evidence, const char *remedy)
{
	finding->evidence = verify_printable(evidence);
	finding->subject = subject ? verify_printable(subject) : NULL;
	finding->remedy = remedy ? verify_printable(remedy) : NULL;
	return finding->evidence && (finding->subject || !subject) && (finding->remedy || !remedy);
}

static bool add(struct verify *verify, const struct verify_finding *finding)
{
	struct verify_finding *grown;

	/* Room doubles at each power of two. */
	if ((verify->finding_count & (verify->finding_count - 1)) == 0) {
		grown = reallocarray(verify->findings, verify->finding_count ? 2 * verify->finding_count : 1,
				     sizeof(*grown));
		if (!grown)
			return false;
		verify->findings = grown;
	}
	verify->findings[verify->finding_count++] = *finding;
	return true;
}

void verify_find(struct verify *verify, const char *id, enum verify_status status, const char *subject,
		 const char *remedy, const char *fmt, ...)
{
	const struct verify_group *group;
	struct verify_finding finding = { .status = status };
	cleanup_free char *evidence = NULL;
	va_list arguments;
	int length;

	if (!verify_wants(verify, id))
		return;
	finding.check = find_check(id, &group);
	va_start(arguments, fmt);
	length = vasprintf(&evidence, fmt, arguments);
	va_end(arguments);
	if (length < 0) {
		evidence = NULL;
		verify->out_of_memory = true;
		return;
	}
	if (!fill(&finding, subject, evidence, remedy) || !add(verify, &finding)) {
		finding_clear(&finding);
		verify->out_of_memory = true;
	}
}

size_t verify_count(const struct verify *verify, enum verify_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < verify->finding_count; i++)
		count += verify->findings[i].status == status;
	return count;
}

int verify_exit_status(const struct verify *verify)
{
	if (verify->error || verify->out_of_memory || verify_count(verify, VERIFY_UNKNOWN))
		return EXIT_UNKNOWN;
	return verify_count(verify, VERIFY_FAIL) ? EXIT_NO : EXIT_YES;
}

void verify_clear(struct verify *verify)
{
	for (size_t i = 0; i < verify->finding_count; i++)
		finding_clear(&verify->findings[i]);
	free(verify->findings);
	verify->findings = NULL;
	verify->finding_count = 0;
	engine_facts_free(verify->engine_facts);
	verify->engine_facts = NULL;
}
