/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy language: a corpus of files with the errors that they must give, then what the good ones mean. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "flow_parse.h"

#define CORPUS TESTS_DIR "/unit/corpus/flows"

static char *read_file(const char *path, size_t *ret_length)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, FLOW_FILE_MAX);

	assert_non_null(text);
	if (!file) {
		free(text);
		return NULL;
	}
	*ret_length = fread(text, 1, FLOW_FILE_MAX - 1, file);
	fclose(file);
	return text;
}

static const char *severity_name(const struct diagnostic *item)
{
	return item->severity == DIAGNOSTIC_ERROR ? "error" : "warning";
}

static void print_all(const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		print_error("\t%s:%u:%u: %s: %s\n", diagnostics->items[i].file, diagnostics->items[i].line,
			    diagnostics->items[i].column, severity_name(&diagnostics->items[i]),
			    diagnostics->items[i].text);
}

/* Whether a problem is there as "LINE:COLUMN: SEVERITY: part of the text". */
static bool has(const struct diagnostics *diagnostics, const char *expected)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];
		char place[64];

		snprintf(place, sizeof(place), "%u:%u: %s: ", item->line, item->column, severity_name(item));
		if (strncmp(expected, place, strlen(place)) == 0 && strstr(item->text, expected + strlen(place)))
			return true;
	}
	return false;
}

static void assert_has(const struct diagnostics *diagnostics, const char *expected)
{
	if (has(diagnostics, expected))
		return;
	print_error("expected %s, got:\n", expected);
	print_all(diagnostics);
	fail();
}

static int is_json(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".json") == 0;
}

/* Every expected line is there, and nothing else is an error. */
static void check_expectations(const char *path, const struct diagnostics *diagnostics)
{
	char expect[4096], *save = NULL;
	size_t length, lines = 0;
	char *text;

	snprintf(expect, sizeof(expect), "%.*s.expect", (int)(strlen(path) - strlen(".json")), path);
	text = read_file(expect, &length);
	assert_non_null(text);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		lines++;
		if (!has(diagnostics, line)) {
			print_error("%s: expected %s, got:\n", path, line);
			print_all(diagnostics);
			fail();
		}
	}
	free(text);
	if (lines != diagnostics->errors) {
		print_error("%s: expected %zu errors, got:\n", path, lines);
		print_all(diagnostics);
		fail();
	}
}

static void check_file(const char *path, bool valid)
{
	struct diagnostics diagnostics = { 0 };
	struct flow_app *untouched = (struct flow_app *)&diagnostics, *app = untouched;
	size_t length;
	char *text = read_file(path, &length);
	int r;

	assert_non_null(text);
	r = flow_parse(path, text, length, &diagnostics, &app);
	if (r != (valid ? 0 : -EINVAL)) {
		print_error("%s: returned %d:\n", path, r);
		print_all(&diagnostics);
		fail();
	}
	if (valid) {
		assert_int_equal(diagnostics.errors, 0);
		assert_string_equal(app->file, path);
		flow_app_free(app);
	} else {
		assert_ptr_equal(app, untouched);
		check_expectations(path, &diagnostics);
	}
	diagnostics_clear(&diagnostics);
	free(text);
}

static void check_folder(const char *folder, int least)
{
	struct dirent **entries;
	char path[4096];
	int count;

	snprintf(path, sizeof(path), "%s/%s", CORPUS, folder);
	count = scandir(path, &entries, is_json, alphasort);
	assert_true(count >= least);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", CORPUS, folder, entries[i]->d_name);
		check_file(path, strcmp(folder, "valid") == 0);
		free(entries[i]);
	}
	free(entries);
}

static void corpus_valid(void **state)
{
	(void)state;
	check_folder("valid", 30);
}

static void corpus_schema(void **state)
{
	(void)state;
	check_folder("schema", 70);
}

static void corpus_semantic(void **state)
{
	(void)state;
	check_folder("semantic", 15);
}

