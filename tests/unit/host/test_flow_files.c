/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flow files on a real disk.  The tests of foreign owners need root, the others do not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "flow_files.h"
#include "flow_files_read.h"
#include "flow_parse.h"

static char folder[] = "/tmp/test_flow_files.XXXXXX";

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static int enter_folder(void **state)
{
	(void)state;
	umask(022);
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	(void)state;
	return chdir("/") == 0 ? nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS) : -1;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

#define CLOSED(app) "{ \"app\": \"" app "\", \"flows\": [] }"

struct loaded {
	struct diagnostics diagnostics;
	struct flow_files *files;
};

static void load(struct loaded *loaded, const char *const *paths, size_t count)
{
	struct error err;

	*loaded = (struct loaded){ 0 };
	assert_int_equal(flow_files_load(paths, count, &loaded->diagnostics, &loaded->files, &err), 0);
}

static void load_one(struct loaded *loaded, const char *path)
{
	load(loaded, &path, 1);
}

static void unload(struct loaded *loaded)
{
	flow_files_free(loaded->files);
	diagnostics_clear(&loaded->diagnostics);
}

static void assert_problem(const struct diagnostics *diagnostics, size_t index, const char *file, const char *text)
{
	assert_true(index < diagnostics->count);
	assert_string_equal(diagnostics->items[index].file, file);
	if (!strstr(diagnostics->items[index].text, text))
		assert_string_equal(diagnostics->items[index].text, text);
}

static void refuses(const char *path, int code, const char *text)
{
	struct diagnostics diagnostics = { 0 };
	char *content = (char *)"untouched";
	size_t length = 7;

	assert_int_equal(flow_files_read(path, &content, &length, &diagnostics), code);
	assert_string_equal(content, "untouched");
	assert_int_equal(length, 7);
	assert_int_equal(diagnostics.errors, 1);
	assert_problem(&diagnostics, 0, path, text);
	assert_int_equal(diagnostics.items[0].line, 1);
	assert_int_equal(diagnostics.items[0].column, 1);
	diagnostics_clear(&diagnostics);
}

static void assert_reads(const char *path, const char *expected, size_t expected_length)
{
	struct diagnostics diagnostics = { 0 };
	char *content = NULL;
	size_t length = 0;

	assert_int_equal(flow_files_read(path, &content, &length, &diagnostics), 0);
	assert_int_equal(diagnostics.count, 0);
	assert_int_equal(length, expected_length);
	assert_memory_equal(content, expected, expected_length);
	assert_int_equal(content[length], '\0');
	free(content);
}

static void reads(void **state)
{
	(void)state;
	put("empty", "");
	assert_reads("empty", "", 0);
	put("some", "text\n");
	assert_reads("some", "text\n", 5);
	assert_int_equal(symlink("some", "link"), 0);
	assert_reads("link", "text\n", 5);
	assert_int_equal(chmod("some", 0400), 0);
	assert_reads("some", "text\n", 5);
}

static void refuses_writable(void **state)
{
	(void)state;
	put("some", "text");
	assert_int_equal(symlink("some", "link"), 0);
	assert_int_equal(chmod("some", 0664), 0);
	refuses("some", -EINVAL, "refused: group or others can write it (mode 0664): chmod go-w some");
	/* What counts is where the link leads. */
	refuses("link", -EINVAL, "refused: group or others can write it (mode 0664): chmod go-w link");
	assert_int_equal(chmod("some", 0602), 0);
	refuses("some", -EINVAL, "refused: group or others can write it (mode 0602): chmod go-w some");
}

static void refuses_strangers(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	put("some", "text");
	assert_int_equal(chown("some", 12345, 0), 0);
	refuses("some", -EINVAL, "refused: it belongs to uid 12345, neither root nor the caller: chown root some");
	/* … but the caller's own are fine, and so are root's. */
	put("roots", "text");
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(seteuid(12345), 0);
	assert_reads("some", "text", 4);
	assert_reads("roots", "text", 4);
	assert_int_equal(seteuid(0), 0);
}

