/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file for Prometheus, read back by a reader that forgives nothing; and totals that do not go back. */
#include "metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- Denials ---- */

static struct address address(const char *text)
{
	struct address parsed;

	assert_int_equal(address_parse(text, false, &parsed), 0);
	return parsed;
}

static void add_endpoint(struct kernel_state *state, const char *where, const char *comment)
{
	struct policy_record record = { .set = POLICY_ENDPOINTS4, .source = address(where), .comment = comment };

	assert_int_equal(policy_add(state->policy, &record), 0);
}

static struct kernel_state make_state(void)
{
	struct kernel_state state = { .policy = policy_new() };

	add_endpoint(&state, "172.18.0.2", "shop-web-1 (shop/web, shop/edge) on shop_default");
	add_endpoint(&state, "172.18.0.3", "db-1 (stock/db) on shop_default");
	add_endpoint(&state, "172.18.0.4", "stranger () on shop_default");
	policy_finish(state.policy);
	return state;
}

static void deny(struct kernel_state *state, const char *from, const char *to, uint16_t port, uint64_t packets)
{
	state->denied = reallocarray(state->denied, state->denied_count + 1, sizeof(*state->denied));
	state->denied[state->denied_count++] = (struct kernel_denied){
		.source = address(from), .destination = address(to), .protocol = 6, .port = port, .packets = packets
	};
}

static void take(struct denied_totals *totals, struct kernel_state *state, bool news)
{
	assert_int_equal(denied_totals_differ(totals, state->denied, state->denied_count), news);
	assert_int_equal(denied_totals_take(totals, state), 0);
	assert_null(state->denied);
	/* Once is enough. */
	assert_false(denied_totals_differ(totals, totals->seen, totals->seen_count));
}

static uint64_t total(const struct denied_totals *totals, const char *from, const char *to)
{
	uint64_t packets = 0;

	for (size_t i = 0; i < totals->pair_count; i++) {
		if (strcmp(totals->pairs[i].from, from) == 0 && strcmp(totals->pairs[i].to, to) == 0)
			packets += totals->pairs[i].packets;
	}
	return packets;
}

static void totals_do_not_go_back(void **state)
{
	struct denied_totals totals = { 0 };
	struct kernel_state kernel = make_state();

	(void)state;
	take(&totals, &kernel, false);
	deny(&kernel, "172.18.0.3", "172.18.0.2", 80, 3);
	deny(&kernel, "172.18.0.2", "172.18.0.3", 5432, 2);
	deny(&kernel, "172.18.0.2", "172.18.0.3", 5433, 1);
	deny(&kernel, "172.18.0.4", "172.18.0.3", 80, 1);
	deny(&kernel, "172.18.0.2", "203.0.113.1", 80, 7);
	take(&totals, &kernel, true);
	assert_int_equal(totals.pair_count, 4);
	assert_int_equal(total(&totals, "shop", "stock"), 3);
	assert_int_equal(total(&totals, "stock", "shop"), 3);
	assert_int_equal(total(&totals, DENIED_NO_APP, "stock"), 1);
	assert_int_equal(total(&totals, "shop", DENIED_OUTSIDE), 7);
	/* More of one; one is forgotten; one was, and is a new one. */
	deny(&kernel, "172.18.0.2", "172.18.0.3", 5432, 12);
	deny(&kernel, "172.18.0.2", "203.0.113.1", 80, 2);
	take(&totals, &kernel, true);
	assert_int_equal(total(&totals, "shop", "stock"), 13);
	assert_int_equal(total(&totals, "stock", "shop"), 3);
	assert_int_equal(total(&totals, "shop", DENIED_OUTSIDE), 9);
	take(&totals, &kernel, false);
	assert_int_equal(total(&totals, "shop", "stock"), 13);
	kernel_state_clear(&kernel);
	denied_totals_clear(&totals);
}

static void pairs_are_bounded(void **state)
{
	struct kernel_state kernel = { .policy = policy_new() };
	struct denied_totals totals = { 0 };
	enum { APPS = 40 };

	(void)state;
	for (int i = 0; i < APPS; i++) {
		char where[32], comment[64];

		sprintf(where, "172.18.1.%d", i + 1);
		sprintf(comment, "c%d (app%d/web) on shop_default", i, i);
		add_endpoint(&kernel, where, comment);
	}
	policy_finish(kernel.policy);
	for (int i = 0; i < APPS * APPS; i++) {
		char from[32], to[32];

		sprintf(from, "172.18.1.%d", i / APPS + 1);
		sprintf(to, "172.18.1.%d", i % APPS + 1);
		deny(&kernel, from, to, 80, 1);
	}
	take(&totals, &kernel, true);
	assert_int_equal(totals.pair_count, DENIED_PAIRS_MAX);
	assert_int_equal(totals.other, APPS * APPS - DENIED_PAIRS_MAX);
	kernel_state_clear(&kernel);
	denied_totals_clear(&totals);
}

/* ---- The format ---- */

