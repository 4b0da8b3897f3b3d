/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

static struct config *parse(const char *text, struct diagnostics *diagnostics)
{
	struct config *config = NULL;
	int r = config_parse("bulkhead.json", text, strlen(text), diagnostics, &config);

	if (r < 0)
		print_error("%s: %s\n", text, diagnostics->count ? diagnostics->items[0].text : "no reason");
	assert_int_equal(r, 0);
	return config;
}

/* A good one without warnings. */
static struct config *parse_clean(const char *text)
{
	struct diagnostics diagnostics = { 0 };
	struct config *config = parse(text, &diagnostics);

	assert_int_equal(diagnostics.count, 0);
	return config;
}

/* The one error that the text gives, as "LINE:COLUMN: text". */
static void refuses(const char *text, const char *expected)
{
	struct diagnostics diagnostics = { 0 };
	struct config *untouched = (struct config *)&diagnostics, *config = untouched;
	char got[1024];

	assert_int_equal(config_parse("bulkhead.json", text, strlen(text), &diagnostics, &config), -EINVAL);
	assert_ptr_equal(config, untouched);
	assert_int_equal(diagnostics.count, 1);
	assert_int_equal(diagnostics.items[0].severity, DIAGNOSTIC_ERROR);
	assert_string_equal(diagnostics.items[0].file, "bulkhead.json");
	snprintf(got, sizeof(got), "%u:%u: %s", diagnostics.items[0].line, diagnostics.items[0].column,
		 diagnostics.items[0].text);
	assert_string_equal(got, expected);
	diagnostics_clear(&diagnostics);
}

static void assert_defaults(const struct config *config)
{
	assert_null(config->docker);
	assert_string_equal(config->flows, "/etc/bulkhead/flows.d");
	assert_string_equal(config->state, "/var/lib/bulkhead");
	assert_int_equal(config->mode, FLOW_MODE_ENFORCE);
	assert_int_equal(config->boundary.ingress, FLOW_BOUNDARY_OPEN);
	assert_int_equal(config->boundary.egress, FLOW_BOUNDARY_OPEN);
	assert_int_equal(config->boundary.host, FLOW_BOUNDARY_OPEN);
	assert_int_equal(config->exclude_count, 0);
	assert_int_equal(config->dns_count, 0);
	assert_int_equal(config->mark, 0x10000000);
	assert_true(config->repair);
	assert_true(config->owner);
	assert_null(config->metrics);
	assert_int_equal(config->log, CONFIG_LOG_INFO);
	assert_false(config->verify.docker_group_given);
	assert_int_equal(config->verify.docker_group_count, 0);
	assert_null(config->verify.engine_minimum);
	assert_false(config->verify.icc_required);
}

static void defaults(void **state)
{
	struct config *config = config_new();

	(void)state;
	assert_defaults(config);
	config_free(config);
	config = parse_clean("// nothing\n{}");
	assert_defaults(config);
	config_free(config);
	config_free(NULL);
}

/* The sample shows the defaults, so it must be them. */
static void sample(void **state)
{
	FILE *file = fopen(TESTS_DIR "/../contrib/bulkhead.json", "re");
	struct diagnostics diagnostics = { 0 };
	struct config *config = NULL;
	char text[8192];
	size_t length;

	(void)state;
	assert_non_null(file);
	length = fread(text, 1, sizeof(text), file);
	fclose(file);
	assert_int_equal(config_parse("bulkhead.json", text, length, &diagnostics, &config), 0);
	assert_int_equal(diagnostics.count, 0);
	assert_defaults(config);
	config_free(config);
}

