/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "flow_parse_parts.h"

struct config_parse {
	struct jsonc_check check;
	struct config *config; /* holds the defaults, then what the file says */
};

/* Replaces *text.  value may be NULL. */
static int parse_text(struct config_parse *parse, const struct jsonc *value, const char *what, char **text)
{
	const char *given = value ? jsonc_check_text(&parse->check, value, what, false) : NULL;
	char *copy;

	if (!given)
		return 0;
	copy = strdup(given);
	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

/* The service's working directory is nobody's business, so a path that depends on it is none. */
static int parse_place(struct config_parse *parse, const struct jsonc *value, const char *what, char **path)
{
	if (value && value->type == JSONC_STRING && *value->text && *value->text != '/') {
		jsonc_check_error_at(&parse->check, value, "%s must be an absolute path, not \"%s\"", what,
				     value->text);
		return 0;
	}
	return parse_text(parse, value, what, path);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* A list of texts that are each there once, into an array of copies.  what: "\"exclude\"" and "a pattern in
 * \"exclude\"".
 */
static int parse_texts(struct config_parse *parse, const struct jsonc *value, const char *what, const char *one,
		       char ***texts, size_t *count)
{
	cleanup_free struct jsonc_entry *entries = NULL;

	if (!jsonc_check_type(&parse->check, value, what, JSONC_ARRAY) || value->count == 0)
		return 0;
	*texts = calloc(value->count, sizeof(**texts));
	entries = calloc(value->count, sizeof(*entries));
	if (!*texts || !entries)
		return -ENOMEM;
	for (size_t i = 0; i < value->count; i++) {
		const struct jsonc *item = &value->items[i];
		const char *text = jsonc_check_text(&parse->check, item, one, false);
		char *copy;

		if (!text)
			continue;
		copy = strdup(text);
		if (!copy)
			return -ENOMEM;
		(*texts)[*count] = copy;
		entries[(*count)++] = (struct jsonc_entry){ item, copy };
	}
	jsonc_check_duplicates(&parse->check, NULL, entries, *count, compare_texts);
	return 0;
}

static int parse_networks(struct config_parse *parse, const struct jsonc *value)
{
	const struct jsonc *exclude = NULL;
	const struct jsonc_field fields[] = { { "exclude", &exclude } };

	if (!value || !jsonc_check_object(&parse->check, value, "\"networks\"", fields, 1) || !exclude)
		return 0;
	return parse_texts(parse, exclude, "\"exclude\"", "a pattern in \"exclude\"", &parse->config->exclude,
			   &parse->config->exclude_count);
}

static int compare_addresses(const void *a, const void *b)
{
	return address_compare(a, b);
}

static int parse_dns(struct config_parse *parse, const struct jsonc *value)
{
	cleanup_free struct jsonc_entry *entries = NULL;
	struct config *config = parse->config;

	if (!value || !jsonc_check_type(&parse->check, value, "\"dns\"", JSONC_ARRAY) || value->count == 0)
		return 0;
	config->dns = calloc(value->count, sizeof(*config->dns));
	entries = calloc(value->count, sizeof(*entries));
	if (!config->dns || !entries)
		return -ENOMEM;
	for (size_t i = 0; i < value->count; i++) {
		const struct jsonc *item = &value->items[i];
		struct address *address = &config->dns[config->dns_count];

		if (!jsonc_check_type(&parse->check, item, "an address in \"dns\"", JSONC_STRING))
			continue;
		if (address_parse(item->text, false, address) < 0)
			jsonc_check_error_at(&parse->check, item,
					     "\"%s\" is no address: write \"192.0.2.53\" or \"2001:db8::53\"",
					     item->text);
		else
			entries[config->dns_count++] = (struct jsonc_entry){ item, address };
	}
	jsonc_check_duplicates(&parse->check, NULL, entries, config->dns_count, compare_addresses);
	return 0;
}

/* "0x10000000" or "268435456"; not octal, which nobody expects.  False where it is no number of 32 bits. */
static bool read_mark(const char *text, uint32_t *ret_mark)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	unsigned long long mark;

	if (!*digits || digits[strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789")])
		return false;
	if (!hex && digits[0] == '0' && digits[1])
		return false;
	errno = 0;
	mark = strtoull(digits, NULL, hex ? 16 : 10);
	if (errno != 0 || mark > UINT32_MAX)
		return false;
	*ret_mark = (uint32_t)mark;
	return true;
}

static void parse_mark(struct config_parse *parse, const struct jsonc *value)
{
	uint32_t mark;

	if (!value)
		return;
	if (value->type != JSONC_NUMBER && !jsonc_check_type(&parse->check, value, "\"mark\"", JSONC_STRING))
		return;
	if (!read_mark(value->text, &mark))
		jsonc_check_error_at(&parse->check, value,
				     "\"mark\" must be one bit of 32, such as \"0x10000000\", or \"0\" for none, not "
				     "\"%s\"",
				     value->text);
	else if (mark & (mark - 1))
		jsonc_check_error_at(
			&parse->check, value,
			"\"mark\" must be one bit, such as \"0x10000000\", or \"0\" for none: \"%s\" has %d "
			"bits",
			value->text, __builtin_popcount(mark));
	else
		parse->config->mark = mark;
}

static void parse_boolean(struct config_parse *parse, const struct jsonc *value, const char *what, bool *boolean)
{
	if (value && jsonc_check_type(&parse->check, value, what, JSONC_BOOLEAN))
		*boolean = value->boolean;
}

static void parse_log(struct config_parse *parse, const struct jsonc *value)
{
	static const char *const names[] = {
		[CONFIG_LOG_ERROR] = "error",
		[CONFIG_LOG_WARNING] = "warning",
		[CONFIG_LOG_INFO] = "info",
		[CONFIG_LOG_DEBUG] = "debug",
	};
	int choice = value ? jsonc_check_choice(&parse->check, value, "\"log\"", names, 4) : -1;

	if (choice >= 0)
		parse->config->log = (enum config_log)choice;
}

/* "24.0": what can be compared, and nothing else, so that a check with it can fail. */
static int parse_minimum(struct config_parse *parse, const struct jsonc *value)
{
	const char *digits = "0123456789";
	const char *at = value->text;

	if (!jsonc_check_type(&parse->check, value, "\"engine_minimum\"", JSONC_STRING))
		return 0;
	while (strspn(at, digits) && at[strspn(at, digits)] == '.')
		at += strspn(at, digits) + 1;
	if (!strspn(at, digits) || at[strspn(at, digits)]) {
		jsonc_check_error_at(&parse->check, value,
				     "\"engine_minimum\" must be a version in numbers, such as \"24.0\", not \"%s\"",
				     value->text);
		return 0;
	}
	return parse_text(parse, value, "\"engine_minimum\"", &parse->config->verify.engine_minimum);
}

static int parse_verify(struct config_parse *parse, const struct jsonc *value)
{
	const struct jsonc *group = NULL, *minimum = NULL, *icc = NULL;
	const struct jsonc_field fields[] = { { "docker_group", &group },
					      { "engine_minimum", &minimum },
					      { "icc_required", &icc } };
	struct config_verify *verify = &parse->config->verify;

	if (!value || !jsonc_check_object(&parse->check, value, "\"verify\"", fields, 3))
		return 0;
	parse_boolean(parse, icc, "\"icc_required\"", &verify->icc_required);
	verify->docker_group_given = group != NULL;
	if (group && parse_texts(parse, group, "\"docker_group\"", "a name in \"docker_group\"", &verify->docker_group,
				 &verify->docker_group_count) < 0)
		return -ENOMEM;
	return minimum ? parse_minimum(parse, minimum) : 0;
}

static int parse_root(struct config_parse *parse, const struct jsonc *root)
{
	const struct jsonc *docker = NULL, *flows = NULL, *state = NULL, *mode = NULL, *boundary = NULL;
	const struct jsonc *networks = NULL, *dns = NULL, *mark = NULL, *repair = NULL, *log = NULL;
	const struct jsonc *owner = NULL, *verify = NULL, *metrics = NULL;
	const struct jsonc_field fields[] = {
		{ "docker", &docker },	   { "flows", &flows },	      { "state", &state }, { "mode", &mode },
		{ "boundary", &boundary }, { "networks", &networks }, { "dns", &dns },	   { "mark", &mark },
		{ "repair", &repair },	   { "owner", &owner },	      { "log", &log },	   { "metrics", &metrics },
		{ "verify", &verify },
	};
	struct config *config = parse->config;

	if (!jsonc_check_object(&parse->check, root, "the configuration", fields, sizeof(fields) / sizeof(fields[0])))
		return 0;
	if (parse_text(parse, docker, "\"docker\"", &config->docker) < 0 ||
	    parse_place(parse, flows, "\"flows\"", &config->flows) < 0 ||
	    parse_place(parse, state, "\"state\"", &config->state) < 0 ||
	    parse_place(parse, metrics, "\"metrics\"", &config->metrics) < 0 || parse_networks(parse, networks) < 0 ||
	    parse_dns(parse, dns) < 0 || parse_verify(parse, verify) < 0)
		return -ENOMEM;
	flow_parse_mode(&parse->check, mode, &config->mode);
	flow_parse_boundary(&parse->check, boundary, &config->boundary);
	parse_mark(parse, mark);
	parse_boolean(parse, repair, "\"repair\"", &config->repair);
	parse_boolean(parse, owner, "\"owner\"", &config->owner);
	parse_log(parse, log);
	return 0;
}

int config_parse(const char *file, const char *text, size_t length, struct diagnostics *diagnostics,
		 struct config **ret_config)
{
	struct config_parse parse = { .check = { .file = file, .diagnostics = diagnostics } };
	cleanup_of(config) struct config *config = NULL;
	cleanup_of(jsonc) struct jsonc *root = NULL;
	size_t errors = diagnostics->errors;
	int r;

	r = jsonc_parse(file, text, length, diagnostics, &root);
	if (r < 0)
		return r;
	parse.config = config = config_new();
	if (!config || parse_root(&parse, root) < 0 || diagnostics->out_of_memory)
		return -ENOMEM;
	if (diagnostics->errors > errors)
		return -EINVAL;
	*ret_config = steal(config);
	return 0;
}
