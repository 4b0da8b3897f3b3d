/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which checks run, what becomes of their findings, and that each is explained. */
#include "verify_groups.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DOCUMENTS TESTS_DIR "/../contrib/docs/"

static void find_one(const struct options *options, const char *id, enum verify_status status, struct verify *verify)
{
	static struct host host;

	host = (struct host){ .options = options };
	verify->host = &host;
	verify->groups = verify_groups;
	verify_find(verify, id, status, "network x", "do this\nand that", "seen %d", 7);
}

static bool wanted(const struct options *options, const char *id)
{
	struct verify verify = { 0 };
	bool found;

	find_one(options, id, VERIFY_PASS, &verify);
	found = verify.finding_count == 1;
	assert_int_equal(found, verify_wants(&verify, id));
	verify_clear(&verify);
	return found;
}

static void selection(void **state)
{
	struct options options = { 0 };

	(void)state;
	assert_true(wanted(&options, "tables"));
	options.skip = "owner,tables";
	assert_false(wanted(&options, "tables"));
	assert_true(wanted(&options, "policy"));
	options.only = "policy,tables,2.2";
	assert_false(wanted(&options, "tables"));
	assert_true(wanted(&options, "policy"));
	assert_true(wanted(&options, "icc-default"));
	assert_false(wanted(&options, "icc-network"));
	options.skip = "2.2";
	assert_false(wanted(&options, "icc-default"));
	options.only = "table";
	assert_false(wanted(&options, "tables"));
	/* What is asked for besides comes along. */
	options = (struct options){ .only = "policy", .all = true, .skip = "engine-userns" };
	assert_true(wanted(&options, "policy") && wanted(&options, "host-partition"));
	assert_false(wanted(&options, "tables") || wanted(&options, "engine-userns") || wanted(&options, "probe-tcp"));
	options = (struct options){ .only = "policy", .probe = true };
	assert_true(wanted(&options, "policy") && wanted(&options, "probe-tcp"));
	assert_false(wanted(&options, "tables") || wanted(&options, "host-partition"));
}

/* The groups that only --all or --probe bring, and --only without either. */
static void audit_and_probe(void **state)
{
	struct options none = { 0 }, all = { .all = true }, probe = { .probe = true };

	(void)state;
	for (size_t i = 0; i < verify_group_count; i++) {
		const struct verify_group *group = verify_groups[i];
		bool is_probe = strcmp(group->name, "probe") == 0;

		for (size_t j = 0; j < group->check_count; j++) {
			const char *id = group->checks[j].id;
			struct options only = { .only = id };

			assert_int_equal(wanted(&none, id), !group->audit && !is_probe);
			assert_int_equal(wanted(&all, id), !is_probe);
			assert_int_equal(wanted(&probe, id), !group->audit);
			assert_true(wanted(&only, id));
		}
	}
}

static void valid_lists(void **state)
{
	static const char *const good[] = { "tables", "tables,", "tables,policy", "2.2", "2.2,owner", "" };
	static const char *const bad[] = { "table", "tables,x", "tables policy", "2", "2.2.", "9.9", "TABLES" };
	struct options options = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(verify_check_selection(&options, &err), 0);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		options = (struct options){ .only = good[i][0] ? good[i] : NULL };
		assert_int_equal(verify_check_selection(&options, &err), 0);
		options = (struct options){ .skip = good[i] };
		assert_int_equal(verify_check_selection(&options, &err), 0);
	}
	/* Nothing to look at is no answer. */
	options = (struct options){ .only = "tables,owner", .skip = "owner,tables" };
	assert_int_equal(verify_check_selection(&options, &err), -EINVAL);
	assert_string_equal(err.text, "--only and --skip leave no check");
	options.probe = true;
	assert_int_equal(verify_check_selection(&options, &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		options = (struct options){ .only = bad[i] };
		assert_int_equal(verify_check_selection(&options, &err), -EINVAL);
		options = (struct options){ .skip = bad[i] };
		assert_int_equal(verify_check_selection(&options, &err), -EINVAL);
	}
	options = (struct options){ .skip = "tabels" };
	assert_int_equal(verify_check_selection(&options, &err), -EINVAL);
	assert_string_equal(err.text, "--skip: there is no check \"tabels\"; did you mean \"tables\"?");
}

