/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and meanings: moby, daemon/config/config.go, cmd/dockerd/config*.go and options.go; 20.10 to 29 agree. */
#include "daemon_settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

enum setting_kind {
	SETTING_SWITCH,
	SETTING_TEXT,
	SETTING_LIST, /* a flag that may be repeated */
	SETTING_PORT,
};

static const struct setting {
	const char *flag; /* without the dashes */
	const char *key;  /* in the file; NULL where it has none */
	char letter;	  /* -H; 0 where it has none */
	enum setting_kind kind;
	size_t offset; /* in struct daemon_settings */
} settings[] = {
#define SETTING(flag, key, letter, kind, field)                                                                        \
	{                                                                                                              \
		flag, key, letter, SETTING_##kind, offsetof(struct daemon_settings, field)                             \
	}
	SETTING("icc", "icc", 0, SWITCH, icc),
	SETTING("tls", "tls", 0, SWITCH, tls),
	SETTING("tlsverify", "tlsverify", 0, SWITCH, tlsverify),
	SETTING("tlscacert", "tlscacert", 0, TEXT, tlscacert),
	SETTING("tlscert", "tlscert", 0, TEXT, tlscert),
	SETTING("tlskey", "tlskey", 0, TEXT, tlskey),
	SETTING("userns-remap", "userns-remap", 0, TEXT, userns_remap),
	SETTING("graph", "graph", 'g', TEXT, data_root), /* until 23 */
	SETTING("data-root", "data-root", 0, TEXT, data_root),
	SETTING("pidfile", "pidfile", 'p', TEXT, pidfile),
	SETTING("group", "group", 'G', TEXT, group),
	SETTING("config-file", NULL, 0, TEXT, config_file),
	SETTING("exec-root", "exec-root", 0, TEXT, exec_root),
	SETTING("metrics-addr", "metrics-addr", 0, TEXT, metrics),
	SETTING("network-diagnostic-port", "network-diagnostic-port", 0, PORT, diagnostic_port),
	SETTING("host", "hosts", 'H', LIST, hosts),
	SETTING("insecure-registry", "insecure-registries", 0, LIST, insecure_registries),
#undef SETTING
};
#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

/* The engine's other flags that take a value, which may look like a flag itself: `dockerd --help` of 20.10 to 29.  One
 * that is not known here is taken for a switch. */
static const char *const with_value[] = {
	"add-runtime",
	"allow-nondistributable-artifacts",
	"api-cors-header",
	"authorization-plugin",
	"bip",
	"bip6",
	"bridge",
	"bridge-accept-fwmark",
	"cdi-spec-dir",
	"cgroup-parent",
	"cluster-advertise",
	"cluster-store",
	"cluster-store-opt",
	"containerd",
	"containerd-namespace",
	"containerd-plugins-namespace",
	"cpu-rt-period",
	"cpu-rt-runtime",
	"default-address-pool",
	"default-cgroupns-mode",
	"default-gateway",
	"default-gateway-v6",
	"default-ipc-mode",
	"default-network-opt",
	"default-runtime",
	"default-shm-size",
	"default-ulimit",
	"dns",
	"dns-opt",
	"dns-search",
	"exec-opt",
	"feature",
	"firewall-backend",
	"fixed-cidr",
	"fixed-cidr-v6",
	"host-gateway-ip",
	"http-proxy",
	"https-proxy",
	"init-path",
	"ip",
	"isolation",
	"label",
	"log-driver",
	"log-format",
	"log-level",
	"log-opt",
	"max-concurrent-downloads",
	"max-concurrent-uploads",
	"max-download-attempts",
	"mtu",
	"network-control-plane-mtu",
	"no-proxy",
	"node-generic-resource",
	"oom-score-adjust",
	"registry-mirror",
	"seccomp-profile",
	"shutdown-timeout",
	"storage-driver",
	"storage-opt",
	"swarm-default-advertise-addr",
	"userland-proxy-path",
};

static void *place(struct daemon_settings *target, const struct setting *setting)
{
	return (char *)target + setting->offset;
}

