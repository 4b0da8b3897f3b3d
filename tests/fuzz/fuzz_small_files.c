/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as one of the small files that the service reads: the first one says which.  s: its own list of bridges; h:
 * what it says of itself; r: resolv.conf; p: the range of ports from which the engine chooses; k: the kernel's
 * comments, whoever wrote them; f: a frame that the live probe hears.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "chosen_ports.h"
#include "policy.h"
#include "probe_packets.h"
#include "resolvers.h"
#include "bridges_file.h"
#include "status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static bool has_line(const char *text, size_t size, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i + length <= size; i++) {
		if (memcmp(text + i, name, length) == 0 && (i == 0 || text[i - 1] == '\n') &&
		    (i + length == size || text[i + length] == '\n'))
			return true;
	}
	return false;
}

static bool contains(char (*bridges)[16], size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(bridges[i], name) == 0)
			return true;
	}
	return false;
}

/* Names that a link can have, each a line of the file, in its order; and they are read again from what is written. */
static void read_state(const char *text, size_t size)
{
	char(*bridges)[16], (*again)[16], *written;
	size_t count, again_count, used = 0;

	if (bridges_file_parse(text, size, &bridges, &count) < 0)
		return;
	written = malloc(count * 16 + 1);
	for (size_t i = 0; written && i < count; i++) {
		size_t length = strnlen(bridges[i], 16);

		require(length > 0 && length < 16 && !strpbrk(bridges[i], "/: \n\t\v\f\r"));
		require(strcmp(bridges[i], ".") != 0 && strcmp(bridges[i], "..") != 0);
		require(has_line(text, size, bridges[i]));
		memcpy(written + used, bridges[i], length);
		written[used + length] = '\n';
		used += length + 1;
	}
	if (written && bridges_file_parse(written, used, &again, &again_count) == 0) {
		require(again_count == count && memcmp(again, bridges, count * sizeof(*bridges)) == 0);
		free(again);
	}
	/* Whatever else stands there, and before it: a name on a line of its own is kept. */
	require(!has_line(text, size, "docker0") || contains(bridges, count, "docker0"));
	free(written);
	free(bridges);
}

static char *write_status(const struct status *status)
{
	cJSON *document = status_to_json(status);
	char *text = document ? cJSON_PrintUnformatted(document) : NULL;

	cJSON_Delete(document);
	return text;
}

static bool plain(const char *text, size_t size)
{
	require(memchr(text, 0, size) != NULL);
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	}
	return true;
}

/* What is taken for such a document is written and read as the same, and a terminal can show it. */
static void read_status(const char *text, size_t size)
{
	struct status status = { .pid = -1 }, again;
	char *written, *rewritten;
	const char *what = NULL;

	if (status_parse(text, size, &status, &what) < 0) {
		require(status.pid == -1 && what);
		return;
	}
	require(plain(status.reason, sizeof(status.reason)) && plain(status.engine_url, sizeof(status.engine_url)) &&
		plain(status.engine_error, sizeof(status.engine_error)) && plain(status.mode, sizeof(status.mode)));
	require(status.repair_count <= STATUS_REPAIRS && status.refused_count <= STATUS_REFUSED);
	for (size_t i = 0; i < status.repair_count; i++)
		require(plain(status.repairs[i].what, STATUS_TEXT_SIZE) && plain(status.repairs[i].by, 20));
	for (size_t i = 0; i < status.refused_count; i++)
		require(plain(status.refused[i].file, STATUS_TEXT_SIZE) &&
			plain(status.refused[i].why, STATUS_TEXT_SIZE));
	written = write_status(&status);
	if (written) {
		require(status_parse(written, strlen(written), &again, &what) == 0);
		rewritten = write_status(&again);
		require(!rewritten || strcmp(written, rewritten) == 0);
		free(rewritten);
	}
	free(written);
}

static void read_resolvers(const char *text)
{
	struct address *addresses = NULL;
	size_t count = 0;
	bool stub = false;

	if (resolvers_parse(text, &addresses, &count, &stub) < 0)
		return;
	require(!stub || count == 0);
	for (size_t i = 0; i < count; i++) {
		require(addresses[i].family == ADDRESS_IPV4 || addresses[i].family == ADDRESS_IPV6);
		require(addresses[i].family != ADDRESS_IPV4 || addresses[i].bytes[0] != 127);
	}
	free(addresses);
}

static void read_ports(const char *text)
{
	uint16_t first = 1, last = 0;

	if (chosen_ports_parse(text, &first, &last))
		require(first > 0 && first <= last);
	else
		require(first == 1 && last == 0);
}

static bool printable(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f || *text == '"' || *text == '\\')
			return false;
	}
	return true;
}

/* What stands in the kernel is taken into a policy, and its comment apart; together again it is a comment that fits and
 * says the same. */
static void read_comment(const char *text)
{
	struct policy_record record = { .set = POLICY_NETWORKS, .link = "docker0", .comment = text };
	struct policy_flow_comment flow, flow_again;
	struct policy_endpoint_comment endpoint, endpoint_again;
	char written[POLICY_COMMENT_MAX + 1];
	struct policy *policy = policy_new();

	if (!policy || policy_add(policy, &record) < 0) {
		policy_free(policy);
		return;
	}
	policy_finish(policy);
	text = policy_at(policy, 0)->comment;
	require(strlen(text) <= POLICY_COMMENT_MAX && printable(text));
	if (policy_flow_comment_parse(text, &flow)) {
		policy_flow_comment_format(&flow, written);
		require(strlen(written) <= POLICY_COMMENT_MAX && policy_flow_comment_parse(written, &flow_again));
	}
	if (policy_endpoint_comment_parse(text, &endpoint)) {
		policy_endpoint_comment_format(&endpoint, written);
		require(strlen(written) <= POLICY_COMMENT_MAX);
		require(policy_endpoint_comment_parse(written, &endpoint_again));
	}
	policy_free(policy);
}

/* Frames that come in at a bridge's ports while the probe listens, from anybody. */
static void read_frame(const char *frame, size_t size)
{
	static const uint8_t token[PROBE_TOKEN_SIZE] = "0123456789abcde";
	struct probe_label label;
	struct address holder;

	if (probe_packet_read(frame, size, token, &label)) {
		require(memcmp(label.token, token, sizeof(token)) == 0);
		require(label.kind < PROBE_KINDS && label.way <= PROBE_DIRECT);
		require(memmem(frame, size, token, sizeof(token)) != NULL);
	}
	holder = probe_packet_holder(frame, size);
	require(holder.family == ADDRESS_NONE || holder.family == ADDRESS_IPV4 || holder.family == ADDRESS_IPV6);
	require(holder.family == ADDRESS_NONE || size >= 28);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	/* A buffer of exactly this size and a NUL, so that one byte too far is found. */
	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0]) {
	case 's':
		read_state(text, size - 1);
		break;
	case 'h':
		read_status(text, size - 1);
		break;
	case 'r':
		read_resolvers(text);
		break;
	case 'p':
		read_ports(text);
		break;
	case 'k':
		read_comment(text);
		break;
	default:
		read_frame(text, size - 1);
	}
	free(text);
	return 0;
}