static void refuses_what_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(mkdir("directory", 0755), 0);
	refuses("directory", -EINVAL, "refused: it is no regular file");
	assert_int_equal(mkfifo("fifo", 0644), 0);
	refuses("fifo", -EINVAL, "refused: it is no regular file"); /* and does not wait for a writer */
	refuses("/dev/null", -EINVAL, "refused: it is no regular file");
	refuses("missing", -ENOENT, "cannot be read: No such file or directory");
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	refuses("dangling", -ENOENT, "cannot be read: No such file or directory");
}

static void limits_size(void **state)
{
	cleanup_free char *text = malloc(FLOW_FILE_MAX + 2);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', FLOW_FILE_MAX + 1);
	text[FLOW_FILE_MAX + 1] = '\0';
	put("large", text);
	refuses("large", -EINVAL, "refused: it is larger than 1048576 bytes");
	text[FLOW_FILE_MAX] = '\0';
	put("fits", text);
	assert_reads("fits", text, FLOW_FILE_MAX);
}

static void loads_directory(void **state)
{
	struct loaded loaded;

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	put("d/2.json", CLOSED("a"));
	put("d/10.json", CLOSED("c"));
	put("d/x.json", CLOSED("b"));
	/* What is not taken would be an error if it were. */
	put("d/.hidden.json", "");
	put("d/.json", "");
	put("d/#x.json#", "");
	put("d/#x.json", "");
	put("d/x.json~", "");
	put("d/.x.json.swp", "");
	put("d/x.json.bak", "");
	put("d/README", "");
	load_one(&loaded, "d");
	assert_int_equal(loaded.diagnostics.count, 0);
	assert_int_equal(loaded.files->failure_count, 0);
	assert_int_equal(loaded.files->file_count, 3);
	assert_int_equal(loaded.files->set->count, 3);
	assert_string_equal(loaded.files->set->apps[0]->name, "a");
	assert_string_equal(loaded.files->set->apps[0]->file, "d/2.json");
	assert_string_equal(loaded.files->set->apps[1]->name, "b");
	assert_string_equal(loaded.files->set->apps[2]->name, "c");
	assert_non_null(flow_set_find(loaded.files->set, "b"));
	unload(&loaded);
	load_one(&loaded, "d/");
	assert_string_equal(loaded.files->set->apps[0]->file, "d/2.json");
	unload(&loaded);
	assert_int_equal(mkdir("empty", 0755), 0);
	load_one(&loaded, "empty");
	assert_int_equal(loaded.files->set->count, 0);
	assert_int_equal(loaded.files->failure_count, 0);
	unload(&loaded);
	flow_files_free(NULL);
}

static void loads_each_file_once(void **state)
{
	const char *paths[] = { "d", "d/a.json", "d" };
	struct loaded loaded;

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	put("d/a.json", CLOSED("a"));
	assert_int_equal(symlink("a.json", "d/b.json"), 0);
	load(&loaded, paths, 3);
	assert_int_equal(loaded.diagnostics.count, 0);
	assert_int_equal(loaded.files->file_count, 1);
	assert_int_equal(loaded.files->set->count, 1);
	unload(&loaded);
}