static void statuses(void **state)
{
	static const struct {
		enum verify_status found[4];
		int status;
	} cases[] = {
		{ { VERIFY_PASS, VERIFY_SKIP, VERIFY_PASS, VERIFY_PASS }, EXIT_YES },
		{ { VERIFY_PASS, VERIFY_WARN, VERIFY_WARN, VERIFY_PASS }, EXIT_YES },
		{ { VERIFY_PASS, VERIFY_WARN, VERIFY_FAIL, VERIFY_PASS }, EXIT_NO },
		{ { VERIFY_UNKNOWN, VERIFY_PASS, VERIFY_PASS, VERIFY_PASS }, EXIT_UNKNOWN },
		{ { VERIFY_UNKNOWN, VERIFY_WARN, VERIFY_FAIL, VERIFY_PASS }, EXIT_UNKNOWN },
	};
	struct options options = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct verify verify = { 0 };

		for (size_t j = 0; j < 4; j++)
			find_one(&options, "tables", cases[i].found[j], &verify);
		assert_int_equal(verify.finding_count, 4);
		assert_int_equal(verify_exit_status(&verify), cases[i].status);
		verify_clear(&verify);
	}
}

/* Names are the engine's users' to choose; a terminal must not obey them. */
static void texts(void **state)
{
	struct verify verify = { 0 };
	struct options options = { 0 };
	struct host host = { .options = &options };

	(void)state;
	verify.host = &host;
	verify.groups = verify_groups;
	verify_find(&verify, "tables", VERIFY_FAIL, "network \033[2Jx", "one\ntwo \033[31m", "a\nb %s", "c\rd");
	assert_int_equal(verify.finding_count, 1);
	assert_string_equal(verify.findings[0].subject, "network \\x1b[2Jx");
	assert_string_equal(verify.findings[0].remedy, "one\ntwo \\x1b[31m");
	assert_string_equal(verify.findings[0].evidence, "a\nb c\\x0dd");
	verify_find(&verify, "tables", VERIFY_PASS, NULL, NULL, "%s", "");
	assert_null(verify.findings[1].subject);
	assert_null(verify.findings[1].remedy);
	assert_string_equal(verify.findings[1].evidence, "");
	verify_clear(&verify);
}

/* ---- Checks and their pages ---- */

static bool is_id(const char *text)
{
	return text[0] && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static void ids_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < verify_group_count; i++) {
		for (size_t j = 0; j < verify_groups[i]->check_count; j++) {
			const struct verify_check *check = &verify_groups[i]->checks[j];

			assert_true(is_id(check->id));
			assert_true(check->title && check->title[0]);
			/* Which finds the first of that name. */
			assert_ptr_equal(verify_group_of(check), verify_groups[i]);
			for (size_t k = 0; k < j; k++)
				assert_string_not_equal(verify_groups[i]->checks[k].id, check->id);
		}
	}
}

static bool has_heading(const char *file, const char *id)
{
	char path[512], wanted_line[128], line[4096];
	bool found = false;
	FILE *page;

	snprintf(path, sizeof(path), DOCUMENTS "%s", file);
	snprintf(wanted_line, sizeof(wanted_line), "### `%s`", id);
	page = fopen(path, "re");
	while (page && !found && fgets(line, sizeof(line), page)) {
		size_t length = strlen(wanted_line);

		found = strncmp(line, wanted_line, length) == 0 && strchr(" \n", line[length]);
	}
	if (page)
		fclose(page);
	return found;
}

static void each_is_explained(void **state)
{
	static const char *const pages[] = { "verify.md", "verify-audit.md", "verify-probe.md" };

	(void)state;
	for (size_t i = 0; i < verify_group_count; i++) {
		for (size_t j = 0; j < verify_groups[i]->check_count; j++) {
			const char *id = verify_groups[i]->checks[j].id;
			bool found = false;

			for (size_t k = 0; k < sizeof(pages) / sizeof(pages[0]); k++)
				found |= has_heading(pages[k], id);
			if (!found)
				fail_msg("no page in contrib/docs has the heading \"### `%s`\"", id);
		}
	}
	assert_false(has_heading("verify.md", "no-such-check"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selection),
		cmocka_unit_test(audit_and_probe),
		cmocka_unit_test(valid_lists),
		cmocka_unit_test(statuses),
		cmocka_unit_test(texts),
		cmocka_unit_test(ids_are_unique),
		cmocka_unit_test(each_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
