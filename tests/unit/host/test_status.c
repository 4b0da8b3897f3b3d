/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the service says of itself: written, and read by those who do not believe it. */
#include "status.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

static char *format(const struct status *status)
{
	cJSON *document = status_to_json(status);
	char *text = document ? cJSON_PrintUnformatted(document) : NULL;

	cJSON_Delete(document);
	assert_non_null(text);
	return text;
}

static int parse(const char *text, size_t length, struct status *status)
{
	const char *what = NULL;
	int r = status_parse(text, length, status, &what);

	assert_true(r == 0 || (r == -EINVAL && what));
	return r;
}

/* Every member has another value, so that none is mistaken for another one. */
static void fill(struct status *status)
{
	memset(status, 0, sizeof(*status));
	status->pid = 4711;
	status->written = 86400123;
	STATUS_TEXT(status->version, "0.1.0");
	status->started = 1732546271;
	status->broken = true;
	status->since = 1732546272;
	STATUS_TEXT(status->reason, "br_netfilter is \"off\"\\");
	status_put_right(status, "the tables changed", "nft", 12);
	status_put_right(status, "the switch", NULL, 0);
	status->put_right = 70;
	status->left_lost = 1;
	status->left_foreign = 2;
	status->reconciles = 3;
	status->failures = 4;
	status->last_time = 5;
	status->last_work_us = 6;
	status->last_commit_us = 7;
	status->last_added = 8;
	status->last_removed = 9;
	STATUS_TEXT(status->last_what, "change by others");
	status->engine_up = true;
	status->engine_since = 10;
	STATUS_TEXT(status->engine_url, "unix:///var/run/docker.sock");
	STATUS_TEXT(status->engine_version, "20.10.24+dfsg1");
	STATUS_TEXT(status->engine_error, "caf\xc3\xa9");
	STATUS_TEXT(status->backend4, "iptables");
	STATUS_TEXT(status->backend6, "none");
	STATUS_TEXT(status->kernel, "6.18.44");
	status->knows_owner = status->owned = true;
	status->generation = (int64_t)1 << 53;
	status->capabilities = status->no_new_privs = status->seccomp = true;
	STATUS_TEXT(status->mode, "observe");
	status->repair = true;
	status->apps = 11;
	status->flows = 13;
	status->elements = 14;
	status->containers = 15;
	status->networks = 16;
	for (int i = 0; i < STATUS_REFUSED; i++) {
		struct status_refused *refused = &status->refused[status->refused_count++];

		snprintf(refused->file, sizeof(refused->file), "/etc/bulkhead/flows.d/%d.json", i);
		STATUS_TEXT(refused->app, i % 2 ? "shop" : "");
		STATUS_TEXT(refused->why, "5:34: port \"x\"");
		refused->kept = i % 2;
	}
	status->refused_files = 100;
}

static void assert_same(const struct status *status, const char *text)
{
	char *again = format(status);

	assert_string_equal(again, text);
	free(again);
}

static void round_trip(void **state)
{
	static struct status status, again;
	char *text;

	(void)state;
	text = format(&status);
	memset(&again, 0, sizeof(again));
	assert_int_equal(parse(text, strlen(text), &again), 0);
	assert_same(&again, text);
	free(text);
	fill(&status);
	text = format(&status);
	assert_true(strlen(text) < STATUS_FILE_MAX);
	assert_int_equal(parse(text, strlen(text), &again), 0);
	assert_same(&again, text);
	assert_string_equal(again.refused[3].why, status.refused[3].why);
	free(text);
}

/* The document with one part of its text replaced. */
static void refuse_with(const char *text, const char *part, const char *other)
{
	static struct status status;
	char *changed = malloc(strlen(text) + strlen(other) + 1);
	const char *at = strstr(text, part);

	assert_non_null(at);
	status.pid = 99;
	sprintf(changed, "%.*s%s%s", (int)(at - text), text, other, at + strlen(part));
	if (parse(changed, strlen(changed), &status) == 0)
		fail_msg("%s in the place of %s was taken", other, part);
	assert_int_equal(status.pid, 99);
	free(changed);
}