static void leaves_out_what_fails(void **state)
{
	const char *paths[] = { "d", "missing.json", "nodir/x.json" };
	const struct flow_files_failure *failures;
	struct loaded loaded;

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	put("d/a.json", "{ \"app\": \"a\", \"flows\": 1 }");
	put("d/b.json", "{ nonsense");
	put("d/c.json", CLOSED("c"));
	put("d/d.json", CLOSED("d"));
	assert_int_equal(chmod("d/d.json", 0666), 0);
	put("d/e.json", CLOSED("c"));
	assert_int_equal(mkdir("d/f.json", 0755), 0);
	load(&loaded, paths, 3);
	assert_int_equal(loaded.files->set->count, 1);
	assert_string_equal(loaded.files->set->apps[0]->file, "d/c.json");
	assert_int_equal(loaded.files->failure_count, 7);
	assert_int_equal(loaded.files->unreadable, 2);
	assert_int_equal(loaded.files->file_count, 6);
	failures = loaded.files->failures;
	assert_string_equal(failures[0].file, "d/a.json");
	assert_string_equal(failures[0].app, "a");
	assert_int_equal(failures[0].error, 0);
	assert_string_equal(failures[1].file, "d/b.json");
	assert_null(failures[1].app);
	assert_string_equal(failures[2].file, "d/d.json");
	assert_int_equal(failures[2].error, 0);
	assert_string_equal(failures[3].file, "d/f.json");
	assert_string_equal(failures[4].file, "missing.json");
	assert_int_equal(failures[4].error, -ENOENT);
	assert_int_equal(failures[5].error, -ENOENT);
	assert_string_equal(failures[6].file, "d/e.json");
	assert_string_equal(failures[6].app, "c");
	assert_int_equal(failures[6].error, 0);
	/* Sorted by file, whenever they were found. */
	assert_int_equal(loaded.diagnostics.count, 7);
	assert_problem(&loaded.diagnostics, 0, "d/a.json", "\"flows\" must be a list, not a number");
	assert_problem(&loaded.diagnostics, 1, "d/b.json", "expected a key in double quotes");
	assert_problem(&loaded.diagnostics, 2, "d/d.json", "chmod go-w d/d.json");
	assert_problem(&loaded.diagnostics, 3, "d/e.json", "app \"c\" is declared already, at d/c.json:1");
	assert_problem(&loaded.diagnostics, 4, "d/f.json", "no regular file");
	assert_problem(&loaded.diagnostics, 5, "missing.json", "cannot be read: No such file or directory");
	unload(&loaded);
}

/* A file that is broken for another reason is still a file: its app's name is no misspelling of a neighbour's. */
static void broken_app_exists(void **state)
{
	struct loaded loaded;

	(void)state;
	put("a.json",
	    "{ \"app\": \"shop\", \"flows\": [{ \"from\": \"shpo/x\", \"to\": \"y\", \"ports\": [\"1\"] }] }");
	load_one(&loaded, ".");
	assert_int_equal(loaded.diagnostics.errors, 1);
	assert_problem(&loaded.diagnostics, 0, "./a.json", "unknown app \"shpo\": did you mean \"shop\"?");
	assert_string_equal(loaded.files->failures[0].app, "shop");
	unload(&loaded);
	put("b.json", "{ \"app\": \"shpo\", \"flows\": 1 }");
	load_one(&loaded, ".");
	assert_int_equal(loaded.diagnostics.errors, 1);
	assert_problem(&loaded.diagnostics, 0, "./b.json", "\"flows\" must be a list");
	assert_int_equal(loaded.files->set->count, 1);
	unload(&loaded);
}

static void refuses_directories(void **state)
{
	struct loaded loaded;

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	put("d/a.json", CLOSED("a"));
	assert_int_equal(chmod("d", 0777), 0);
	load_one(&loaded, "d");
	assert_int_equal(loaded.files->set->count, 0);
	assert_int_equal(loaded.files->failure_count, 1);
	assert_int_equal(loaded.files->unreadable, 0);
	assert_problem(&loaded.diagnostics, 0, "d", "refused: group or others can write it (mode 0777): chmod go-w d");
	unload(&loaded);
	assert_int_equal(chmod("d", 0755), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown("d", 12345, 0), 0);
		load_one(&loaded, "d");
		assert_int_equal(loaded.files->failure_count, 1);
		assert_problem(&loaded.diagnostics, 0, "d", "refused: it belongs to uid 12345");
		unload(&loaded);
	}
	load_one(&loaded, "missing");
	assert_int_equal(loaded.files->unreadable, 1);
	assert_int_equal(loaded.files->failures[0].error, -ENOENT);
	assert_problem(&loaded.diagnostics, 0, "missing", "cannot be read: No such file or directory");
	unload(&loaded);
}

