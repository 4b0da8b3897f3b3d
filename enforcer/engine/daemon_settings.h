/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an engine was told: by its configuration file (daemon.json) and by its command line.  Pure: bytes in, structs
 * out.  The engine refuses to start when both say something of the same thing, so whichever does counts.
 */
#ifndef BULKHEAD_DAEMON_SETTINGS_H
#define BULKHEAD_DAEMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "error.h"
#include "texts.h"

enum daemon_switch {
	DAEMON_UNSET, /* the engine's default counts */
	DAEMON_OFF,
	DAEMON_ON,
	DAEMON_INVALID, /* the engine does not start with this */
};

struct daemon_settings {
	enum daemon_switch icc, tls, tlsverify;
	char *tlscacert, *tlscert, *tlskey; /* as written; NULL where not given, and so are the next */
	char *userns_remap, *data_root, *pidfile;
	char *group;		  /* of its socket */
	char *config_file;	  /* command line only */
	char *exec_root;	  /* where it keeps sockets of its own */
	char *metrics;		  /* metrics-addr, "127.0.0.1:9323" */
	uint16_t diagnostic_port; /* network-diagnostic-port, or 0 */
	struct texts hosts;	  /* "unix:///run/docker.sock", "tcp://0.0.0.0:2376", "fd://" */
	struct texts insecure_registries;
};

/* The file's text, with a NUL at text[length].  -EINVAL: not what an engine reads; the error says where. */
int daemon_settings_parse_file(const char *text, size_t length, struct daemon_settings *ret_settings,
			       struct error *err);

/* /proc/PID/cmdline of dockerd: arguments that each end in a NUL, the first of which is the program's name.  Flags are
 * understood as spf13/pflag does: --flag=value, --flag value, -H value, -Hvalue, and --flag alone for a switch.  What
 * is not understood is left out. 0 or -ENOMEM. */
int daemon_settings_parse_command(const char *text, size_t length, struct daemon_settings *ret_settings);

/* Whether that is the command line of an engine: its first argument is named dockerd. */
bool daemon_settings_is_engine(const char *text, size_t length);

/* As Go's strconv.ParseBool: 1, t, T, true, TRUE, True and their opposites. */
enum daemon_switch daemon_settings_switch(const char *text);

/* Whether an entry of hosts means TCP: with tcp://, or without any scheme. */
bool daemon_settings_host_is_tcp(const char *host);

/* The port of an entry that means TCP; without one it is 2376 with TLS and 2375 else.  0 where it is none.  A path
 * behind it, "tcp://host:port/v1", says nothing. */
uint16_t daemon_settings_host_port(const char *host, bool tls);

/* The address of such an entry; ADDRESS_NONE where it has a name, or nothing, in its place. */
struct address daemon_settings_host_address(const char *host);

void daemon_settings_clear(struct daemon_settings *settings);

#endif
