/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "datapath.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

#define SWITCHES "/proc/sys/net/bridge/"

static const char *const switches[] = { "bridge-nf-call-iptables", "bridge-nf-call-ip6tables" };

static int read_switch(const char *name, bool *ret_on, struct error *err)
{
	char path[96], value;
	cleanup_close int fd = -1;

	snprintf(path, sizeof(path), SWITCHES "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &value, 1) != 1)
		return error_set(err, errno ? -errno : -EIO, "%s: %s", path, strerror(errno));
	*ret_on = value == '1';
	return 0;
}

static int write_switch(const char *name, struct error *err)
{
	char path[96];
	cleanup_close int fd = -1;

	snprintf(path, sizeof(path), SWITCHES "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1\n", 2) != 2)
		return error_set(err, errno ? -errno : -EIO,
				 "%s: %s: packets between containers on one bridge are not filtered; set it with "
				 "`sysctl net.bridge.%s=1`",
				 path, strerror(errno), name);
	return 0;
}

int datapath_read(struct datapath *ret_datapath, struct error *err)
{
	struct datapath datapath = { .present = access(SWITCHES, F_OK) == 0 };

	if (datapath.present) {
		int r = read_switch(switches[0], &datapath.ipv4, err);

		if (r == 0)
			r = read_switch(switches[1], &datapath.ipv6, err);
		if (r < 0)
			return r;
	}
	*ret_datapath = datapath;
	return 0;
}

bool datapath_whole(const struct datapath *datapath)
{
	return datapath->present && datapath->ipv4 && datapath->ipv6;
}

static void run_modprobe(void)
{
	char *const arguments[] = { "modprobe", "br_netfilter", NULL };
	char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	static const char *const places[] = { "/sbin/modprobe", "/usr/sbin/modprobe" };
	pid_t pid;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (posix_spawn(&pid, places[i], NULL, NULL, arguments, environment) == 0) {
			while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
				;
			return;
		}
	}
}

bool datapath_load(void)
{
	if (access(SWITCHES, F_OK) == 0)
		return false;
	run_modprobe();
	return access(SWITCHES, F_OK) == 0;
}

int datapath_repair(char ret_changed[160], struct error *err)
{
	struct datapath datapath;
	char changed[160] = "";
	int r = datapath_read(&datapath, err);

	if (r < 0)
		return r;
	if (!datapath.present)
		return error_set(err, -ENOENT,
				 "the kernel module br_netfilter is not loaded, so packets between containers on one "
				 "bridge are not filtered: `modprobe br_netfilter`");
	for (size_t i = 0; i < 2; i++) {
		if (i ? datapath.ipv6 : datapath.ipv4)
			continue;
		r = write_switch(switches[i], err);
		if (r < 0)
			return r;
		strcat(changed, changed[0] ? ", set net.bridge." : "set net.bridge.");
		strcat(changed, switches[i]);
		strcat(changed, "=1");
	}
	memcpy(ret_changed, changed, sizeof(changed));
	return 0;
}
