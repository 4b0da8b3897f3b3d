/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A difference in words: one line per app and container for the log, one line per element for `plan`. */
#ifndef BULKHEAD_DIFF_TEXT_H
#define BULKHEAD_DIFF_TEXT_H

#include "policy.h"
#include "reconcile.h"

/* Calls say with a line for each app whose flows change: "shop: +2 flows for shop-web-3 (172.18.0.7)" if all of them
 * concern one container, else "shop: +12 -3 flows". */
void diff_text_flows(const struct policy_diff *diff, void (*say)(const char *line, void *data), void *data);

/* "+ flows4 172.18.0.2 . 172.18.0.3 . tcp . 5432   shop: web (shop-web-1) -> db (shop-db-1)" */
#define DIFF_TEXT_SIZE 512
const char *diff_text_record(char sign, const struct policy_record *record, char line[DIFF_TEXT_SIZE]);

#endif
