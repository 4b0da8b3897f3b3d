/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "utf8.h"

/* The buckets' upper bounds: in microseconds, and in seconds as the format writes them. */
static const struct {
	uint64_t us;
	const char *text;
} bounds[METRICS_BUCKETS] = {
	{ 250, "0.00025" }, { 500, "0.0005" },	{ 1000, "0.001" },  { 2500, "0.0025" },
	{ 5000, "0.005" },  { 10000, "0.01" },	{ 25000, "0.025" }, { 50000, "0.05" },
	{ 100000, "0.1" },  { 250000, "0.25" }, { 1000000, "1.0" }, { 5000000, "5.0" },
};

static void observe(struct metrics_histogram *histogram, uint64_t ns)
{
	histogram->count++;
	histogram->sum_ns += ns;
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		if (ns <= bounds[i].us * 1000) {
			histogram->buckets[i]++;
			return;
		}
	}
}

void metrics_done(struct metrics *metrics, const struct reconcile_report *report)
{
	*(report->full ? &metrics->full : &metrics->partial) += 1;
	observe(&metrics->work, report->work_ns);
	/* A comparison that found no difference committed nothing. */
	if (report->commit_ns)
		observe(&metrics->commit, report->commit_ns);
}

int metrics_read_denied(struct metrics *metrics, const struct reconciler *reconciler, struct error *err)
{
	struct kernel_state state = { 0 };
	struct kernel_denied *denied = NULL;
	size_t count = 0;
	int r = kernel_read_denied(reconciler_kernel(reconciler), &denied, &count, err);
	bool news = r == 0 && denied_totals_differ(&metrics->denied, denied, count);

	free(denied);
	/* New denials need names, and for names everything has to be read. */
	if (r < 0 || !news)
		return r;
	r = reconciler_read_kernel(reconciler, &state, err);
	if (r == 0 && denied_totals_take(&metrics->denied, &state) < 0)
		r = error_oom(err);
	kernel_state_clear(&state);
	return r;
}

/* ---- The format ---- */

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP bulkhead_%s %s\n# TYPE bulkhead_%s %s\n", name, help, name, type);
}

static void one(FILE *out, const char *name, const char *type, const char *help, int64_t value)
{
	head(out, name, type, help);
	fprintf(out, "bulkhead_%s %" PRId64 "\n", name, value);
}

/* A label's value is UTF-8, with escapes for three characters. */
static void print_label(FILE *out, const char *name, const char *value)
{
	size_t length = strlen(value), taken;
	uint32_t point;

	fprintf(out, "%s=\"", name);
	for (; length; value += taken, length -= taken) {
		taken = utf8_decode(value, length, &point);
		if (!taken)
			fputc('?', out);
		else if (*value == '\\' || *value == '"')
			fprintf(out, "\\%c", *value);
		else if (*value == '\n')
			fputs("\\n", out);
		else
			fwrite(value, 1, taken, out);
		taken = taken ? taken : 1;
	}
	fputc('"', out);
}

static void with_label(FILE *out, const char *name, const char *label, const char *value, int64_t number)
{
	fprintf(out, "bulkhead_%s{", name);
	print_label(out, label, value);
	fprintf(out, "} %" PRId64 "\n", number);
}

static void print_histogram(FILE *out, const char *name, const char *help, const struct metrics_histogram *histogram)
{
	uint64_t below = 0;

	head(out, name, "histogram", help);
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		below += histogram->buckets[i];
		fprintf(out, "bulkhead_%s_bucket{le=\"%s\"} %" PRIu64 "\n", name, bounds[i].text, below);
	}
	fprintf(out, "bulkhead_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, histogram->count);
	fprintf(out, "bulkhead_%s_sum %" PRIu64 ".%09" PRIu64 "\n", name, histogram->sum_ns / 1000000000,
		histogram->sum_ns % 1000000000);
	fprintf(out, "bulkhead_%s_count %" PRIu64 "\n", name, histogram->count);
}

