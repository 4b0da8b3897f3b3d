/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first byte selects an answer, the second how it is cut into pieces: what comes out does not depend on that, is
 * JSON where the text was, and sifted once more stays what it is. */
#include "json_sieve.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "docker_json_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int sift(const struct json_sieve_rules *rules, const char *text, size_t length, size_t piece, char **ret_out)
{
	struct json_sieve *sieve = json_sieve_new(rules, 1 << 20);
	struct error err = { 0 };
	size_t out_length;
	const char *out;
	int r = 0;

	assert(sieve);
	for (size_t i = 0; r == 0 && i < length; i += piece) {
		/* A buffer of exactly this size, so that one byte too far is found. */
		size_t count = length - i < piece ? length - i : piece;
		char *copy = malloc(count);

		assert(copy);
		memcpy(copy, text + i, count);
		r = json_sieve_feed(sieve, copy, count, &err);
		free(copy);
	}
	if (r == 0)
		r = json_sieve_end(sieve, &err);
	assert(r == 0 || ((r == -EPROTO || r == -E2BIG || r == -ENOMEM) && err.text[0]));
	out = json_sieve_text(sieve, &out_length);
	assert(r < 0 || out[out_length] == '\0');
	*ret_out = r == 0 ? strndup(out, out_length) : NULL;
	assert(r < 0 || strlen(*ret_out) == out_length);
	json_sieve_free(sieve);
	return r;
}

static bool is_json(const char *text, size_t length)
{
	const char *end = NULL;
	cJSON *root = cJSON_ParseWithLengthOpts(text, length, &end, false);
	bool whole = root && end + strspn(end, " \t\r\n") == text + length;

	cJSON_Delete(root);
	return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct json_sieve_rules *rules;
	char *text, *whole, *pieces, *again;
	int r;

	if (size < 2 || memchr(data, '\0', size))
		return 0;
	rules = docker_json_rules((data[0] - '0') % (unsigned)DOCKER_JSON_ANSWERS);
	text = strndup((const char *)data + 2, size - 2);
	assert(text);
	r = sift(rules, text, size - 2, size, &whole);
	assert(sift(rules, text, size - 2, 1 + data[1] % 16u, &pieces) == r);
	if (r == 0) {
		assert(strcmp(whole, pieces) == 0 && strlen(whole) <= 2 * size + 64);
		if (!rules->many && is_json(text, size - 2))
			assert(is_json(whole, strlen(whole)));
		assert(sift(rules, whole, strlen(whole), 7, &again) == 0);
		/* But for the word that something was cut, which is ours; and empty lines are none. */
		assert(rules->many || strstr(whole, JSON_SIEVE_CUT) || strcmp(whole, again) == 0);
		free(again);
	}
	free(whole);
	free(pieces);
	free(text);
	return 0;
}