/* Loads `path` again after a change and keeps what can be kept of `before`; returns how much. */
static size_t reload(struct loaded *before, struct loaded *after, const char *path)
{
	struct error err;
	size_t kept = 99;

	load_one(after, path);
	assert_int_equal(flow_files_keep(after->files, before->files->set, &kept, &err), 0);
	return kept;
}

static void keeps_last_good(void **state)
{
	struct loaded before, after;

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	put("d/a.json", CLOSED("a"));
	put("d/b.json", CLOSED("b"));
	put("d/c.json", CLOSED("c"));
	put("d/d.json", CLOSED("d"));
	load_one(&before, "d");
	put("d/a.json", "{ \"app\": \"a\", \"flows\": 1 }"); /* refused: its app is known by name */
	put("d/b.json", "{");				     /* … by file */
	assert_int_equal(unlink("d/c.json"), 0);	     /* gone on purpose */
	assert_int_equal(reload(&before, &after, "d"), 2);
	assert_int_equal(after.files->set->count, 3);
	assert_string_equal(after.files->set->apps[0]->name, "a");
	assert_string_equal(after.files->set->apps[1]->name, "b");
	assert_string_equal(after.files->set->apps[2]->name, "d");
	assert_int_equal(before.files->set->count, 4); /* whole */
	unload(&before);

	/* The app moved to another file, and its old one is broken: the new one counts. */
	put("d/e.json", CLOSED("b"));
	before = after;
	assert_int_equal(reload(&before, &after, "d"), 1);
	assert_int_equal(after.files->set->count, 3);
	assert_string_equal(flow_set_find(after.files->set, "b")->file, "d/e.json");
	unload(&before);
	unload(&after);
}

static void keeps_all_without_directory(void **state)
{
	struct loaded before, after;
	struct error err;
	size_t kept = 99;

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	put("d/a.json", CLOSED("a"));
	put("d/b.json", CLOSED("b"));
	load_one(&before, "d");
	assert_int_equal(chmod("d", 0777), 0);
	assert_int_equal(reload(&before, &after, "d/"), 2);
	assert_int_equal(after.files->set->count, 2);
	assert_int_equal(before.files->set->count, 2);
	unload(&before);
	assert_int_equal(chmod("d", 0755), 0);
	load_one(&before, "d");
	assert_int_equal(flow_files_keep(before.files, NULL, &kept, &err), 0);
	assert_int_equal(kept, 0);
	assert_int_equal(flow_files_keep(before.files, after.files->set, &kept, &err), 0);
	assert_int_equal(kept, 0);
	assert_int_equal(after.files->set->count, 2);
	unload(&before);
	unload(&after);
}

static void assert_same_text(const char *a, const char *b)
{
	assert_string_equal(a ? a : "none", b ? b : "none");
	assert_true(!a || a != b);
}

static void assert_same_peers(const struct flow_peer *a, const struct flow_peer *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(a[i].kind, b[i].kind);
		assert_same_text(a[i].app, b[i].app);
		assert_same_text(a[i].service, b[i].service);
		assert_int_equal(a[i].line, b[i].line);
		assert_int_equal(a[i].column, b[i].column);
	}
}

static void assert_same_flow(const struct flow *a, const struct flow *b)
{
	assert_int_equal(a->from_count, b->from_count);
	assert_same_peers(a->from, b->from, a->from_count);
	assert_int_equal(a->to_count, b->to_count);
	assert_same_peers(a->to, b->to, a->to_count);
	assert_int_equal(a->port_count, b->port_count);
	assert_memory_equal(a->ports, b->ports, a->port_count * sizeof(*a->ports));
	assert_int_equal(a->cidr_count, b->cidr_count);
	for (size_t i = 0; i < a->cidr_count; i++) {
		assert_int_equal(address_compare(&a->cidrs[i].base, &b->cidrs[i].base), 0);
		assert_int_equal(a->cidrs[i].length, b->cidrs[i].length);
	}
	assert_same_text(a->note, b->note);
	assert_int_equal(a->line, b->line);
	assert_int_equal(a->column, b->column);
}

