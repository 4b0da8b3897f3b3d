/* SPDX-License-Identifier: GPL-2.0-or-later */
/* corpus/docker holds what Docker 20.10.24 said, recorded from a real engine; what newer ones say stands here. */
#include "docker_json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WEB_ID "9c5118a116bf393d49d835b9f57bfe9d15d09b892dc84b0b0030cac50a92c918"
#define DB_ID  "fc1338c3a03c04fce5ae4b1bebb6a9dbe86ab96ace38614118ac5937867a020c"

static char *read_corpus(const char *name, size_t *ret_length)
{
	char path[512];
	char *text = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/unit/corpus/docker/%s", TESTS_DIR, name);
	file = fopen(path, "re");
	if (!file)
		fail_msg("%s: %s", path, strerror(errno));
	*ret_length = (size_t)getdelim(&text, &size, EOF, file);
	fclose(file);
	return text;
}

static struct network *parse_network(const char *text)
{
	struct network *network = NULL;
	struct error err = { 0 };

	if (docker_json_network(text, strlen(text), &network, &err) < 0)
		fail_msg("%s", err.text);
	return network;
}

static void recorded_version(void **state)
{
	cleanup_free char *text = NULL;
	struct docker_version version;
	char api[16];
	size_t length;

	(void)state;
	text = read_corpus("version.json", &length);
	assert_int_equal(docker_json_version(text, length, &version, NULL), 0);
	assert_string_equal(version.version, "20.10.24+dfsg1");
	assert_string_equal(version.api_version, "1.41");
	assert_string_equal(version.min_api_version, "1.12");
	assert_int_equal(docker_json_negotiate(&version, api, NULL), 0);
	assert_string_equal(api, "1.41");
}

static void negotiation(void **state)
{
	static const struct {
		const char *newest, *oldest, *chosen;
	} cases[] = {
		{ "1.24", "", "1.24" },	      { "1.52", "1.44", "1.47" }, { "1.47", "1.47", "1.47" },
		{ "1.48", "1.24", "1.47" },   { "2.0", "1.40", "1.47" },  { "1.23", "1.12", NULL },
		{ "1.60", "1.48", "1.48" },   { "2.1", "2.0", NULL },	  { "0.9", "", NULL },
		{ "banana", "", NULL },	      { "1.", "", NULL },	  { "1.41x", "", NULL },
		{ "1.41.2", "", NULL },	      { "-1.41", "", NULL },	  { "1.41", "x", NULL },
		{ "1.4294967336", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct docker_version version = { 0 };
		struct error err = { 0 };
		char api[16] = "untouched";
		int r;

		snprintf(version.api_version, sizeof(version.api_version), "%s", cases[i].newest);
		snprintf(version.min_api_version, sizeof(version.min_api_version), "%s", cases[i].oldest);
		r = docker_json_negotiate(&version, api, &err);
		if (cases[i].chosen) {
			assert_int_equal(r, 0);
			assert_string_equal(api, cases[i].chosen);
		} else {
			assert_int_equal(r, -EPROTO);
			assert_true(err.text[0]);
			assert_string_equal(api, "untouched");
		}
	}
}

static void recorded_info(void **state)
{
	cleanup_free char *text = NULL;
	struct docker_info info;
	size_t length;

	(void)state;
	text = read_corpus("info.json", &length);
	assert_int_equal(docker_json_info(text, length, &info, NULL), 0);
	assert_string_equal(info.id, "2IC5:KVWP:WNHL:5TPB:2LSP:2IHX:QM2U:27UQ:JWCD:VORH:DJU6:QLSP");
	assert_false(info.rootless);
	assert_false(info.swarm);
	assert_false(info.nftables);
	assert_string_equal(info.firewall_backend, "");
}

static void info_of_other_engines(void **state)
{
	static const char text[] =
		"{\"ID\":\"x\",\"SecurityOptions\":[\"name=seccomp,profile=builtin\",7,\"name=rootless\","
		"\"name=cgroupns\"],\"Swarm\":{\"NodeID\":\"n\",\"LocalNodeState\":\"active\"},"
		"\"FirewallBackend\":{\"Driver\":\"nftables+firewalld\",\"Info\":[[\"a\",\"b\"]]}}";
	static const char plain[] = "{\"SecurityOptions\":[\"name=rootlessness\"],\"Swarm\":{\"LocalNodeState\":null},"
				    "\"FirewallBackend\":{\"Driver\":\"iptables\"}}";
	struct docker_info info;

	(void)state;
	assert_int_equal(docker_json_info(text, strlen(text), &info, NULL), 0);
	assert_true(info.rootless);
	assert_true(info.swarm);
	assert_true(info.nftables);
	assert_string_equal(info.firewall_backend, "nftables+firewalld");
	assert_int_equal(docker_json_info(plain, strlen(plain), &info, NULL), 0);
	assert_false(info.rootless);
	assert_false(info.swarm);
	assert_false(info.nftables);
	assert_string_equal(info.firewall_backend, "iptables");
}

static const struct container *find(struct container **containers, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(containers[i]->name, name) == 0)
			return containers[i];
	}
	fail_msg("no container %s", name);
	return NULL;
}