static void corpus_syntax(void **state)
{
	(void)state;
	check_folder("syntax", 30);
}

/* A file that must be good; warnings stay in diagnostics. */
static struct flow_app *parse(const char *file, const char *text, struct diagnostics *diagnostics)
{
	struct flow_app *app = NULL;
	int r = flow_parse(file, text, strlen(text), diagnostics, &app);

	if (r < 0)
		print_all(diagnostics);
	assert_int_equal(r, 0);
	return app;
}

static void assert_peer(const struct flow_peer *peer, enum flow_peer_kind kind, const char *app, const char *service)
{
	assert_int_equal(peer->kind, kind);
	if (app)
		assert_string_equal(peer->app, app);
	else
		assert_null(peer->app);
	if (service)
		assert_string_equal(peer->service, service);
	else
		assert_null(peer->service);
}

static void means_peers(void **state)
{
	struct diagnostics diagnostics = { 0 };
	struct flow_app *app =
		parse("shop.json",
		      "{ \"app\": \"shop\", \"flows\": [\n"
		      "{ \"from\": [\"web\", \"a/b\", \"a/*\", \"*/*\", \"*\", \"world\", \"host\", \"shop/x\"],\n"
		      "  \"to\": [\"db\", \"shop/y\", \"*\"], \"ports\": [\"any\"] },\n"
		      "{ \"from\": \"shop/*\", \"to\": [\"world\", \"host\"], \"ports\": [\"any\"] } ] }",
		      &diagnostics);
	const struct flow *flow;

	(void)state;
	assert_int_equal(app->flow_count, 2);
	flow = &app->flows[0];
	assert_int_equal(flow->from_count, 8);
	assert_peer(&flow->from[0], FLOW_PEER_SERVICE, "shop", "web");
	assert_peer(&flow->from[1], FLOW_PEER_SERVICE, "a", "b");
	assert_peer(&flow->from[2], FLOW_PEER_APP, "a", NULL);
	assert_peer(&flow->from[3], FLOW_PEER_ALL, NULL, NULL);
	assert_peer(&flow->from[4], FLOW_PEER_APP, "shop", NULL);
	assert_peer(&flow->from[5], FLOW_PEER_WORLD, NULL, NULL);
	assert_peer(&flow->from[6], FLOW_PEER_HOST, NULL, NULL);
	assert_peer(&flow->from[7], FLOW_PEER_SERVICE, "shop", "x");
	assert_int_equal(flow->to_count, 3);
	assert_peer(&flow->to[0], FLOW_PEER_SERVICE, "shop", "db");
	assert_peer(&flow->to[1], FLOW_PEER_SERVICE, "shop", "y");
	assert_peer(&flow->to[2], FLOW_PEER_APP, "shop", NULL);
	assert_int_equal(flow->line, 2);
	assert_int_equal(flow->column, 1);
	assert_int_equal(flow->from[1].line, 2);
	assert_int_equal(flow->from[1].column, 19);
	flow = &app->flows[1];
	assert_peer(&flow->from[0], FLOW_PEER_APP, "shop", NULL);
	assert_peer(&flow->to[0], FLOW_PEER_WORLD, NULL, NULL);
	assert_peer(&flow->to[1], FLOW_PEER_HOST, NULL, NULL);
	assert_int_equal(diagnostics.count, 0);
	flow_app_free(app);
	diagnostics_clear(&diagnostics);
}

