/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which checks were asked for, and what they found. */
#include "verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_facts.h"
#include "utf8.h"

static const struct verify_check *find_check(const struct verify *verify, const char *id,
					     const struct verify_group **ret_group)
{
	for (const struct verify_group *const *group = verify->groups; *group; group++) {
		for (size_t i = 0; i < (*group)->check_count; i++) {
			if (strcmp((*group)->checks[i].id, id) == 0) {
				*ret_group = *group;
				return &(*group)->checks[i];
			}
		}
	}
	return NULL;
}

/* ---- Which were asked for ---- */

bool verify_names(const struct verify_check *check, const char *word, size_t length)
{
	return (strlen(check->id) == length && strncmp(check->id, word, length) == 0) ||
	       (check->cis && strlen(check->cis) == length && strncmp(check->cis, word, length) == 0);
}

/* Whether the list, "icc-network,2.2", names the check. */
static bool lists(const char *list, const struct verify_check *check)
{
	while (list && *list) {
		size_t length = strcspn(list, ",");

		if (verify_names(check, list, length))
			return true;
		list += length + (list[length] == ',');
	}
	return false;
}

static bool is_probe(const struct verify_group *group)
{
	return strcmp(group->name, "probe") == 0;
}

bool verify_asked_for(const struct options *options, const struct verify_group *group, const struct verify_check *check)
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
	const struct verify_check *check = find_check(verify, id, &group);

	if (!check) {
		fprintf(stderr, "bulkhead: verify has no check \"%s\"\n", id);
		abort();
	}
	return verify_asked_for(verify->host ? verify->host->options : NULL, group, check);
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

/* ---- What they found ---- */

char *verify_printable(const char *text)
{
	char *all = strdup("");

	while (all && *text) {
		size_t length = strcspn(text, "\n");
		cleanup_free char *line = utf8_printable(text, length);
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
	finding.check = find_check(verify, id, &group);
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
