/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's configuration: /etc/bulkhead/bulkhead.json, in the same JSON dialect as flow files. */
#ifndef BULKHEAD_CONFIG_H
#define BULKHEAD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "diagnostics.h"
#include "flow.h"

enum config_log {
	CONFIG_LOG_ERROR,
	CONFIG_LOG_WARNING,
	CONFIG_LOG_INFO,
	CONFIG_LOG_DEBUG,
};

/* What `verify` is to hold the host against. */
struct config_verify {
	bool docker_group_given; /* the list may be empty */
	char **docker_group;	 /* who may be in the engine's group: whole names */
	size_t docker_group_count;
	char *engine_minimum; /* "24.0": numbers and dots; NULL: none */
	bool icc_required;    /* ICC that is on is a failure, as with --icc-required */
};

struct config {
	char *docker;			 /* engine URL, or NULL: from the environment */
	char *flows;			 /* directory of flow files */
	char *state;			 /* state directory */
	char *metrics;			 /* file for metrics, or NULL: none */
	enum flow_mode mode;		 /* ENFORCE or OBSERVE */
	struct flow_boundaries boundary; /* OPEN or DECLARED, never DEFAULT */
	char **exclude;			 /* networks that are not managed: ids, and shell patterns of names */
	size_t exclude_count;
	struct address *dns; /* name servers that containers may ask whatever their boundary; none: the host's own */
	size_t dns_count;
	uint32_t mark; /* exactly one bit, or 0 for none */
	bool repair;   /* put drift right, or only report it */
	bool owner;    /* take the tables so that nobody else can change them, where the kernel can (>= 6.9) */
	enum config_log log;
	struct config_verify verify;
};

#define CONFIG_DEFAULT_FILE  "/etc/bulkhead/bulkhead.json"
#define CONFIG_DEFAULT_FLOWS "/etc/bulkhead/flows.d"
#define CONFIG_DEFAULT_STATE "/var/lib/bulkhead"
/* Not among the bits that kube-proxy (0xc000), Cilium (0x0f00), Tailscale (0xff0000) or wg-quick's usual 0xca6c take.
 */
#define CONFIG_DEFAULT_MARK 0x10000000u

/* All defaults.  NULL when out of memory. */
struct config *config_new(void);

/* Accepts NULL. */
void config_free(struct config *config);
CLEANUP_DEFINE(config, config_free)

/* Parses one file over the defaults; returns as flow_parse does. */
int config_parse(const char *file, const char *text, size_t length, struct diagnostics *diagnostics,
		 struct config **ret_config);

/* Whether the network of that name and id is managed.  Who may create networks chooses their names, but never an id: an
 * entry of twelve or more hexadecimal digits is the beginning of an id, and no name's pattern. */
bool config_manages(const struct config *config, const char *network_name, const char *network_id);

#endif