static void recorded_containers(void **state)
{
	cleanup_free char *text = NULL;
	struct container **containers;
	const struct container *web;
	size_t length, count;

	(void)state;
	text = read_corpus("containers.json", &length);
	assert_int_equal(docker_json_containers(text, length, &containers, &count, NULL), 0);
	assert_int_equal(count, 6);
	web = find(containers, count, "shop-web-1");
	assert_string_equal(web->id, WEB_ID);
	assert_string_equal(web->image, "example/busy:1");
	assert_true(web->running);
	assert_null(web->shares);
	assert_int_equal(web->label_count, 3);
	assert_string_equal(container_label(web, "com.docker.compose.project"), "shop");
	assert_string_equal(container_label(web, "com.docker.compose.service"), "web");
	assert_string_equal(container_label(web, "odd"), "a \"quoted\" \\ value\nsecond line");
	assert_null(container_label(web, "none"));
	assert_true(find(containers, count, "shop-db-1")->running); /* paused */
	assert_false(find(containers, count, "idle")->running);
	assert_string_equal(find(containers, count, "shop-side-1")->shares, WEB_ID);
	/* Its first name is the one that `linked` gave it. */
	assert_true(find(containers, count, "lone")->running);
	docker_json_free_containers(containers, count);
	docker_json_free_containers(NULL, 3);
}

static void recorded_container(void **state)
{
	cleanup_of(container) struct container *web = NULL;
	cleanup_of(container) struct container *side = NULL;
	cleanup_free char *text = NULL, *other = NULL;
	size_t length;

	(void)state;
	text = read_corpus("container.json", &length);
	assert_int_equal(docker_json_container(text, length, &web, NULL), 0);
	assert_string_equal(web->id, WEB_ID);
	assert_string_equal(web->name, "shop-web-1");
	assert_string_equal(web->image, "example/busy:1");
	assert_true(web->running);
	assert_null(web->shares);
	assert_string_equal(container_label(web, "com.docker.compose.service"), "web");
	assert_string_equal(container_label(web, "odd"), "a \"quoted\" \\ value\nsecond line");
	other = read_corpus("container_shares.json", &length);
	assert_int_equal(docker_json_container(other, length, &side, NULL), 0);
	assert_string_equal(side->shares, WEB_ID);
}

static void recorded_networks(void **state)
{
	static const struct {
		const char *name, *driver, *bridge;
		bool managed;
	} expected[] = {
		{ "none", "null", "", false },
		{ "host", "host", "", false },
		{ "bridge", "bridge", "docker0", true },
		{ "shop_default", "bridge", "br-b94397f84905", true },
		{ "shop_closed", "bridge", "br-closed", true },
	};
	cleanup_free char *text = NULL;
	struct network **networks;
	size_t length, count;

	(void)state;
	text = read_corpus("networks.json", &length);
	assert_int_equal(docker_json_networks(text, length, &networks, &count, NULL), 0);
	assert_int_equal(count, 5);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(networks[i]->name, expected[i].name);
		assert_string_equal(networks[i]->driver, expected[i].driver);
		assert_string_equal(networks[i]->bridge, expected[i].bridge);
		assert_int_equal(networks[i]->managed, expected[i].managed);
		assert_int_equal(networks[i]->endpoint_count, 0);
	}
	docker_json_free_networks(networks, count);
	docker_json_free_networks(NULL, 1);
}

static void assert_address(const struct address *address, const char *expected)
{
	char text[ADDRESS_TEXT_SIZE];

	assert_string_equal(address_format(address, text), expected);
}

