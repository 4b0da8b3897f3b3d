/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "docker_client_address.h"
#include "lock.h"
#include "resolvers.h"
#include "way.h"

int confine_plan_add(struct confine_plan *plan, const char *path, enum confine_access access)
{
	struct confine_place *grown;

	for (size_t i = 0; i < plan->place_count; i++) {
		if (strcmp(plan->places[i].path, path) == 0) {
			if (plan->places[i].access < access)
				plan->places[i].access = access;
			return 0;
		}
	}
	grown = reallocarray(plan->places, plan->place_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	plan->places = grown;
	grown[plan->place_count] = (struct confine_place){ .path = strdup(path), .access = access };
	if (!grown[plan->place_count].path)
		return -ENOMEM;
	plan->place_count++;
	return 0;
}

void confine_plan_free(struct confine_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->place_count; i++)
		free(plan->places[i].path);
	free(plan->places);
	free(plan);
}

/* The directory that holds a file: an editor replaces the file, and the new one is another to the kernel.  Of the root
 * directory the file alone: the rest would be everything. */
static int add_holder(struct confine_plan *plan, const char *path)
{
	cleanup_free char *real = realpath(path, NULL), *holder = strdup(real ? real : path);
	char *slash;

	if (!holder)
		return -ENOMEM;
	for (size_t length = strlen(holder); length > 1 && holder[length - 1] == '/'; length--)
		holder[length - 1] = '\0';
	slash = strrchr(holder, '/');
	if (!slash)
		return confine_plan_add(plan, ".", CONFINE_READ);
	if (slash == holder)
		return confine_plan_add(plan, path, CONFINE_READ);
	*slash = '\0';
	return confine_plan_add(plan, holder, CONFINE_READ);
}

/* The path as it is written, too: a link may be changed to lead to another place beside it. */
static int add_file(struct confine_plan *plan, const char *path)
{
	struct stat about;
	char *slash = strrchr(path, '/');
	int r = add_holder(plan, path);

	if (r == 0 && slash && slash != path && lstat(path, &about) == 0 && S_ISLNK(about.st_mode)) {
		cleanup_free char *holder = strndup(path, (size_t)(slash - path));

		r = holder ? confine_plan_add(plan, holder, CONFINE_READ) : -ENOMEM;
	}
	return r;
}