enum daemon_switch daemon_settings_switch(const char *text)
{
	static const char *const on[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const off[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
		if (strcmp(text, on[i]) == 0)
			return DAEMON_ON;
		if (strcmp(text, off[i]) == 0)
			return DAEMON_OFF;
	}
	return DAEMON_INVALID;
}

static uint16_t parse_port(const char *text)
{
	unsigned long port;

	if (!text[0] || strlen(text) > 5 || text[strspn(text, "0123456789")])
		return 0;
	port = strtoul(text, NULL, 10);
	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static int set_value(struct daemon_settings *target, const struct setting *setting, const char *value, size_t length)
{
	char *copy;

	if (setting->kind == SETTING_LIST)
		return texts_add(place(target, setting), value, length);
	copy = strndup(value, length);
	if (!copy)
		return -ENOMEM;
	if (setting->kind == SETTING_TEXT) {
		char **text = place(target, setting);

		free(*text);
		*text = copy;
		return 0;
	}
	if (setting->kind == SETTING_SWITCH)
		*(enum daemon_switch *)place(target, setting) = daemon_settings_switch(copy);
	else
		*(uint16_t *)place(target, setting) = parse_port(copy);
	free(copy);
	return 0;
}

/* -- the file */

static int take_list(struct daemon_settings *target, const struct setting *setting, const cJSON *item,
		     struct error *err)
{
	const cJSON *entry;

	if (!cJSON_IsArray(item) && !cJSON_IsNull(item))
		return error_set(err, -EINVAL, "\"%s\" is no list", setting->key);
	texts_clear(place(target, setting));
	cJSON_ArrayForEach(entry, item)
	{
		if (!cJSON_IsString(entry))
			return error_set(err, -EINVAL, "an entry of \"%s\" is no text", setting->key);
		if (texts_add(place(target, setting), entry->valuestring, strlen(entry->valuestring)) < 0)
			return error_oom(err);
	}
	return 0;
}

static int take_item(struct daemon_settings *target, const struct setting *setting, const cJSON *item,
		     struct error *err)
{
	if (setting->kind == SETTING_LIST)
		return take_list(target, setting, item, err);
	if (cJSON_IsNull(item))
		return 0;
	if (setting->kind == SETTING_SWITCH) {
		if (!cJSON_IsBool(item))
			return error_set(err, -EINVAL, "\"%s\" is neither true nor false", setting->key);
		*(enum daemon_switch *)place(target, setting) = cJSON_IsTrue(item) ? DAEMON_ON : DAEMON_OFF;
		return 0;
	}
	if (setting->kind == SETTING_PORT) {
		if (!cJSON_IsNumber(item))
			return error_set(err, -EINVAL, "\"%s\" is no number", setting->key);
		*(uint16_t *)place(target, setting) =
			item->valueint > 0 && item->valueint <= UINT16_MAX ? (uint16_t)item->valueint : 0;
		return 0;
	}
	if (!cJSON_IsString(item))
		return error_set(err, -EINVAL, "\"%s\" is no text", setting->key);
	return set_value(target, setting, item->valuestring, strlen(item->valuestring)) < 0 ? error_oom(err) : 0;
}

static int take_object(struct daemon_settings *target, const cJSON *root, struct error *err)
{
	const cJSON *item;
	int r = 0;

	if (!cJSON_IsObject(root))
		return error_set(err, -EINVAL, "not an object");
	cJSON_ArrayForEach(item, root)
	{
		for (size_t i = 0; r == 0 && i < SETTING_COUNT; i++) {
			if (settings[i].key && item->string && strcmp(item->string, settings[i].key) == 0)
				r = take_item(target, &settings[i], item, err);
		}
	}
	return r;
}

int daemon_settings_parse_file(const char *text, size_t length, struct daemon_settings *ret_settings, struct error *err)
{
	struct daemon_settings taken = { 0 };
	const char *end = NULL;
	cJSON *root;
	int r = 0;

	/* An empty file says nothing, and the engine takes it. */
	if (strspn(text, " \t\r\n") == length) {
		*ret_settings = taken;
		return 0;
	}
	root = cJSON_ParseWithLengthOpts(text, length, &end, false);
	if (!root)
		return error_set(err, -EINVAL, "not JSON (byte %zu of %zu)", end ? (size_t)(end - text) : 0, length);
	if (end + strspn(end, " \t\r\n") != text + length)
		r = error_set(err, -EINVAL, "goes on after its end (byte %zu of %zu)", (size_t)(end - text), length);
	if (r == 0)
		r = take_object(&taken, root, err);
	cJSON_Delete(root);
	if (r < 0) {
		daemon_settings_clear(&taken);
		return r;
	}
	*ret_settings = taken;
	return 0;
}

/* -- the command line */

struct arguments {
	const char *at, *end;
};

/* The next argument, or NULL.  The last one need not have its NUL. */
static const char *next_argument(struct arguments *arguments, size_t *ret_length)
{
	const char *argument = arguments->at;

	if (argument >= arguments->end)
		return NULL;
	*ret_length = strnlen(argument, (size_t)(arguments->end - argument));
	arguments->at = argument + *ret_length + 1;
	return argument;
}

static const struct setting *find_flag(const char *name, size_t length)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (strlen(settings[i].flag) == length && memcmp(settings[i].flag, name, length) == 0)
			return &settings[i];
	}
	return NULL;
}

static bool takes_value(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++) {
		if (strlen(with_value[i]) == length && memcmp(with_value[i], name, length) == 0)
			return true;
	}
	return false;
}

