/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service's metrics, in the text format of Prometheus: a file for node_exporter's textfile collector.  Names and
 * meaning: contrib/docs/observing.md.
 */
#ifndef BULKHEAD_METRICS_H
#define BULKHEAD_METRICS_H

#include "denied_totals.h"
#include "reconcile.h"
#include "status.h"

/* How often the file is written. */
#define METRICS_MS	15000

#define METRICS_BUCKETS 12

struct metrics_histogram {
	uint64_t buckets[METRICS_BUCKETS]; /* not cumulative; durations beyond the last bound are in none */
	uint64_t count, sum_ns;
};

enum metrics_event { METRICS_ENGINE, METRICS_KERNEL, METRICS_LINKS, METRICS_EVENTS };

struct metrics {
	struct metrics_histogram work, commit;
	uint64_t full, partial; /* comparisons: of everything; of what one event changed */
	uint64_t events[METRICS_EVENTS];
	struct denied_totals denied;
};

/* Counts a comparison that was done. */
void metrics_done(struct metrics *metrics, const struct reconcile_report *report);

/* Brings the totals of denials up to date; reads the kernel for it. */
int metrics_read_denied(struct metrics *metrics, const struct reconciler *reconciler, struct error *err);

/* The file's text, which the caller frees.  NULL when out of memory.  Pure. */
char *metrics_format(const struct metrics *metrics, const struct status *status, size_t *ret_length);

/* Writes the file.  0 or negative errno: then there is no file. */
int metrics_write(const struct metrics *metrics, const struct status *status, const char *path);

/* Frees what it points to. */
void metrics_clear(struct metrics *metrics);

#endif