/* The directory, what holds it, because it may be replaced as a whole, and what its files are links to. */
static int add_flows(struct confine_plan *plan, const char *directory)
{
	struct dirent **entries = NULL;
	int count, r = add_file(plan, directory);

	if (r == 0)
		r = confine_plan_add(plan, directory, CONFINE_READ);
	count = scandir(directory, &entries, NULL, NULL);
	for (int i = 0; i < count; i++) {
		cleanup_free char *path = NULL;

		if (r == 0 && (entries[i]->d_type == DT_LNK || entries[i]->d_type == DT_UNKNOWN)) {
			r = asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0 ? -ENOMEM : 0;
			path = r == 0 ? path : NULL;
			r = r == 0 ? add_holder(plan, path) : r;
		}
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* Above 65535, or none: 0, which allows nothing. */
static uint16_t port_of(const char *base)
{
	const char *host = strstr(base, "://"), *end, *colon;
	unsigned long port;

	if (!host)
		return 0;
	host += 3;
	end = host + strcspn(host, "/");
	colon = memrchr(host, ':', (size_t)(end - host));
	if (!colon || memchr(colon, ']', (size_t)(end - colon)))
		return strncmp(base, "https", 5) == 0 ? 443 : 80;
	port = strtoul(colon + 1, NULL, 10);
	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* A socket's path is no place: landlock does not restrict to whom one connects there (until ABI 9 it could not). */
static int add_engine(struct confine_plan *plan, const char *url)
{
	cleanup_of(docker_address) struct docker_address *address = NULL;
	const char *files[3];
	int r = 0;

	/* A wrong one is told by whoever connects. */
	if (docker_address_new(url, &address, NULL) < 0 || address->socket_path)
		return 0;
	plan->tcp = true;
	plan->ports[0] = port_of(address->base);
	plan->ports[1] = 53; /* a name server whose answer is too long for UDP */
	files[0] = address->ca;
	files[1] = address->cert;
	files[2] = address->key;
	for (size_t i = 0; r == 0 && i < sizeof(files) / sizeof(files[0]); i++)
		r = files[i] ? add_file(plan, files[i]) : 0;
	/* Names: nsswitch.conf, hosts, resolv.conf and what replaces them; authorities.  Where they really are. */
	return r == 0 ? confine_plan_add(plan, "/etc", CONFINE_READ) : r;
}

/* Of a file that another service will make, perhaps with its folder: the nearest folder that there is.  /run at worst,
 * if it is below that; never the root directory. */
static int add_future(struct confine_plan *plan, const char *path)
{
	char end[PATH_MAX];
	bool whole;
	int r = way_walk(path, NULL, NULL, end, &whole);

	/* A loop, or no right to look: it stays forbidden, and whoever reads it says so. */
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (whole)
		return add_holder(plan, end);
	return strcmp(end, "/") == 0 ? 0 : confine_plan_add(plan, end, CONFINE_READ);
}

/* Which name servers the engine hands on to containers, and where an engine's own name is looked up.  In most hosts a
 * link into /run, which leads to nothing yet when the service starts early; where it is a file of /etc's own, a DHCP
 * client replaces it, and no rule can name one file that does not exist yet. */
static int add_resolvers(struct confine_plan *plan, const struct config *config)
{
	int r = 0;

	if (config->dns_count && !plan->tcp)
		return 0;
	for (size_t i = 0; r == 0 && resolvers_files[i]; i++)
		r = add_future(plan, resolvers_files[i]);
	return r;
}

/* The file is made anew each time. */
static int add_metrics(struct confine_plan *plan, const char *path)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *folder = strndup(path, slash > path ? (size_t)(slash - path) : 1);

	return folder ? confine_plan_add(plan, folder, CONFINE_REPLACE) : -ENOMEM;
}

static int add_all(struct confine_plan *plan, const struct host *host)
{
	static const char *const read_only[] = { /* Libraries that are loaded late (names, TLS), and what they read. */
						 "/usr",
						 "/lib",
						 "/lib64",
						 "/etc/ld.so.cache",
						 "/etc/ssl/openssl.cnf",
						 "/etc/localtime",
						 "/dev/urandom",
						 "/sys/devices/system/cpu"
	};
	int r = confine_plan_add(plan, LOCK_DIRECTORY, CONFINE_REPLACE);

	if (r == 0)
		r = confine_plan_add(plan, host->config->state, CONFINE_REPLACE);
	if (r == 0 && host->config->metrics)
		r = add_metrics(plan, host->config->metrics);
	/* Not net/bridge alone: that is another one when br_netfilter was unloaded and loaded again. */
	if (r == 0)
		r = confine_plan_add(plan, "/proc/sys/net", CONFINE_CHANGE);
	if (r == 0)
		r = confine_plan_add(plan, "/dev/null", CONFINE_CHANGE);
	for (size_t i = 0; r == 0 && i < sizeof(read_only) / sizeof(read_only[0]); i++)
		r = confine_plan_add(plan, read_only[i], CONFINE_READ);
	if (r == 0)
		r = add_file(plan, host_config_file(host->options));
	if (r == 0)
		r = add_flows(plan, host->config->flows);
	if (r == 0)
		r = add_engine(plan, host->config->docker);
	return r == 0 ? add_resolvers(plan, host->config) : r;
}

int confine_plan_new(const struct host *host, struct confine_plan **ret_plan, struct error *err)
{
	cleanup_of(confine_plan) struct confine_plan *plan = calloc(1, sizeof(*plan));
	const char *supervisor = getenv("NOTIFY_SOCKET");

	if (!plan)
		return error_oom(err);
	(void)mkdir(host->config->state, 0755);
	plan->abstract_unix = supervisor && supervisor[0] == '@';
	if (add_all(plan, host) < 0)
		return error_oom(err);
	*ret_plan = steal(plan);
	return 0;
}