static void means_ports(void **state)
{
	static const struct flow_port expected[] = {
		{ FLOW_TCP, 80, 80 },	  { FLOW_TCP, 1, 1 },	  { FLOW_UDP, 53, 53 },	      { FLOW_SCTP, 3868, 3868 },
		{ FLOW_TCP, 7000, 7010 }, { FLOW_UDP, 9, 10 },	  { FLOW_TCP, 65535, 65535 }, { FLOW_TCP, 5, 5 },
		{ FLOW_TCP, 0, 65535 },	  { FLOW_UDP, 0, 65535 }, { FLOW_SCTP, 0, 65535 },    { FLOW_ICMP, 0, 65535 },
		{ FLOW_ANY, 0, 65535 },
	};
	struct diagnostics diagnostics = { 0 };
	struct flow_app *app = parse("shop.json",
				     "{ \"app\": \"shop\", \"flows\": [{ \"from\": \"a\", \"to\": \"b\", \"ports\": ["
				     "\"80\", \"1/tcp\", \"53/udp\", \"3868/sctp\", \"7000-7010\", \"9-10/udp\", "
				     "\"65535\", \"5-5\", \"tcp\", \"udp\", \"sctp\", \"icmp\", \"any\"] }] }",
				     &diagnostics);
	const struct flow *flow = &app->flows[0];

	(void)state;
	assert_int_equal(flow->port_count, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < flow->port_count; i++) {
		assert_int_equal(flow->ports[i].protocol, expected[i].protocol);
		assert_int_equal(flow->ports[i].first, expected[i].first);
		assert_int_equal(flow->ports[i].last, expected[i].last);
	}
	assert_int_equal(diagnostics.count, 0);
	flow_app_free(app);
}

static void means_services(void **state)
{
	struct diagnostics diagnostics = { 0 };
	struct flow_app *app =
		parse("/etc/x.json",
		      "{ \"app\": \"shop\", \"mode\": \"observe\", \"services\": {\n"
		      "  \"all\": { \"compose\": \"a\", \"swarm\": \"b\", \"container\": \"c*\", \"image\": "
		      "\"d:*\", \"labels\": { \"k\": \"v\", \"l\": \"\" } },\n"
		      "  \"one\": { \"swarm\": \"s\" } }, \"flows\": [] }",
		      &diagnostics);
	const struct flow_service *service = flow_app_service(app, "all");

	(void)state;
	assert_string_equal(app->name, "shop");
	assert_string_equal(app->file, "/etc/x.json");
	assert_int_equal(app->line, 1);
	assert_int_equal(app->column, 10);
	assert_int_equal(app->mode, FLOW_MODE_OBSERVE);
	assert_int_equal(app->boundary.egress, FLOW_BOUNDARY_DEFAULT);
	assert_int_equal(app->service_count, 2);
	assert_non_null(service);
	assert_string_equal(service->compose, "a");
	assert_string_equal(service->swarm, "b");
	assert_string_equal(service->container, "c*");
	assert_string_equal(service->image, "d:*");
	assert_int_equal(service->label_count, 2);
	assert_string_equal(service->labels[0].key, "k");
	assert_string_equal(service->labels[0].value, "v");
	assert_string_equal(service->labels[1].value, "");
	assert_int_equal(service->line, 2);
	assert_int_equal(service->column, 3);
	service = flow_app_service(app, "one");
	assert_string_equal(service->swarm, "s");
	assert_null(service->compose);
	assert_null(service->container);
	assert_null(service->image);
	assert_int_equal(service->label_count, 0);
	assert_null(flow_app_service(app, "none"));
	flow_app_free(app);
}

static void means_cidrs_and_note(void **state)
{
	struct diagnostics diagnostics = { 0 };
	struct flow_app *app =
		parse("shop.json",
		      "{ \"app\": \"shop\", \"flows\": [{ \"from\": \"world\", \"to\": \"b\", \"ports\": [\"1\"],"
		      "\"cidrs\": [\"192.0.2.0/24\", \"2001:db8::1\"], \"note\": \"\\u00e9 \\ud83d\\ude00\" }] }",
		      &diagnostics);
	const struct flow *flow = &app->flows[0];
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	assert_int_equal(flow->cidr_count, 2);
	assert_string_equal(address_format(&flow->cidrs[0].base, text), "192.0.2.0");
	assert_int_equal(flow->cidrs[0].length, 24);
	assert_string_equal(address_format(&flow->cidrs[1].base, text), "2001:db8::1");
	assert_int_equal(flow->cidrs[1].length, 128);
	assert_string_equal(flow->note, "\xc3\xa9 \xf0\x9f\x98\x80");
	flow_app_free(app);
	diagnostics_clear(&diagnostics);
}

