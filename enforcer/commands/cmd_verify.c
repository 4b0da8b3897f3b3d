/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify: gathers what its groups look at, runs them, and prints what they found.  Changes nothing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "datapath.h"
#include "lock.h"
#include "log.h"
#include "oneshot.h"
#include "reconcile_links.h"
#include "verify_groups.h"
#include "verify_print.h"

/* A container may be starting just now: before the kernel is said to differ from what the engine told, both are asked
 * again, so often, with so much time between. */
#define LOOKS	 5
#define PAUSE_MS 300

/* What struct verify points to. */
struct facts {
	struct loop *loop;
	struct docker_client *client;
	struct reconciler *reconciler;
	struct flow_files *files;
	struct docker_info info;
	struct docker_version version;
	struct kernel *kernel;
	struct kernel_state state;
	struct reconcile_report plan;
	struct error engine_error, kernel_error, plan_error;
};

static void facts_clear(struct facts *facts)
{
	kernel_state_clear(&facts->state);
	kernel_close(facts->kernel);
	reconciler_free(facts->reconciler);
	docker_client_free(facts->client);
	loop_free(facts->loop);
	flow_files_free(facts->files);
}

static void read_kernel(const struct host *host, struct facts *facts, struct verify *verify)
{
	const struct kernel_options options = { .mark = host->config->mark };
	int r = facts->kernel ? 0 : kernel_open(&facts->kernel, &facts->kernel_error);

	if (r == 0) {
		kernel_state_clear(&facts->state);
		r = kernel_read(facts->kernel, &options, &facts->state, &facts->kernel_error);
	}
	verify->kernel = r < 0 ? NULL : facts->kernel;
	verify->state = r < 0 ? NULL : &facts->state;
	verify->kernel_error = r < 0 ? facts->kernel_error.text : NULL;
}

/* Of a container that is just starting the service knows what it is going to publish, and verify does not: an engine
 * does not answer about it. */
static bool may_be_known(const struct verify *verify, const struct policy_record *record)
{
	if (!policy_set_is(record->set, POLICY_TOPIC_STARTING) && !policy_set_is(record->set, POLICY_TOPIC_UNSETTLED))
		return false;
	return verify->service_runs && verify->inventory->unsettled;
}

static void count_differences(const struct policy_diff *diff, const struct reconcile_report *report, void *data)
{
	struct verify *verify = data;

	(void)report;
	for (size_t i = 0; i < diff->add_count; i++)
		verify->missing += !may_be_known(verify, diff->add[i]);
	verify->surplus = diff->remove_count;
}

/* What the engine said before does not count any more either. */
static void hear_nothing(struct facts *facts, struct verify *verify)
{
	verify->engine_error = facts->engine_error.text;
	verify->client = NULL;
	verify->flows = NULL;
	verify->binding = NULL;
	verify->inventory = NULL;
	verify->info = NULL;
	verify->version = NULL;
}

static void hear(struct facts *facts, struct verify *verify)
{
	verify->client = facts->client;
	verify->flows = reconciler_flows(facts->reconciler);
	verify->binding = reconciler_binding(facts->reconciler);
	verify->inventory = reconciler_inventory(facts->reconciler);
	verify->info = &facts->info;
	verify->version = &facts->version;
}

static int ask_engine(struct facts *facts)
{
	struct inventory *inventory = NULL;
	struct error *err = &facts->engine_error;
	int r = reconcile_look_at_ports(facts->reconciler, err);

	if (r == 0)
		r = oneshot_ask(facts->loop, facts->client, &inventory, &facts->info, &facts->version, err);
	return r < 0 ? r : reconciler_set_inventory(facts->reconciler, inventory, err);
}

/* Everything that needs the engine; what does not is looked at without it, too. */
static void hear_engine(const struct host *host, struct facts *facts, struct verify *verify)
{
	struct error *err = &facts->engine_error;
	int r = loop_new(&facts->loop, err);

	verify->loop = facts->loop;
	if (r == 0)
		r = docker_client_new(facts->loop, host->config->docker, &facts->client, err);
	if (r == 0)
		r = reconciler_new(host->config, steal(facts->files->set), false, count_differences, verify,
				   &facts->reconciler, err);
	if (r == 0) {
		oneshot_learn(host, facts->reconciler);
		r = ask_engine(facts);
	}
	if (r < 0)
		hear_nothing(facts, verify);
	else
		hear(facts, verify);
}