static void recorded_network_inspect(void **state)
{
	static const uint8_t mac[6] = { 0x02, 0x42, 0xac, 0x1c, 0x0a, 0x02 };
	cleanup_of(network) struct network *dual = NULL;
	cleanup_of(network) struct network *closed = NULL;
	cleanup_of(network) struct network *standard = NULL;
	cleanup_of(network) struct network *host = NULL;
	cleanup_free char *a = NULL, *b = NULL, *c = NULL, *d = NULL;
	size_t length;

	(void)state;
	a = read_corpus("network_dual.json", &length);
	dual = parse_network(a);
	assert_string_equal(dual->name, "shop_default");
	assert_null(dual->icc);
	assert_false(dual->internal);
	assert_int_equal(dual->endpoint_count, 2);
	assert_string_equal(dual->endpoints[0].container, WEB_ID);
	assert_string_equal(dual->endpoints[0].name, "shop-web-1");
	assert_address(&dual->endpoints[0].ipv4, "172.28.10.2");
	assert_address(&dual->endpoints[0].ipv6, "2001:db8:10::2");
	assert_memory_equal(dual->endpoints[0].mac, mac, 6);
	assert_string_equal(dual->endpoints[1].container, DB_ID);

	b = read_corpus("network_closed.json", &length);
	closed = parse_network(b);
	assert_true(closed->internal);
	assert_string_equal(closed->icc, "false");
	assert_string_equal(closed->bridge, "br-closed");
	assert_int_equal(closed->endpoint_count, 1);
	assert_int_equal(closed->endpoints[0].ipv6.family, ADDRESS_NONE);

	c = read_corpus("network_bridge.json", &length);
	standard = parse_network(c);
	assert_string_equal(standard->icc, "true");
	assert_string_equal(standard->bridge, "docker0");

	d = read_corpus("network_host.json", &length);
	host = parse_network(d);
	assert_false(host->managed);
	assert_string_equal(host->bridge, "");
}

/* As 28 and later tell of it; other modes, and what is no mode, are not that one. */
static void gateway_modes(void **state)
{
#define NETWORK(options) "{\"Id\":\"1\",\"Name\":\"n\",\"Driver\":\"bridge\",\"Options\":{" options "}}"
#define MODE4		 "\"com.docker.network.bridge.gateway_mode_ipv4\":"
#define MODE6		 "\"com.docker.network.bridge.gateway_mode_ipv6\":"
	static const struct {
		const char *text;
		bool routed4, routed6;
	} cases[] = {
		{ NETWORK(""), false, false },
		{ NETWORK(MODE4 "\"routed\"," MODE6 "\"nat\""), true, false },
		{ NETWORK(MODE4 "\"nat-unprotected\"," MODE6 "\"routed\""), false, true },
		{ NETWORK(MODE4 "\"isolated\"," MODE6 "\"Routed\""), false, false },
		{ NETWORK(MODE4 "true," MODE6 "null"), false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cleanup_of(network) struct network *network = parse_network(cases[i].text);

		assert_int_equal(network->routed4, cases[i].routed4);
		assert_int_equal(network->routed6, cases[i].routed6);
	}
}

static void recorded_events(void **state)
{
	cleanup_free char *text = NULL;
	struct docker_event event;
	size_t length, lines = 0, connects = 0, renames = 0;
	char *line, *rest;

	(void)state;
	text = read_corpus("events.json", &length);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		assert_int_equal(docker_json_event(line, strlen(line), &event, NULL), 0);
		assert_int_not_equal(event.type, DOCKER_EVENT_OTHER);
		assert_int_equal(strlen(event.id), 64);
		assert_null(strchr(event.action, ':'));
		lines++;
		renames += strcmp(event.action, "rename") == 0;
		if (event.type != DOCKER_EVENT_NETWORK) {
			assert_string_equal(event.container, "");
			continue;
		}
		if (strcmp(event.action, "connect") == 0 || strcmp(event.action, "disconnect") == 0) {
			assert_int_equal(strlen(event.container), 64);
			connects++;
		}
	}
	assert_int_equal(lines, 50);
	assert_int_equal(renames, 1);
	assert_int_equal(connects, 11);
}