static const struct setting *find_letter(char letter)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (settings[i].letter == letter)
			return &settings[i];
	}
	return NULL;
}

/* "--flag=value", "--flag value"; argument is what stands behind the dashes. */
static int take_flag(struct daemon_settings *target, const char *argument, size_t length, struct arguments *arguments)
{
	const char *equals = memchr(argument, '=', length), *value;
	size_t name_length = equals ? (size_t)(equals - argument) : length, value_length;
	const struct setting *setting = find_flag(argument, name_length);

	if (!setting) {
		if (!equals && takes_value(argument, name_length))
			(void)next_argument(arguments, &value_length);
		return 0;
	}
	if (equals)
		return set_value(target, setting, equals + 1, length - name_length - 1);
	if (setting->kind == SETTING_SWITCH)
		return set_value(target, setting, "true", 4);
	value = next_argument(arguments, &value_length);
	return value ? set_value(target, setting, value, value_length) : 0;
}

/* "-H value", "-Hvalue", "-H=value", "-DH value".  Other letters than D, h and v take a value, which ends the argument.
 */
static int take_letters(struct daemon_settings *target, const char *letters, size_t length, struct arguments *arguments)
{
	const struct setting *setting;
	size_t at = 0, value_length;
	const char *value;

	while (at < length && strchr("Dhv", letters[at]) && letters[at])
		at++;
	if (at == length)
		return 0;
	setting = find_letter(letters[at++]);
	if (at < length)
		return setting ? set_value(target, setting, letters + at + (letters[at] == '='),
					   length - at - (letters[at] == '='))
			       : 0;
	value = next_argument(arguments, &value_length);
	return setting && value ? set_value(target, setting, value, value_length) : 0;
}

int daemon_settings_parse_command(const char *text, size_t length, struct daemon_settings *ret_settings)
{
	struct arguments arguments = { text, text + length };
	struct daemon_settings taken = { 0 };
	size_t argument_length;
	const char *argument;
	int r = 0;

	/* The program's name. */
	(void)next_argument(&arguments, &argument_length);
	while (r == 0 && (argument = next_argument(&arguments, &argument_length))) {
		if (argument_length == 2 && memcmp(argument, "--", 2) == 0)
			break;
		if (argument_length > 2 && memcmp(argument, "--", 2) == 0)
			r = take_flag(&taken, argument + 2, argument_length - 2, &arguments);
		else if (argument_length > 1 && argument[0] == '-')
			r = take_letters(&taken, argument + 1, argument_length - 1, &arguments);
	}
	if (r < 0) {
		daemon_settings_clear(&taken);
		return r;
	}
	*ret_settings = taken;
	return 0;
}

bool daemon_settings_is_engine(const char *text, size_t length)
{
	size_t name_length = strnlen(text, length);
	const char *slash = memrchr(text, '/', name_length);
	const char *name = slash ? slash + 1 : text;

	return (size_t)(text + name_length - name) == strlen("dockerd") && memcmp(name, "dockerd", 7) == 0;
}

bool daemon_settings_host_is_tcp(const char *host)
{
	host += strspn(host, " \t");
	return strncmp(host, "tcp://", 6) == 0 || (*host && !strstr(host, "://"));
}

/* What stands between the scheme and a path. */
static const char *authority(const char *host, char text[256])
{
	host += strspn(host, " \t");
	host += strncmp(host, "tcp://", 6) == 0 ? 6 : 0;
	snprintf(text, 256, "%.*s", (int)strcspn(host, "/"), host);
	return text;
}

uint16_t daemon_settings_host_port(const char *host, bool tls)
{
	char text[256];
	const char *colon = strrchr(authority(host, text), ':');

	/* The colons inside an address are not those before a port: "[::1]". */
	if (!colon || strchr(colon, ']') || !colon[1])
		return tls ? 2376 : 2375;
	return parse_port(colon + 1);
}

struct address daemon_settings_host_address(const char *host)
{
	struct address address = { .family = ADDRESS_NONE };
	char text[256], *colon, *bare = text;
	size_t length;

	authority(host, text);
	colon = strrchr(text, ':');
	if (colon && !strchr(colon, ']'))
		*colon = '\0';
	length = strlen(text);
	if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
		text[length - 1] = '\0';
		bare = text + 1;
	}
	if (address_parse(bare, false, &address) < 0)
		address.family = ADDRESS_NONE;
	return address;
}

void daemon_settings_clear(struct daemon_settings *cleared)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (settings[i].kind == SETTING_LIST) {
			texts_clear(place(cleared, &settings[i]));
		} else if (settings[i].kind == SETTING_TEXT) {
			char **text = place(cleared, &settings[i]);

			free(*text);
			*text = NULL;
		}
	}
	*cleared = (struct daemon_settings){ 0 };
}
