/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others can write is not trusted: the path itself, the way to it, where its links lead; and the state directory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "bridges_file.h"
#include "trust.h"

static char directory[] = "/tmp/test_trust-XXXXXX";

static const char *in(const char *name)
{
	static char paths[4][160];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s%s%s", directory, *name ? "/" : "", name);
	return path;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(mkdir(in("way"), 0755), 0);
	assert_int_equal(mkdir(in("way/place"), 0755), 0);
	assert_int_equal(mkdir(in("other"), 0755), 0);
	put(in("way/place/file"), "{ \"mode\": \"observe\" }");
	assert_int_equal(symlink("../way/place/file", in("other/link")), 0);
	return 0;
}

static int tear_down(void **state)
{
	char command[160];

	(void)state;
	snprintf(command, sizeof(command), "rm -r -- %s", directory);
	return system(command);
}

static void refused(const char *path, const char *place, const char *remedy)
{
	struct error err = { 0 };

	assert_int_equal(trust_path(path, &err), -EPERM);
	if (!strstr(err.text, in(place)) || !strstr(err.text, remedy))
		fail_msg("%s", err.text);
}

static void who_can_write_decides(void **state)
{
	static const char *const ways[] = { "way/place/file", "way/place", "way", "" };

	(void)state;
	assert_int_equal(trust_path(in("way/place/file"), NULL), 0);
	assert_int_equal(trust_path(in("other/link"), NULL), 0);
	assert_int_equal(trust_path(in("way/place/new/one"), NULL), 0);
	assert_int_equal(trust_path("/", NULL), 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct stat about;

		assert_int_equal(stat(in(ways[i]), &about), 0);
		assert_int_equal(chmod(in(ways[i]), about.st_mode | 0020), 0);
		refused(in("way/place/file"), ways[i], "chmod go-w");
		refused(in("other/link"), ways[i], "chmod go-w");
		assert_int_equal(chmod(in(ways[i]), about.st_mode | 0002), 0);
		refused(in("way/place/file"), ways[i], "chmod go-w");
		assert_int_equal(chmod(in(ways[i]), about.st_mode & 07777), 0);
		assert_int_equal(trust_path(in("way/place/file"), NULL), 0);
	}
	/* As /tmp: on the way, and not as the path. */
	assert_int_equal(chmod(in("way/place"), 01777), 0);
	assert_int_equal(trust_path(in("way/place/file"), NULL), 0);
	refused(in("way/place"), "way/place", "chmod go-w");
	assert_int_equal(chmod(in("way/place"), 0755), 0);
}

static void owners_count(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(in("way"), 65534, 0), 0);
	refused(in("way/place/file"), "way", "chown root");
	assert_int_equal(chown(in("way"), 0, 0), 0);
	assert_int_equal(lchown(in("other/link"), 65534, 0), 0);
	refused(in("other/link"), "other/link", "chown root");
	assert_int_equal(lchown(in("other/link"), 0, 0), 0);
	assert_int_equal(trust_path(in("other/link"), NULL), 0);
}

/* file <- way/middle (a link in a folder of another's) <- other/far: the end is in order, and so is the beginning. */
static void links_on_the_way_count(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(mkdir(in("bob"), 0755), 0);
	assert_int_equal(symlink("../way/place/file", in("bob/middle")), 0);
	assert_int_equal(symlink("../bob/./middle", in("other/far")), 0);
	assert_int_equal(symlink(in("bob"), in("other/folder")), 0);
	assert_int_equal(trust_path(in("other/far"), NULL), 0);
	assert_int_equal(trust_path(in("other/folder/middle"), NULL), 0);
	assert_int_equal(chmod(in("bob"), 0777), 0);
	refused(in("other/far"), "bob", "chmod go-w");
	refused(in("other/folder/middle"), "bob", "chmod go-w");
	/* Where it leads to does not exist. */
	assert_int_equal(symlink("../bob/nothing", in("other/nowhere")), 0);
	refused(in("other/nowhere"), "bob", "chmod go-w");
	if (geteuid() == 0) {
		assert_int_equal(chmod(in("bob"), 0755), 0);
		assert_int_equal(chown(in("bob"), 65534, 65534), 0);
		refused(in("other/far"), "bob", "chown root");
		assert_int_equal(chown(in("bob"), 0, 0), 0);
		assert_int_equal(lchown(in("bob/middle"), 65534, 65534), 0);
		refused(in("other/far"), "bob/middle", "chown root");
		assert_int_equal(lchown(in("bob/middle"), 0, 0), 0);
	}
	assert_int_equal(chmod(in("bob"), 0755), 0);
	assert_int_equal(trust_path(in("other/far"), NULL), 0);
	assert_int_equal(trust_path(in("other/nowhere"), NULL), 0);
	assert_int_equal(symlink("loop", in("other/loop")), 0);
	assert_int_equal(trust_path(in("other/loop"), &err), -ELOOP);
	assert_non_null(strstr(err.text, "other/loop"));
	assert_int_equal(trust_path(in("way/../way/place/./file"), NULL), 0);
}