static void events_of_all_kinds(void **state)
{
	static const struct {
		const char *text;
		enum docker_event_type type;
		const char *action, *id, *container;
	} cases[] = {
		{ "{\"Type\":\"container\",\"Action\":\"exec_create: sh -c 'a: b'\",\"Actor\":{\"ID\":\"1\"}}",
		  DOCKER_EVENT_CONTAINER, "exec_create", "1", "" },
		{ "{\"Type\":\"container\",\"Action\":\"health_status : healthy\",\"Actor\":{\"ID\":\"1\"}}",
		  DOCKER_EVENT_CONTAINER, "health_status", "1", "" },
		/* A label called "container" is not what a network's event means by it. */
		{ "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"1\",\"Attributes\":{\"container\":"
		  "\"evil\"}}}",
		  DOCKER_EVENT_CONTAINER, "die", "1", "" },
		{ "{\"Actor\":{\"Attributes\":{\"container\":\"c\",\"name\":7},\"ID\":\"n\"},\"Action\":\"connect\","
		  "\"Type\":\"network\"}",
		  DOCKER_EVENT_NETWORK, "connect", "n", "c" },
		{ "{\"Type\":\"daemon\",\"Action\":\"reload\",\"Actor\":{\"ID\":\"d\",\"Attributes\":null}}",
		  DOCKER_EVENT_DAEMON, "reload", "d", "" },
		{ "{\"Type\":\"image\",\"Action\":\"pull\",\"Actor\":{\"ID\":\"busybox\"}}", DOCKER_EVENT_OTHER, "", "",
		  "" },
		/* Ours by type, but about nothing. */
		{ "{\"Type\":\"network\",\"Action\":\"connect\",\"Actor\":{}}", DOCKER_EVENT_OTHER, "", "", "" },
		{ "{\"Type\":\"network\",\"Action\":\"connect\",\"Actor\":[1]}", DOCKER_EVENT_OTHER, "", "", "" },
		{ " {\"Type\":\"network\",\"Action\":\"connect\",\"Actor\":{\"ID\":5}}\r\n", DOCKER_EVENT_OTHER, "", "",
		  "" },
	};
	struct docker_event event;
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(docker_json_event(cases[i].text, strlen(cases[i].text), &event, NULL), 0);
		assert_int_equal(event.type, cases[i].type);
		assert_string_equal(event.action, cases[i].action);
		assert_string_equal(event.id, cases[i].id);
		assert_string_equal(event.container, cases[i].container);
	}
	/* Longer than what is kept: cut to something else it must not be. */
	snprintf(text, sizeof(text), "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"%0200d\"}}", 1);
	assert_int_equal(docker_json_event(text, strlen(text), &event, NULL), 0);
	assert_int_equal(event.type, DOCKER_EVENT_OTHER);
	snprintf(text, sizeof(text), "{\"Type\":\"container\",\"Action\":\"die%0200d\",\"Actor\":{\"ID\":\"1\"}}", 1);
	assert_int_equal(docker_json_event(text, strlen(text), &event, NULL), 0);
	assert_int_equal(event.type, DOCKER_EVENT_OTHER);
}

/* What none of the parsers takes, and each must say so without touching its results. */
static void refused_everywhere(void **state)
{
	static const char *const texts[] = { "",  " ",	      "{",    "{}}",	  "[{]",      "null",
					     "7", "\"text\"", "{} x", "{\"a\":}", "not json", "{\"Id\"" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct container **containers = NULL, *container = NULL;
		struct network **networks = NULL, *network = NULL;
		struct docker_version version;
		struct docker_event event;
		struct docker_info info;
		struct error err = { 0 };
		size_t count = 77, length = strlen(texts[i]);

		assert_int_equal(docker_json_containers(texts[i], length, &containers, &count, &err), -EPROTO);
		assert_non_null(strstr(err.text, "engine"));
		assert_int_equal(docker_json_networks(texts[i], length, &networks, &count, &err), -EPROTO);
		assert_int_equal(docker_json_container(texts[i], length, &container, &err), -EPROTO);
		assert_int_equal(docker_json_network(texts[i], length, &network, &err), -EPROTO);
		assert_int_equal(docker_json_version(texts[i], length, &version, &err), -EPROTO);
		assert_int_equal(docker_json_event(texts[i], length, &event, &err), -EPROTO);
		assert_int_equal(docker_json_info(texts[i], length, &info, &err), -EPROTO);
		assert_null(containers);
		assert_null(container);
		assert_null(networks);
		assert_null(network);
		assert_int_equal(count, 77);
	}
}

/* Every recorded answer, cut anywhere: an error, never a part of it. */
static void cut_anywhere(void **state)
{
	cleanup_free char *text = NULL;
	size_t length;

	(void)state;
	text = read_corpus("network_dual.json", &length);
	for (size_t cut = 0; cut + 2 < length; cut++) {
		/* A buffer of its own, so that a sanitizer sees what is read beyond. */
		cleanup_free char *copy = malloc(cut ? cut : 1);
		struct network *network = NULL;

		assert_non_null(copy);
		memcpy(copy, text, cut);
		assert_int_equal(docker_json_network(copy, cut, &network, NULL), -EPROTO);
		assert_null(network);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_version),    cmocka_unit_test(negotiation),
		cmocka_unit_test(recorded_info),       cmocka_unit_test(info_of_other_engines),
		cmocka_unit_test(recorded_containers), cmocka_unit_test(recorded_container),
		cmocka_unit_test(recorded_networks),   cmocka_unit_test(recorded_network_inspect),
		cmocka_unit_test(recorded_events),     cmocka_unit_test(events_of_all_kinds),
		cmocka_unit_test(refused_everywhere),  cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(gateway_modes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