static void make_plan(struct facts *facts, struct verify *verify)
{
	const struct reconcile_cause cause = { .what = "verify" };
	int r;

	verify->plan = NULL;
	verify->elsewhere = verify->inventory ? reconcile_elsewhere(facts->reconciler) : NULL;
	verify->missing = verify->surplus = 0;
	verify->plan_error = verify->engine_error ? verify->engine_error : verify->kernel_error;
	if (verify->plan_error)
		return;
	r = reconcile_everything(facts->reconciler, &cause, true, &facts->plan, &facts->plan_error);
	verify->plan = r < 0 ? NULL : &facts->plan;
	verify->plan_error = r < 0 ? facts->plan_error.text : NULL;
}

/* Without the service nothing that differs will be put right; a network that was just removed is gone in any case. */
static bool differs(const struct verify *verify)
{
	return verify->elsewhere || (verify->service_runs && (verify->missing || verify->surplus));
}

/* A host in use changes while it is looked at: what differs has to differ still. */
static void look_again(const struct host *host, struct facts *facts, struct verify *verify)
{
	for (int i = 1; i < LOOKS && differs(verify); i++) {
		verify_pause(verify, PAUSE_MS);
		if (ask_engine(facts) < 0)
			hear_nothing(facts, verify);
		else
			hear(facts, verify);
		read_kernel(host, facts, verify);
		make_plan(facts, verify);
	}
}

static void gather(const struct host *host, struct facts *facts, struct verify *verify)
{
	struct datapath datapath;
	struct error err;
	pid_t holder;

	verify->service_runs = lock_held(&holder, &err) > 0;
	verify->files = facts->files;
	hear_engine(host, facts, verify);
	read_kernel(host, facts, verify);
	make_plan(facts, verify);
	look_again(host, facts, verify);
	/* The plans looked at the bridges again. */
	if (verify->inventory)
		reconciler_bridges(facts->reconciler, &verify->bridges, &verify->bridge_count);
	verify->enforced = verify->plan && !verify->elsewhere && !verify->missing && !verify->surplus &&
			   verify->state->skeleton == KERNEL_SKELETON_WHOLE &&
			   host->config->mode == FLOW_MODE_ENFORCE && datapath_read(&datapath, &err) == 0 &&
			   datapath_whole(&datapath);
}

/* Nothing can be looked at: a message, and the document all the same, in which whoever reads that finds it. */
static int say_error(const struct host *host, const char *why)
{
	struct verify verify = { .host = host, .error = why };

	log_error("%s", why);
	if (host->options->json && !verify_print_json(&verify))
		log_error("out of memory");
	return EXIT_UNKNOWN;
}

static int run(const struct host *host)
{
	const struct options *options = host->options;
	struct verify verify = { .host = host,
				 .root = options->root && strcmp(options->root, "/") != 0 ? options->root : "" };
	struct facts facts = { 0 };
	struct error err;
	int status;

	if (options->quiet)
		log_level(CONFIG_LOG_ERROR);
	if (host_load_flows(host, &facts.files, &err) < 0)
		return say_error(host, err.text);
	gather(host, &facts, &verify);
	verify_run(&verify);
	status = verify_exit_status(&verify);
	if (!options->json && !verify.out_of_memory)
		verify_print(&verify);
	else if (verify.out_of_memory || !verify_print_json(&verify)) {
		log_error("out of memory");
		status = EXIT_UNKNOWN;
	}
	verify_clear(&verify);
	facts_clear(&facts);
	return status;
}

int cmd_verify(const struct options *options)
{
	struct host host;
	struct error err;
	int status;

	if (verify_check_selection(options, &err) < 0) {
		fprintf(stderr, "bulkhead: verify: %s: see `bulkhead verify --help`\n", err.text);
		return EXIT_USAGE;
	}
	if (options->root && options->root[0] != '/') {
		fprintf(stderr, "bulkhead: verify: --root needs an absolute path\n");
		return EXIT_USAGE;
	}
	if (host_open(options, &host, &err) < 0) {
		host = (struct host){ .options = options };
		return say_error(&host, err.text);
	}
	status = run(&host);
	host_clear(&host);
	return status;
}