static void means_boundary(void **state)
{
	struct diagnostics diagnostics = { 0 };
	struct flow_app *app = parse("shop.json",
				     "{ \"app\": \"shop\", \"flows\": [],\n"
				     "\"boundary\": { \"ingress\": \"declared\", \"host\": \"open\" } }",
				     &diagnostics);

	(void)state;
	assert_int_equal(app->boundary.ingress, FLOW_BOUNDARY_DECLARED);
	assert_int_equal(app->boundary.egress, FLOW_BOUNDARY_DEFAULT);
	assert_int_equal(app->boundary.host, FLOW_BOUNDARY_OPEN);
	assert_int_equal(diagnostics.count, 0);
	flow_app_free(app);
}

static void means_guard(void **state)
{
	struct diagnostics diagnostics = { 0 };
	struct flow_app *copy, *app = parse("shop.json",
					    "{ \"app\": \"shop\", \"services\": {"
					    " \"vpn\": { \"compose\": \"vpn\", \"guard\": \"off\" },"
					    " \"web\": { \"guard\": \"on\", \"compose\": \"web\" },"
					    " \"db\": { \"compose\": \"db\" } }, \"flows\": [] }",
					    &diagnostics);

	(void)state;
	assert_true(flow_app_service(app, "vpn")->unguarded);
	assert_false(flow_app_service(app, "web")->unguarded);
	assert_false(flow_app_service(app, "db")->unguarded);
	assert_int_equal(diagnostics.count, 0);
	copy = flow_app_copy(app);
	assert_non_null(copy);
	assert_true(flow_app_service(copy, "vpn")->unguarded);
	assert_false(flow_app_service(copy, "web")->unguarded);
	flow_app_free(copy);
	flow_app_free(app);
}

static void warns_of_same_flows(void **state)
{
	struct diagnostics diagnostics = { 0 };
	struct flow_app *app =
		parse("shop.json",
		      "{ \"app\": \"shop\", \"flows\": [\n"
		      "{ \"from\": \"a\", \"to\": \"b\", \"ports\": [\"80\"] },\n"
		      "{ \"from\": \"a\", \"to\": \"b\", \"ports\": [\"81\"] },\n"
		      "{ \"from\": \"a\", \"to\": \"c\", \"ports\": [\"80\"] },\n"
		      " { \"from\": [\"shop/a\"], \"to\": \"b\", \"ports\": [\"80/tcp\"], \"note\": \"\" },\n"
		      "{ \"from\": \"a\", \"to\": \"b\", \"ports\": [\"80\", \"81\"] } ] }",
		      &diagnostics);

	(void)state;
	assert_int_equal(diagnostics.count, 1);
	assert_has(&diagnostics, "5:2: warning: this flow is declared already, at 2:1");
	flow_app_free(app);
	diagnostics_clear(&diagnostics);
}

/* A file can have more errors than anybody reads; it is refused all the same. */
static void limits_errors(void **state)
{
	struct diagnostics diagnostics = { 0 };
	struct flow_app *app = NULL;
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);

	(void)state;
	fputs("{ \"app\": \"shop\", \"flows\": [1", file);
	for (int i = 0; i < 5000; i++)
		fputs(",1", file);
	fputs("] }", file);
	fclose(file);
	assert_int_equal(flow_parse("shop.json", text, length, &diagnostics, &app), -EINVAL);
	assert_int_equal(diagnostics.count, 1000);
	assert_string_equal(diagnostics.items[999].text, "too many errors: the rest of this file's are not shown");
	diagnostics_clear(&diagnostics);
	free(text);
}