static void assert_same_service(const struct flow_service *a, const struct flow_service *b)
{
	assert_same_text(a->name, b->name);
	assert_same_text(a->compose, b->compose);
	assert_same_text(a->swarm, b->swarm);
	assert_same_text(a->container, b->container);
	assert_same_text(a->image, b->image);
	assert_int_equal(a->label_count, b->label_count);
	for (size_t i = 0; i < a->label_count; i++) {
		assert_same_text(a->labels[i].key, b->labels[i].key);
		assert_same_text(a->labels[i].value, b->labels[i].value);
	}
	assert_int_equal(a->line, b->line);
	assert_int_equal(a->column, b->column);
}

/* What is kept says the same, and shares nothing with what it was kept from. */
static void copies_are_whole(void **state)
{
	struct loaded loaded;
	struct flow_app *app, *copy;

	(void)state;
	put("a.json", "{ \"app\": \"shop\", \"mode\": \"observe\", \"services\": {\n"
		      "\"a\": { \"compose\": \"1\", \"swarm\": \"2\", \"container\": \"3\", \"image\": \"4\",\n"
		      "\"labels\": { \"k\": \"v\", \"l\": \"\" } }, \"b\": { \"image\": \"x\" } }, \"flows\": [\n"
		      "{ \"from\": [\"a\", \"*\", \"x/*\", \"*/*\", \"world\"], \"to\": \"b\",\n"
		      "\"ports\": [\"1-2/udp\", \"icmp\"], \"cidrs\": [\"192.0.2.0/24\"], \"note\": \"n\" },\n"
		      "{ \"from\": \"a\", \"to\": \"host\", \"ports\": [\"any\"] }],\n"
		      "\"boundary\": { \"egress\": \"declared\" } }");
	load_one(&loaded, "a.json");
	app = loaded.files->set->apps[0];
	copy = flow_app_copy(app);
	assert_non_null(copy);
	assert_same_text(copy->name, app->name);
	assert_same_text(copy->file, app->file);
	assert_int_equal(copy->mode, FLOW_MODE_OBSERVE);
	assert_int_equal(copy->boundary.egress, FLOW_BOUNDARY_DECLARED);
	assert_int_equal(copy->line, app->line);
	assert_int_equal(copy->column, app->column);
	assert_int_equal(copy->service_count, 2);
	assert_int_equal(copy->flow_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_same_service(&copy->services[i], &app->services[i]);
		assert_same_flow(&copy->flows[i], &app->flows[i]);
	}
	flow_app_free(copy);
	unload(&loaded);
}

/* What we ship must load, and without a word. */
static void loads_samples(void **state)
{
	struct loaded loaded;
	static const char *const samples[] = { "shop", "monitoring", "vault" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char from[4096], to[64];
		FILE *file;
		char text[8192] = "";

		snprintf(from, sizeof(from), TESTS_DIR "/../contrib/flows/%s.json", samples[i]);
		snprintf(to, sizeof(to), "%s.json", samples[i]);
		file = fopen(from, "re");
		assert_non_null(file);
		assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
		fclose(file);
		put(to, text); /* the checkout's own mode and owner are not ours to judge */
	}
	load_one(&loaded, ".");
	for (size_t i = 0; i < loaded.diagnostics.count; i++)
		print_error("%s: %s\n", loaded.diagnostics.items[i].file, loaded.diagnostics.items[i].text);
	assert_int_equal(loaded.diagnostics.count, 0);
	assert_int_equal(loaded.files->set->count, 3);
	unload(&loaded);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(reads),
		in_folder(refuses_writable),
		in_folder(refuses_strangers),
		in_folder(refuses_what_is_no_file),
		in_folder(limits_size),
		in_folder(loads_directory),
		in_folder(loads_each_file_once),
		in_folder(leaves_out_what_fails),
		in_folder(broken_app_exists),
		in_folder(refuses_directories),
		in_folder(keeps_last_good),
		in_folder(keeps_all_without_directory),
		in_folder(copies_are_whole),
		in_folder(loads_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