static void anything_else(void **state)
{
	static struct status status;
	char *text, *longer;

	(void)state;
	fill(&status);
	text = format(&status);
	refuse_with(text, "\"pid\":4711", "\"pid\":-1");
	refuse_with(text, "\"pid\":4711", "\"pid\":47.5");
	refuse_with(text, "\"pid\":4711", "\"pid\":1e300");
	refuse_with(text, "\"pid\":4711", "\"pid\":\"4711\"");
	refuse_with(text, "\"pid\":4711", "\"pid\":null");
	refuse_with(text, "\"pid\":4711", "\"Pid\":4711");
	refuse_with(text, "\"broken\":true", "\"broken\":1");
	refuse_with(text, "\"0.1.0\"", "7");
	refuse_with(text, "\"0.1.0\"", "\"\\u001b[2J\"");
	refuse_with(text, "\"0.1.0\"", "\"a\\nb\"");
	refuse_with(text, "\"0.1.0\"", "\"0123456789012345678901234567890123\"");
	refuse_with(text, "\"0.1.0\"", "\"01234567890123456789012345678901\"");
	refuse_with(text, "\xc3\xa9", "\xc3");
	refuse_with(text, "\"in_force\":{", "\"in_force\":[{");
	refuse_with(text, "\"repairs\":[", "\"repairs\":[7,");
	refuse_with(text, "\"refused\":[", "\"refused\":[{\"file\":\"x\",\"app\":null,\"why\":null,\"kept\":true},");
	refuse_with(text, "\"refused\":[", "\"refused\":{},\"more\":[");
	refuse_with(text, "\"repairs\":", "\"Repairs\":");
	for (size_t length = 0; length < strlen(text); length += 37)
		assert_int_equal(parse(text, length, &status), -EINVAL);
	longer = malloc(strlen(text) + 3);
	sprintf(longer, "%s{}", text);
	assert_int_equal(parse(longer, strlen(longer), &status), -EINVAL);
	longer[strlen(text)] = '\0';
	assert_int_equal(parse(longer, strlen(text) + 1, &status), -EINVAL);
	free(longer);
	free(text);
	longer = malloc(STATUS_FILE_MAX);
	memset(longer, '[', STATUS_FILE_MAX);
	assert_int_equal(parse(longer, STATUS_FILE_MAX, &status), -EINVAL);
	free(longer);
}

/* Bytes that are not what they were: whatever comes of it is printable, and bounded. */
static void random_bytes(void **state)
{
	static struct status status, read;
	uint64_t seed = 1;
	char *text;
	size_t length;

	(void)state;
	fill(&status);
	text = format(&status);
	length = strlen(text);
	for (int round = 0; round < 20000; round++) {
		size_t at[3];
		char kept[3];

		for (int i = 0; i < 3; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			at[i] = (size_t)(seed >> 33) % length;
			kept[i] = text[at[i]];
			text[at[i]] = (char)(seed >> 25);
		}
		if (parse(text, length, &read) == 0)
			assert_true(read.refused_count <= STATUS_REFUSED && read.repair_count <= STATUS_REPAIRS &&
				    read.pid >= 0);
		for (int i = 2; i >= 0; i--)
			text[at[i]] = kept[i];
	}
	free(text);
}

static void what_is_in_force(void **state)
{
	static struct status status;

	(void)state;
	assert_true(status_set_broken(&status, false, NULL));
	assert_true(status.since != 0);
	assert_false(status_set_broken(&status, false, NULL));
	assert_true(status_set_broken(&status, true, "a\nb \xff\033[2J"));
	assert_string_equal(status.reason, "a?b ??[2J");
	assert_false(status_set_broken(&status, true, "a\nb \xff\033[2J"));
	assert_true(status_set_broken(&status, true, "c"));
	for (int i = 0; i < 20; i++) {
		char what[16];

		sprintf(what, "number %d", i);
		status_put_right(&status, what, "nft", i);
	}
	assert_int_equal(status.put_right, 20);
	assert_int_equal(status.repair_count, STATUS_REPAIRS);
	assert_string_equal(status.repairs[0].what, "number 19");
	assert_string_equal(status.repairs[STATUS_REPAIRS - 1].what, "number 4");
}

static void whose_word_it_is(void **state)
{
	static struct status status;
	struct error err;

	(void)state;
	assert_int_equal(status_check(&status, 7, &err), -ESTALE);
	status.pid = 7;
	assert_int_equal(status_check(&status, 7, &err), -ETIMEDOUT);
	status.written = INT64_MAX / 2;
	assert_int_equal(status_check(&status, 7, &err), -ETIMEDOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),	    cmocka_unit_test(anything_else),	cmocka_unit_test(random_bytes),
		cmocka_unit_test(what_is_in_force), cmocka_unit_test(whose_word_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