static void tells_app_name(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{ "{ \"app\": \"shop\", \"flows\": 1 }", "shop" },
		{ "{ \"app\": \"shop\", \"app\": \"x\" }", "shop" },
		{ "{ \"app\": \"world\" }", NULL },
		{ "{ \"app\": 1 }", NULL },
		{ "[]", NULL },
		{ "{ \"app\": \"shop\",", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *name = (char *)"untouched";

		assert_int_equal(flow_parse_app_name(cases[i].text, strlen(cases[i].text), &name), 0);
		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
		else
			assert_null(name);
		free(name);
	}
}

struct pair {
	struct flow_app *apps[4];
	bool bad[4];
	struct diagnostics diagnostics;
};

static void pair_clear(struct pair *pair)
{
	for (size_t i = 0; i < 4; i++)
		flow_app_free(pair->apps[i]);
	diagnostics_clear(&pair->diagnostics);
}

static void together_apps_once(void **state)
{
	struct pair pair = { .bad = { true, true, true } };

	(void)state;
	pair.apps[0] = parse("c.json", "{\n \"app\": \"shop\", \"flows\": [] }", &pair.diagnostics);
	pair.apps[1] = parse("a.json", "{\n\n  \"app\": \"shop\", \"flows\": [] }", &pair.diagnostics);
	pair.apps[2] = parse("b.json", "{ \"app\": \"other\", \"flows\": [] }", &pair.diagnostics);
	assert_int_equal(flow_check_together(pair.apps, 3, &pair.diagnostics, pair.bad), 1);
	assert_true(pair.bad[0]);
	assert_false(pair.bad[1]);
	assert_false(pair.bad[2]);
	assert_int_equal(pair.diagnostics.count, 1);
	assert_string_equal(pair.diagnostics.items[0].file, "c.json");
	assert_has(&pair.diagnostics, "2:9: error: app \"shop\" is declared already, at a.json:3: one file per app");
	pair_clear(&pair);
}

#define USER(peer) "{ \"app\": \"mon\", \"flows\": [\n{ \"from\": \"" peer "\", \"to\": \"x\", \"ports\": [\"1\"] }] }"

/* Returns how many are refused; the text is of app mon, shop defines web and db, web1, and bare is a file without
 * definitions. */
static size_t check_user(const char *text, const char *expected)
{
	struct pair pair = { 0 };
	size_t refused;

	pair.apps[0] = parse("mon.json", text, &pair.diagnostics);
	pair.apps[1] =
		parse("shop.json",
		      "{ \"app\": \"shop\", \"services\": { \"web\": { \"compose\": \"web\" }, \"db\": { \"compose\": "
		      "\"db\" }, \"job1\": { \"compose\": \"job1\" } }, \"flows\": [] }",
		      &pair.diagnostics);
	pair.apps[2] = parse("bare.json",
			     "{ \"app\": \"bare\", \"flows\": [{ \"from\": \"web\", \"to\": \"web\", "
			     "\"ports\": [\"1\"] }] }",
			     &pair.diagnostics);
	refused = flow_check_together(pair.apps, 3, &pair.diagnostics, pair.bad);
	assert_int_equal(pair.bad[0], refused == 1);
	assert_false(pair.bad[1]);
	assert_false(pair.bad[2]);
	assert_int_equal(pair.diagnostics.count, expected ? 1 : 0);
	if (expected)
		assert_has(&pair.diagnostics, expected);
	pair_clear(&pair);
	return refused;
}