/* What the strict reader says of the text: a line a sample. */
static char *read_strictly(const char *text, size_t length)
{
	char path[] = "/tmp/test_metrics.XXXXXX", command[512], *samples = NULL;
	int fd = mkstemp(path);
	size_t size = 0;
	FILE *pipe;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), length);
	close(fd);
	snprintf(command, sizeof(command), "python3 %s/engine/prometheus.py %s", TESTS_DIR, path);
	pipe = popen(command, "re");
	assert_non_null(pipe);
	assert_true(getdelim(&samples, &size, '\0', pipe) > 0);
	if (pclose(pipe) != 0)
		fail_msg("%s\n%.*s", samples, (int)length, text);
	unlink(path);
	return samples;
}

static void assert_has(const char *samples, const char *line)
{
	if (!strstr(samples, line))
		fail_msg("there is no %s in\n%s", line, samples);
}

static void format(void **state)
{
	static struct status status;
	static struct denied_pair pairs[] = { { "shop", "stock", false, 7 },
					      { "shop", "stock", true, 8 },
					      { "a\"b\\c\nd", "caf\xc3\xa9 \xff{}=,", false, 9 } };
	struct metrics metrics = { .denied = { .pairs = pairs, .pair_count = 3, .other = 5 } };
	struct reconcile_report report = { .full = true, .work_ns = 3000000, .commit_ns = 400000 };
	char *text, *samples;
	size_t length;

	(void)state;
	STATUS_TEXT(status.version, "0.1.0 \"odd\"");
	status.last_time = 1732546271;
	status.broken = status.engine_up = true;
	metrics_done(&metrics, &report);
	report = (struct reconcile_report){ .work_ns = 250000 };
	metrics_done(&metrics, &report);
	report.work_ns = 60700000000;
	metrics_done(&metrics, &report);
	metrics.events[METRICS_LINKS] = 6;
	text = metrics_format(&metrics, &status, &length);
	assert_non_null(text);
	assert_int_equal(strlen(text), length);
	samples = read_strictly(text, length);
	assert_has(samples, "bulkhead_build_info {'version': '0.1.0 \"odd\"'} 1.0\n");
	assert_has(samples, "bulkhead_in_force {} 0.0\n");
	assert_has(samples, "bulkhead_engine_up {} 1.0\n");
	assert_has(samples, "bulkhead_last_success_timestamp_seconds {} 1732546271.0\n");
	assert_has(samples, "bulkhead_reconciles_total {'scope': 'everything'} 1.0\n");
	assert_has(samples, "bulkhead_reconciles_total {'scope': 'change'} 2.0\n");
	assert_has(samples, "bulkhead_reconcile_duration_seconds_bucket {'le': '0.00025'} 1.0\n");
	assert_has(samples, "bulkhead_reconcile_duration_seconds_bucket {'le': '0.0025'} 1.0\n");
	assert_has(samples, "bulkhead_reconcile_duration_seconds_bucket {'le': '0.005'} 2.0\n");
	assert_has(samples, "bulkhead_reconcile_duration_seconds_bucket {'le': '5.0'} 2.0\n");
	assert_has(samples, "bulkhead_reconcile_duration_seconds_bucket {'le': '+Inf'} 3.0\n");
	assert_has(samples, "bulkhead_reconcile_duration_seconds_sum {} 60.70325\n");
	assert_has(samples, "bulkhead_commit_duration_seconds_count {} 1.0\n");
	assert_has(samples, "bulkhead_events_total {'source': 'links'} 6.0\n");
	assert_has(samples, "{'action': 'let_through', 'from': 'shop', 'to': 'stock'} 8.0\n");
	assert_has(samples, "{'action': 'dropped', 'from': 'a\"b\\\\c\\nd', 'to': 'caf\xc3\xa9 ?{}=,'} 9.0\n");
	assert_has(samples, "bulkhead_denied_packets_other_total {} 5.0\n");
	free(samples);
	free(text);
}

static void the_file(void **state)
{
	static struct status status;
	struct metrics metrics = { 0 };
	char folder[] = "/tmp/test_metrics.XXXXXX", path[64], other[80];
	struct stat about;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/bulkhead.prom", folder);
	umask(077);
	assert_int_equal(metrics_write(&metrics, &status, path), 0);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0644);
	assert_true(about.st_size > 1000);
	/* Something is in the way: the old one goes, rather than stay as if it were true. */
	snprintf(other, sizeof(other), "%s.new", path);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_true(metrics_write(&metrics, &status, path) < 0);
	assert_int_not_equal(stat(path, &about), 0);
	assert_int_equal(rmdir(other), 0);
	assert_int_equal(rmdir(folder), 0);
	snprintf(path, sizeof(path), "%s/gone/bulkhead.prom", folder);
	assert_true(metrics_write(&metrics, &status, path) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(totals_do_not_go_back),
		cmocka_unit_test(pairs_are_bounded),
		cmocka_unit_test(format),
		cmocka_unit_test(the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