static void everything(void **state)
{
	struct diagnostics diagnostics = { 0 };
	char text[ADDRESS_TEXT_SIZE];
	struct config *config = parse(
		"{ \"docker\": \"tcp://192.0.2.1:2376\", \"flows\": \"/f\", \"state\": \"/s\", \"mode\": \"observe\",\n"
		"\"boundary\": { \"ingress\": \"declared\", \"host\": \"open\" },\n"
		"\"networks\": { \"exclude\": [\"ingress*\", \"lab-?\", \"0123456789ab\"] }, \"dns\": [\"192.0.2.53\", "
		"\"2001:db8::53\"], "
		"\"mark\": \"0x20\", \"repair\": false, \"owner\": false, \"metrics\": \"/m/bulkhead.prom\", "
		"\"log\": \"debug\" }",
		&diagnostics);

	(void)state;
	assert_string_equal(config->docker, "tcp://192.0.2.1:2376");
	assert_string_equal(config->flows, "/f");
	assert_string_equal(config->state, "/s");
	assert_int_equal(config->mode, FLOW_MODE_OBSERVE);
	assert_int_equal(config->boundary.ingress, FLOW_BOUNDARY_DECLARED);
	assert_int_equal(config->boundary.egress, FLOW_BOUNDARY_OPEN);
	assert_int_equal(config->exclude_count, 3);
	assert_string_equal(config->exclude[1], "lab-?");
	assert_int_equal(config->mark, 0x20);
	assert_false(config->repair);
	assert_false(config->owner);
	assert_string_equal(config->metrics, "/m/bulkhead.prom");
	assert_int_equal(config->log, CONFIG_LOG_DEBUG);
	assert_int_equal(diagnostics.count, 0);
	assert_int_equal(config->dns_count, 2);
	assert_string_equal(address_format(&config->dns[0], text), "192.0.2.53");
	assert_string_equal(address_format(&config->dns[1], text), "2001:db8::53");
	assert_true(config_manages(config, "bridge", ""));
	assert_false(config_manages(config, "ingress", ""));
	assert_false(config_manages(config, "ingress_2", ""));
	assert_false(config_manages(config, "lab-1", ""));
	assert_true(config_manages(config, "lab-12", ""));
	assert_true(config_manages(config, "my-lab-1", ""));
	/* An id is nobody's name. */
	assert_false(config_manages(config, "web", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
	assert_true(config_manages(config, "0123456789ab",
				   "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
	config_free(config);
}

static void marks(void **state)
{
	static const struct {
		const char *text;
		uint32_t mark;
	} cases[] = {
		{ "{ \"mark\": \"0\" }", 0 },	       { "{ \"mark\": 0 }", 0 },
		{ "{ \"mark\": \"0x0\" }", 0 },	       { "{ \"mark\": \"1\" }", 1 },
		{ "{ \"mark\": 1024 }", 1024 },	       { "{ \"mark\": \"0X80000000\" }", 0x80000000 },
		{ "{ \"mark\": \"0x00000001\" }", 1 }, { "{ \"mark\": \"2147483648\" }", 0x80000000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *config = parse_clean(cases[i].text);

		assert_int_equal(config->mark, cases[i].mark);
		config_free(config);
	}
}

#define MARK_SENTENCE "\"mark\" must be one bit of 32, such as \"0x10000000\", or \"0\" for none, not "

static void mark_errors(void **state)
{
	(void)state;
	refuses("{ \"mark\": \"0x3\" }", "1:11: \"mark\" must be one bit, such as \"0x10000000\", or \"0\" for none: "
					 "\"0x3\" has 2 bits");
	refuses("{ \"mark\": 4294967295 }",
		"1:11: \"mark\" must be one bit, such as \"0x10000000\", or \"0\" for none: "
		"\"4294967295\" has 32 bits");
	refuses("{ \"mark\": \"4294967296\" }", "1:11: " MARK_SENTENCE "\"4294967296\"");
	refuses("{ \"mark\": \"0x100000000000000000\" }", "1:11: " MARK_SENTENCE "\"0x100000000000000000\"");
	refuses("{ \"mark\": \"\" }", "1:11: " MARK_SENTENCE "\"\"");
	refuses("{ \"mark\": \"0x\" }", "1:11: " MARK_SENTENCE "\"0x\"");
	refuses("{ \"mark\": \"010\" }", "1:11: " MARK_SENTENCE "\"010\"");
	refuses("{ \"mark\": \" 1\" }", "1:11: " MARK_SENTENCE "\" 1\"");
	refuses("{ \"mark\": \"bit\" }", "1:11: " MARK_SENTENCE "\"bit\"");
	refuses("{ \"mark\": -1 }", "1:11: " MARK_SENTENCE "\"-1\"");
	refuses("{ \"mark\": 1e3 }", "1:11: " MARK_SENTENCE "\"1e3\"");
	refuses("{ \"mark\": 1.0 }", "1:11: " MARK_SENTENCE "\"1.0\"");
	refuses("{ \"mark\": [] }", "1:11: \"mark\" must be a string, not a list");
}

static void errors(void **state)
{
	(void)state;
	refuses("[]", "1:1: the configuration must be an object, not a list");
	refuses("{ \"networks\": {} }}", "1:19: unexpected \"}\": expected nothing after the document");
	refuses("{ \"log\": \"info\", \"log\": \"info\" }", "1:18: duplicate key \"log\": the first one is at 1:3");
	refuses("{ \"dcoker\": 1 }", "1:3: unknown key \"dcoker\" in the configuration: did you mean \"docker\"?");
	refuses("{ \"colour\": 1 }",
		"1:3: unknown key \"colour\" in the configuration: it may have \"docker\", \"flows\", "
		"\"state\", \"mode\", \"boundary\", \"networks\", \"dns\", \"mark\", \"repair\", \"owner\", \"log\", "
		"\"metrics\" or "
		"\"verify\"");
	refuses("{ \"docker\": 1 }", "1:13: \"docker\" must be a string, not a number");
	refuses("{ \"docker\": \"\" }", "1:13: \"docker\" must not be empty");
	refuses("{ \"docker\": \"a\\u001bb\" }", "1:13: \"docker\" must not contain control characters");
	refuses("{ \"flows\": \"flows.d\" }", "1:12: \"flows\" must be an absolute path, not \"flows.d\"");
	refuses("{ \"flows\": \"\" }", "1:12: \"flows\" must not be empty");
	refuses("{ \"state\": \"./s\" }", "1:12: \"state\" must be an absolute path, not \"./s\"");
	refuses("{ \"state\": null }", "1:12: \"state\" must be a string, not null");
	refuses("{ \"mode\": \"observed\" }",
		"1:11: \"mode\" must be \"enforce\" or \"observe\", not \"observed\": did you "
		"mean \"observe\"?");
	refuses("{ \"boundary\": [] }", "1:15: \"boundary\" must be an object, not a list");
	refuses("{ \"boundary\": { \"egres\": \"open\" } }",
		"1:17: unknown key \"egres\" in \"boundary\": did you mean \"egress\"?");
	refuses("{ \"boundary\": { \"egress\": false } }",
		"1:27: \"egress\" must be \"open\" or \"declared\", not true or false");
	refuses("{ \"networks\": [] }", "1:15: \"networks\" must be an object, not a list");
	refuses("{ \"networks\": { \"include\": [] } }",
		"1:17: unknown key \"include\" in \"networks\": did you mean \"exclude\"?");
	refuses("{ \"networks\": { \"exclude\": \"a\" } }", "1:28: \"exclude\" must be a list, not a string");
	refuses("{ \"networks\": { \"exclude\": [1] } }",
		"1:29: a pattern in \"exclude\" must be a string, not a number");
	refuses("{ \"networks\": { \"exclude\": [\"\"] } }", "1:29: a pattern in \"exclude\" must not be empty");
	refuses("{ \"networks\": { \"exclude\": [\"a\", \"b\", \"a\"] } }",
		"1:39: \"a\" stands in this list already, at 1:29");
	refuses("{ \"dns\": \"192.0.2.53\" }", "1:10: \"dns\" must be a list, not a string");
	refuses("{ \"dns\": [53] }", "1:11: an address in \"dns\" must be a string, not a number");
	refuses("{ \"dns\": [\"192.0.2.0/24\"] }",
		"1:11: \"192.0.2.0/24\" is no address: write \"192.0.2.53\" or \"2001:db8::53\"");
	refuses("{ \"dns\": [\"dns.example\"] }",
		"1:11: \"dns.example\" is no address: write \"192.0.2.53\" or \"2001:db8::53\"");
	refuses("{ \"dns\": [\"2001:db8::1\", \"2001:DB8:0::1\"] }",
		"1:26: \"2001:DB8:0::1\" stands in this list already, at 1:11");
	refuses("{ \"repair\": \"true\" }", "1:13: \"repair\" must be true or false, not a string");
	refuses("{ \"metrics\": \"x.prom\" }", "1:14: \"metrics\" must be an absolute path, not \"x.prom\"");
	refuses("{ \"owner\": 1 }", "1:12: \"owner\" must be true or false, not a number");
	refuses("{ \"log\": \"warn\" }",
		"1:10: \"log\" must be \"error\", \"warning\", \"info\" or \"debug\", not \"warn\"");
	refuses("{ \"log\": 3 }", "1:10: \"log\" must be \"error\", \"warning\", \"info\" or \"debug\", not a number");
}

static void verify_keys(void **state)
{
	struct config *config = parse_clean(
		"{ \"verify\": { \"docker_group\": [\"alice\", \"bob\"], \"engine_minimum\": \"20.10.24\" } }");

	(void)state;
	assert_true(config->verify.docker_group_given);
	assert_int_equal(config->verify.docker_group_count, 2);
	assert_string_equal(config->verify.docker_group[1], "bob");
	assert_string_equal(config->verify.engine_minimum, "20.10.24");
	config_free(config);
	config = parse_clean("{ \"verify\": { \"docker_group\": [], \"engine_minimum\": \"24\" } }");
	assert_true(config->verify.docker_group_given);
	assert_int_equal(config->verify.docker_group_count, 0);
	assert_string_equal(config->verify.engine_minimum, "24");
	config_free(config);
	config = parse_clean("{ \"verify\": { \"icc_required\": true } }");
	assert_true(config->verify.icc_required);
	config_free(config);
	config = parse_clean("{ \"verify\": { \"icc_required\": false } }");
	assert_false(config->verify.icc_required);
	config_free(config);
	refuses("{ \"verify\": { \"icc_required\": 1 } }",
		"1:31: \"icc_required\" must be true or false, not a number");
	config = parse_clean("{ \"verify\": {} }");
	assert_false(config->verify.docker_group_given);
	assert_null(config->verify.engine_minimum);
	config_free(config);
	refuses("{ \"verify\": [] }", "1:13: \"verify\" must be an object, not a list");
	refuses("{ \"verify\": { \"docker_groups\": [] } }",
		"1:15: unknown key \"docker_groups\" in \"verify\": did you mean \"docker_group\"?");
	refuses("{ \"verify\": { \"docker_group\": \"alice\" } }",
		"1:31: \"docker_group\" must be a list, not a string");
	refuses("{ \"verify\": { \"docker_group\": [\"\"] } }", "1:32: a name in \"docker_group\" must not be empty");
	refuses("{ \"verify\": { \"docker_group\": [\"a\", \"a\"] } }",
		"1:37: \"a\" stands in this list already, at 1:32");
}

#define MINIMUM_SENTENCE "1:33: \"engine_minimum\" must be a version in numbers, such as \"24.0\", not "

static void verify_minimum(void **state)
{
	(void)state;
	refuses("{ \"verify\": { \"engine_minimum\": 24 } }",
		"1:33: \"engine_minimum\" must be a string, not a number");
	refuses("{ \"verify\": { \"engine_minimum\": \"\" } }", MINIMUM_SENTENCE "\"\"");
	refuses("{ \"verify\": { \"engine_minimum\": \"24.\" } }", MINIMUM_SENTENCE "\"24.\"");
	refuses("{ \"verify\": { \"engine_minimum\": \"24..0\" } }", MINIMUM_SENTENCE "\"24..0\"");
	refuses("{ \"verify\": { \"engine_minimum\": \".24\" } }", MINIMUM_SENTENCE "\".24\"");
	refuses("{ \"verify\": { \"engine_minimum\": \"latest\" } }", MINIMUM_SENTENCE "\"latest\"");
	refuses("{ \"verify\": { \"engine_minimum\": \"24.0-rc\" } }", MINIMUM_SENTENCE "\"24.0-rc\"");
}

static void all_errors_in_one_run(void **state)
{
	static const char text[] = "{ \"mode\": 1, \"mark\": \"3\", \"log\": \"x\", \"nets\": 1 }";
	struct diagnostics diagnostics = { 0 };
	struct config *config = NULL;

	(void)state;
	assert_int_equal(config_parse("x", text, strlen(text), &diagnostics, &config), -EINVAL);
	assert_int_equal(diagnostics.errors, 4);
	diagnostics_clear(&diagnostics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(sample),
		cmocka_unit_test(everything),
		cmocka_unit_test(marks),
		cmocka_unit_test(mark_errors),
		cmocka_unit_test(errors),
		cmocka_unit_test(verify_keys),
		cmocka_unit_test(verify_minimum),
		cmocka_unit_test(all_errors_in_one_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