static void together_near_misses(void **state)
{
	(void)state;
	assert_int_equal(check_user(USER("shop/web"), NULL), 0);
	assert_int_equal(check_user(USER("shop/*"), NULL), 0);
	assert_int_equal(check_user(USER("*/*"), NULL), 0);
	assert_int_equal(check_user(USER("world"), NULL), 0);
	assert_int_equal(check_user(USER("shop/postgres"), NULL), 0);
	assert_int_equal(check_user(USER("shop/job2"), NULL), 0);
	assert_int_equal(check_user(USER("bare/wbe"), NULL), 0);
	assert_int_equal(check_user(USER("elsewhere/web"), NULL), 0);
	assert_int_equal(check_user(USER("shop1/web"), NULL), 0);
	assert_int_equal(check_user(USER("mno/x"), "2:11: error: unknown app \"mno\": did you mean \"mon\"?"), 1);
	assert_int_equal(
		check_user(USER("shop/wbe"),
			   "2:11: error: unknown service \"wbe\" of app \"shop\": did you mean \"shop/web\"? (to "
			   "name the Compose service \"wbe\" too, define it in shop.json: \"services\": { \"wbe\": "
			   "{ \"compose\": \"wbe\" } })"),
		1);
	assert_int_equal(check_user(USER("shpo/web"),
				    "2:11: error: unknown app \"shpo\": did you mean \"shop\"? (if there is an app "
				    "\"shpo\" too, give it a file: { \"app\": \"shpo\", \"flows\": [] })"),
			 1);
	assert_int_equal(check_user(USER("shpo/*"), "2:11: error: unknown app \"shpo\": did you mean \"shop\"?"), 1);
}

static void set_finds(void **state)
{
	struct diagnostics diagnostics = { 0 };
	struct flow_app *apps[] = {
		parse("a", "{ \"app\": \"A\", \"flows\": [] }", &diagnostics),
		parse("b", "{ \"app\": \"b\", \"flows\": [] }", &diagnostics),
		parse("c", "{ \"app\": \"b-c\", \"flows\": [] }", &diagnostics),
	};
	struct flow_set set = { .apps = apps, .count = 3 }, none = { 0 };

	(void)state;
	assert_ptr_equal(flow_set_find(&set, "A"), apps[0]);
	assert_ptr_equal(flow_set_find(&set, "b"), apps[1]);
	assert_ptr_equal(flow_set_find(&set, "b-c"), apps[2]);
	assert_null(flow_set_find(&set, "a"));
	assert_null(flow_set_find(&set, "c"));
	assert_null(flow_set_find(&none, "a"));
	for (size_t i = 0; i < 3; i++)
		flow_app_free(apps[i]);
	flow_app_free(NULL);
	flow_set_free(NULL);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(flow_protocol_name(FLOW_TCP), "tcp");
	assert_string_equal(flow_protocol_name(FLOW_UDP), "udp");
	assert_string_equal(flow_protocol_name(FLOW_SCTP), "sctp");
	assert_string_equal(flow_protocol_name(FLOW_ICMP), "icmp");
	assert_string_equal(flow_protocol_name(FLOW_ANY), "any");
	assert_string_equal(flow_mode_name(FLOW_MODE_ENFORCE), "enforce");
	assert_string_equal(flow_mode_name(FLOW_MODE_OBSERVE), "observe");
	assert_string_equal(flow_boundary_name(FLOW_BOUNDARY_OPEN), "open");
	assert_string_equal(flow_boundary_name(FLOW_BOUNDARY_DECLARED), "declared");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corpus_valid),
		cmocka_unit_test(corpus_schema),
		cmocka_unit_test(corpus_semantic),
		cmocka_unit_test(corpus_syntax),
		cmocka_unit_test(means_peers),
		cmocka_unit_test(means_ports),
		cmocka_unit_test(means_services),
		cmocka_unit_test(means_cidrs_and_note),
		cmocka_unit_test(means_boundary),
		cmocka_unit_test(means_guard),
		cmocka_unit_test(warns_of_same_flows),
		cmocka_unit_test(limits_errors),
		cmocka_unit_test(tells_app_name),
		cmocka_unit_test(together_apps_once),
		cmocka_unit_test(together_near_misses),
		cmocka_unit_test(set_finds),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