static void state_of_others(void **state)
{
	char bridges[1][16] = { "br-0123456789ab" }, (*found)[16] = NULL;
	struct error err = { 0 };
	size_t count = 0;

	(void)state;
	assert_int_equal(bridges_file_write(in("other"), bridges, 1, NULL), 0);
	assert_int_equal(bridges_file_read(in("other"), &found, &count, NULL), 0);
	assert_int_equal(count, 1);
	free(found);
	found = NULL;
	assert_int_equal(chmod(in("other"), 0775), 0);
	assert_int_equal(bridges_file_read(in("other"), &found, &count, &err), -EPERM);
	assert_non_null(strstr(err.text, "chmod go-w"));
	assert_null(found);
	assert_int_equal(unlink(in("other/" BRIDGES_FILE)), 0);
	assert_int_equal(bridges_file_write(in("other"), bridges, 1, &err), -EPERM);
	assert_int_equal(access(in("other/" BRIDGES_FILE), F_OK), -1);
	assert_int_equal(chmod(in("other"), 0755), 0);
	assert_int_equal(bridges_file_write(in("other"), bridges, 1, NULL), 0);
}

static void configuration_of_others(void **state)
{
	struct options options = { .config = in("way/place/file") };
	struct host host;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(host_open(&options, &host, NULL), 0);
	assert_int_equal(host.config->mode, FLOW_MODE_OBSERVE);
	host_clear(&host);
	assert_int_equal(chmod(in("way"), 0777), 0);
	assert_int_equal(host_open(&options, &host, &err), -EPERM);
	assert_non_null(strstr(err.text, "is not read"));
	assert_int_equal(chmod(in("way"), 0755), 0);
}

/* Who can rename a folder on the way puts another in its place: the flow files are refused, as the configuration is. */
static void flow_files_of_others(void **state)
{
	char folder[160], file[200];
	struct options options = { .flows = folder };
	struct flow_files *files;
	struct host host;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/other/flows", directory);
	snprintf(file, sizeof(file), "%s/a.json", folder);
	put(in("way/place/a.json"), "{ \"app\": \"a\", \"flows\": [] }");
	assert_int_equal(symlink("../way/place", in("other/flows")), 0);
	assert_int_equal(host_open_defaults(&options, &host, NULL), 0);
	assert_int_equal(host_load_flows(&host, &files, NULL), 0);
	assert_int_equal(files->failure_count, 0);
	assert_int_equal(files->set->count, 1);
	flow_files_free(files);
	for (size_t i = 0; i < 2; i++) {
		const char *place = in(i ? "other" : "way");

		assert_int_equal(chmod(place, 0777), 0);
		assert_int_equal(host_load_flows(&host, &files, NULL), 0);
		assert_int_equal(files->set->count, 0);
		assert_int_equal(files->failure_count, 1);
		assert_int_equal(files->unreadable, 0);
		assert_string_equal(files->failures[0].file, folder);
		if (!strstr(files->failures[0].why, "refused: group or others can write") ||
		    !strstr(files->failures[0].why, place))
			fail_msg("%s", files->failures[0].why);
		flow_files_free(files);
		assert_int_equal(chmod(place, 0755), 0);
	}
	/* As /tmp, and one file instead of a folder. */
	assert_int_equal(chmod(in("way"), 01777), 0);
	assert_int_equal(host_load_flows(&host, &files, NULL), 0);
	assert_int_equal(files->failure_count, 0);
	flow_files_free(files);
	host_clear(&host);
	options.flows = file;
	assert_int_equal(chmod(in("way"), 0777), 0);
	assert_int_equal(host_open_defaults(&options, &host, NULL), 0);
	assert_int_equal(host_load_flows(&host, &files, NULL), 0);
	assert_int_equal(files->failure_count, 1);
	flow_files_free(files);
	host_clear(&host);
	assert_int_equal(chmod(in("way"), 0755), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_can_write_decides),   cmocka_unit_test(owners_count),
		cmocka_unit_test(links_on_the_way_count),  cmocka_unit_test(state_of_others),
		cmocka_unit_test(configuration_of_others), cmocka_unit_test(flow_files_of_others),
	};

	(void)umask(022);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