static void print_build(FILE *out, const struct status *status)
{
	head(out, "build_info", "gauge", "The version that runs; always 1.");
	fputs("bulkhead_build_info{", out);
	print_label(out, "version", status->version);
	fputs("} 1\n", out);
	one(out, "start_time_seconds", "gauge", "When the service started, in seconds since 1970.", status->started);
}

static void print_state(FILE *out, const struct status *status)
{
	one(out, "in_force", "gauge", "1: all that should be in force is; 0: not, the log says what.", !status->broken);
	one(out, "engine_up", "gauge", "Whether the engine is followed.", status->engine_up);
	one(out, "apps", "gauge", "Apps whose flows are loaded.", status->apps);
	one(out, "flows", "gauge", "Flows that are loaded: entries of flow files.", status->flows);
	one(out, "refused_files", "gauge", "Flow files that are not in force.", status->refused_files);
	one(out, "elements", "gauge", "Elements in the kernel's sets.", status->elements);
	one(out, "containers", "gauge", "Containers that the engine tells of.", status->containers);
	one(out, "networks", "gauge", "Networks that are managed.", status->networks);
	head(out, "drift_left_elements", "gauge", "What others changed and is left so.");
	with_label(out, "drift_left_elements", "kind", "lost", status->left_lost);
	with_label(out, "drift_left_elements", "kind", "foreign", status->left_foreign);
}

static void print_work(FILE *out, const struct metrics *metrics, const struct status *status)
{
	static const char *const events[METRICS_EVENTS] = { "engine", "kernel", "links" };

	head(out, "events_total", "counter", "News that were acted on, by who told them.");
	for (size_t i = 0; i < METRICS_EVENTS; i++)
		with_label(out, "events_total", "source", events[i], (int64_t)metrics->events[i]);
	head(out, "reconciles_total", "counter",
	     "Comparisons that were done: of everything, or of what an event changed.");
	with_label(out, "reconciles_total", "scope", "everything", (int64_t)metrics->full);
	with_label(out, "reconciles_total", "scope", "change", (int64_t)metrics->partial);
	one(out, "reconcile_failures_total", "counter",
	    "Comparisons that failed: the kernel refused the transaction, or could not be read.", status->failures);
	one(out, "last_success_timestamp_seconds", "gauge", "When a comparison was done last, in seconds since 1970.",
	    status->last_time);
	one(out, "repairs_total", "counter", "How often something that others had changed was put right.",
	    status->put_right);
	print_histogram(out, "reconcile_duration_seconds", "The service's own work for a comparison.", &metrics->work);
	print_histogram(out, "commit_duration_seconds", "The kernel's work for a transaction.", &metrics->commit);
}

static void print_denied(FILE *out, const struct denied_totals *denied)
{
	head(out, "denied_packets_total", "counter", "Packets that no flow declares, by the apps of both ends.");
	for (size_t i = 0; i < denied->pair_count; i++) {
		const struct denied_pair *pair = &denied->pairs[i];

		fputs("bulkhead_denied_packets_total{", out);
		print_label(out, "from", pair->from);
		fputc(',', out);
		print_label(out, "to", pair->to);
		fprintf(out, ",action=\"%s\"} %" PRIu64 "\n", pair->let_through ? "let_through" : "dropped",
			pair->packets);
	}
	one(out, "denied_packets_other_total", "counter",
	    "The same of pairs of apps that are too many to be told one by one.", (int64_t)denied->other);
}

char *metrics_format(const struct metrics *metrics, const struct status *status, size_t *ret_length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_length);
	bool failed;

	if (!out)
		return NULL;
	print_build(out, status);
	print_state(out, status);
	print_work(out, metrics, status);
	print_denied(out, &metrics->denied);
	failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

int metrics_write(const struct metrics *metrics, const struct status *status, const char *path)
{
	size_t length;
	cleanup_free char *text = metrics_format(metrics, status, &length);

	if (!text) {
		(void)unlink(path);
		return -ENOMEM;
	}
	return file_replace(path, 0644, text, length);
}

void metrics_clear(struct metrics *metrics)
{
	denied_totals_clear(&metrics->denied);
}
