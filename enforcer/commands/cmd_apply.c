/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply and plan: the same comparison, with and without its commit. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cleanup.h"
#include "commands.h"
#include "datapath.h"
#include "json_out.h"
#include "lock.h"
#include "log.h"
#include "oneshot.h"
#include "diff_text.h"
#include "bridges_file.h"

/* What is printed while the difference is at hand. */
struct output {
	const struct options *options;
	cJSON *document; /* with --json */
	bool plan, failed;
};

static const char *install_text(enum kernel_install install)
{
	switch (install) {
	case KERNEL_RULES:
		return "rules of the tables " KERNEL_TABLE ", written anew";
	case KERNEL_REPLACE:
		return "tables inet " KERNEL_TABLE " and bridge " KERNEL_TABLE ", made anew";
	default:
		return NULL;
	}
}

static void add_record(cJSON *array, const struct policy_record *record, struct output *output)
{
	cJSON *item = cJSON_CreateObject();
	char key[POLICY_KEY_TEXT_SIZE];

	if (!item || !cJSON_AddStringToObject(item, "set", policy_set_name(record->set)) ||
	    !cJSON_AddStringToObject(item, "key", policy_key_format(record, key)) ||
	    !cJSON_AddStringToObject(item, "comment", record->comment) || !cJSON_AddItemToArray(array, item)) {
		cJSON_Delete(item);
		output->failed = true;
	}
}

static void build_json(const struct policy_diff *diff, const struct reconcile_report *report, struct output *output)
{
	const char *install = install_text(report->install);
	cJSON *removed = cJSON_AddArrayToObject(output->document, "remove");
	cJSON *added = cJSON_AddArrayToObject(output->document, "add");

	output->failed = !removed || !added ||
			 !(install ? cJSON_AddStringToObject(output->document, "install", install)
				   : cJSON_AddNullToObject(output->document, "install")) ||
			 !cJSON_AddBoolToObject(output->document, "docker_accept", report->docker);
	for (size_t i = 0; !output->failed && i < diff->remove_count; i++)
		add_record(removed, diff->remove[i], output);
	for (size_t i = 0; !output->failed && i < diff->add_count; i++)
		add_record(added, diff->add[i], output);
}

static void say_line(const char *line, void *data)
{
	(void)data;
	puts(line);
}

static void print_plan(const struct policy_diff *diff, const struct reconcile_report *report)
{
	const char *install = install_text(report->install);
	char line[DIFF_TEXT_SIZE];

	if (install)
		printf("+ %s\n", install);
	if (report->docker)
		puts("+ the accept rule in Docker's chain, with which marked packets pass its own drop, put in order");
	for (size_t i = 0; i < diff->remove_count; i++)
		puts(diff_text_record('-', diff->remove[i], line));
	for (size_t i = 0; i < diff->add_count; i++)
		puts(diff_text_record('+', diff->add[i], line));
}

static void print_apply(const struct policy_diff *diff, const struct reconcile_report *report)
{
	const char *install = install_text(report->install);

	if (install)
		puts(install);
	diff_text_flows(diff, say_line, NULL);
	printf("+%zu -%zu elements\n", report->added, report->removed);
}

static void observe(const struct policy_diff *diff, const struct reconcile_report *report, void *data)
{
	struct output *output = data;

	if (output->options->json)
		build_json(diff, report, output);
	else if (output->plan)
		print_plan(diff, report);
	else
		print_apply(diff, report);
}

static int write_state(const struct host *host, const struct reconciler *reconciler, struct error *err)
{
	cleanup_free char(*bridges)[16] = NULL;
	size_t count;
	int r = bridges_file_collect(reconciler_inventory(reconciler), &bridges, &count);

	return r < 0 ? error_oom(err) : bridges_file_write(host->config->state, bridges, count, err);
}

/* The datapath is part of what apply makes right; plan only says so. */
static int check_datapath(struct output *output, bool *ret_changes, struct error *err)
{
	struct datapath datapath;
	char changed[160];
	int r;

	if (!output->plan) {
		if (datapath_load())
			log_info("loaded br_netfilter");
		r = datapath_repair(changed, err);
		if (r == 0 && changed[0])
			log_info("%s: packets on one bridge come by bulkhead's rules now", changed);
		return r;
	}
	r = datapath_read(&datapath, err);
	if (r < 0 || datapath_whole(&datapath))
		return r;
	log_warning(
		"packets between containers on one bridge are not filtered: br_netfilter is %s; apply puts that right",
		datapath.present ? "switched off" : "not loaded");
	*ret_changes = true;
	return 0;
}

static int reconcile_once(struct host *host, struct output *output, bool *ret_changes, size_t *ret_refused,
			  struct error *err)
{
	cleanup_of(reconciler) struct reconciler *reconciler = NULL;
	const struct reconcile_cause cause = { .what = output->plan ? "plan" : "apply" };
	struct reconcile_report report = { 0 };
	int r = oneshot_prepare(host, observe, output, &reconciler, ret_refused, err);

	if (r == 0)
		r = check_datapath(output, ret_changes, err);
	if (r == 0)
		r = reconcile_everything(reconciler, &cause, output->plan, &report, err);
	if (r < 0)
		return r;
	*ret_changes = *ret_changes || report.changed;
	oneshot_advise(reconciler);
	if (!output->plan && write_state(host, reconciler, err) < 0)
		log_warning("%s: after a reboot only docker0 is closed before the engine is heard", err->text);
	return 0;
}

static int print_document(struct output *output, bool changes)
{
	cJSON *document = steal(output->document);

	if (!cJSON_AddBoolToObject(document, "changes", changes))
		output->failed = true;
	/* Without a difference the observer was not called. */
	if (!cJSON_HasObjectItem(document, "add") &&
	    (!cJSON_AddArrayToObject(document, "remove") || !cJSON_AddArrayToObject(document, "add") ||
	     !cJSON_AddNullToObject(document, "install") || !cJSON_AddFalseToObject(document, "docker_accept")))
		output->failed = true;
	return json_out_print(document, !output->failed);
}

static int run(const struct options *options, bool plan)
{
	struct output output = { .options = options, .plan = plan, .document = cJSON_CreateObject() };
	cleanup_close int lock = -1;
	bool changes = false;
	size_t refused = 0;
	struct host host;
	struct error err;
	pid_t holder;
	int r = host_open(options, &host, &err);

	if (r < 0 || !output.document) {
		log_error("%s", output.document ? err.text : "out of memory");
		cJSON_Delete(output.document);
		return EXIT_UNKNOWN;
	}
	if (!plan) {
		lock = lock_take(&holder, &err);
		r = lock < 0 ? lock : 0;
	}
	if (r == 0)
		r = reconcile_once(&host, &output, &changes, &refused, &err);
	if (r == 0 && options->json && print_document(&output, changes) < 0)
		r = error_oom(&err);
	else if (r == 0 && !options->json && !changes)
		puts("nothing to change");
	host_clear(&host);
	cJSON_Delete(output.document);
	if (r < 0) {
		log_error("%s", err.text);
		return EXIT_UNKNOWN;
	}
	if (refused)
		log_warning("%zu flow file%s left out: see above", refused, refused == 1 ? " was" : "s were");
	if (plan)
		return changes ? EXIT_NO : EXIT_YES;
	return refused ? EXIT_NO : EXIT_YES;
}

int cmd_apply(const struct options *options)
{
	return run(options, false);
}

int cmd_plan(const struct options *options)
{
	return run(options, true);
}
