/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify_groups.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "diagnostics.h"
#include "verify_blind.h"
#include "verify_datapath.h"
#include "verify_engine.h"
#include "verify_host.h"
#include "verify_icc.h"
#include "verify_probe.h"

const struct verify_group *const verify_groups[] = {
	&verify_icc,	  /* ICC, network by network */
	&verify_datapath, /* is the protection real */
	&verify_blind,	  /* what no rule here can see */
	&verify_engine,	  /* the engine's own settings */
	&verify_host,	  /* the engine's host */
	&verify_probe,	  /* --probe: packets sent, and not arrived */
	NULL,
};
const size_t verify_group_count = sizeof(verify_groups) / sizeof(verify_groups[0]) - 1;

/* More checks than there ever will be: the candidates for "did you mean". */
#define CHECKS_MAX 256

const struct verify_group *verify_group_of(const struct verify_check *check)
{
	for (size_t i = 0; i < verify_group_count; i++) {
		for (size_t j = 0; j < verify_groups[i]->check_count; j++) {
			if (&verify_groups[i]->checks[j] == check)
				return verify_groups[i];
		}
	}
	return NULL;
}

static bool is_known(const char *word, size_t length)
{
	for (size_t i = 0; i < verify_group_count; i++) {
		for (size_t j = 0; j < verify_groups[i]->check_count; j++) {
			if (verify_names(&verify_groups[i]->checks[j], word, length))
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

static int check_list(const char *option, const char *list, struct error *err)
{
	while (list && *list) {
		size_t length = strcspn(list, ",");

		if (!is_known(list, length)) {
			const char *suggestion;
			char word[64];

			snprintf(word, sizeof(word), "%.*s", (int)(length < 63 ? length : 63), list);
			suggestion = suggest(word);
			return error_set(err, -EINVAL, "--%s: there is no check \"%s\"%s%s%s", option, word,
					 suggestion ? "; did you mean \"" : "", suggestion ? suggestion : "",
					 suggestion ? "\"?" : "");
		}
		list += length + (list[length] == ',');
	}
	return 0;
}

static bool any_asked_for(const struct options *options)
{
	for (size_t i = 0; i < verify_group_count; i++) {
		for (size_t j = 0; j < verify_groups[i]->check_count; j++) {
			if (verify_asked_for(options, verify_groups[i], &verify_groups[i]->checks[j]))
				return true;
		}
	}
	return false;
}

int verify_check_selection(const struct options *options, struct error *err)
{
	int r = check_list("only", options->only, err);

	if (r == 0)
		r = check_list("skip", options->skip, err);
	if (r < 0 || any_asked_for(options))
		return r;
	/* Nothing was looked at, and nothing failed: that must not look like a yes. */
	return error_set(err, -EINVAL, "--only and --skip leave no check");
}

void verify_run(struct verify *verify)
{
	verify->groups = verify_groups;
	for (size_t i = 0; i < verify_group_count; i++) {
		bool wanted = false;

		for (size_t j = 0; j < verify_groups[i]->check_count; j++)
			wanted |= verify_wants(verify, verify_groups[i]->checks[j].id);
		if (wanted)
			verify_groups[i]->run(verify);
	}
}
