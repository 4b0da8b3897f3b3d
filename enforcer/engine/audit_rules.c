/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "audit_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct word {
	const char *text;
	size_t length;
};

#define BLANK " \t\r\n"

/* The next word of a line, which ends in a newline or a NUL. */
static bool next_word(const char **line, struct word *ret_word)
{
	*line += strspn(*line, " \t\r");
	ret_word->text = *line;
	ret_word->length = strcspn(*line, BLANK);
	*line += ret_word->length;
	return ret_word->length > 0;
}

static bool is(const struct word *word, const char *text)
{
	return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

/* What follows the prefix; false where the word has another one. */
static bool after(const struct word *word, const char *prefix, struct word *ret_rest)
{
	size_t length = strlen(prefix);

	if (word->length <= length || memcmp(word->text, prefix, length) != 0)
		return false;
	*ret_rest = (struct word){ word->text + length, word->length - length };
	return true;
}

/* "always,exit" and "exit,always" are the same. */
static bool has_part(const struct word *word, const char *part)
{
	const char *at = word->text, *end = word->text + word->length;

	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		struct word one = { at, (size_t)((comma ? comma : end) - at) };

		if (is(&one, part))
			return true;
		at = comma ? comma + 1 : end;
	}
	return false;
}

static void remove_rule(struct audit_rules *rules, size_t index)
{
	free(rules->items[index].path);
	memmove(&rules->items[index], &rules->items[index + 1], (rules->count - index - 1) * sizeof(*rules->items));
	rules->count--;
}

static size_t length_without_slash(const struct word *path)
{
	size_t length = path->length;

	while (length > 1 && path->text[length - 1] == '/')
		length--;
	return length;
}

/* first: -A puts a rule before the others. */
static int add(struct audit_rules *rules, const struct word *path, bool recursive, bool never, bool first)
{
	struct audit_rule *grown;
	char *copy;

	if (!path->length || path->text[0] != '/')
		return 0;
	copy = strndup(path->text, length_without_slash(path));
	grown = copy ? reallocarray(rules->items, rules->count + 1, sizeof(*grown)) : NULL;
	if (!grown) {
		free(copy);
		return -ENOMEM;
	}
	rules->items = grown;
	if (first)
		memmove(grown + 1, grown, rules->count * sizeof(*grown));
	grown[first ? 0 : rules->count] = (struct audit_rule){ copy, recursive, never };
	rules->count++;
	return 0;
}

static void take_back(struct audit_rules *rules, const struct word *path)
{
	struct word plain = { path->text, length_without_slash(path) };

	for (size_t i = rules->count; i-- > 0;) {
		if (is(&plain, rules->items[i].path))
			remove_rule(rules, i);
	}
}

/* Writing and changing of attributes, of the letters of -p and perm=. */
static bool has_changes(const struct word *letters)
{
	return memchr(letters->text, 'w', letters->length) && memchr(letters->text, 'a', letters->length);
}

struct filter {
	struct word path;
	bool recursive, narrowed;
};

static void parse_field(const struct word *field, struct filter *filter)
{
	struct word rest;

	if (after(field, "path=", &rest)) {
		filter->path = rest;
	} else if (after(field, "dir=", &rest)) {
		filter->path = rest;
		filter->recursive = true;
	} else if (after(field, "perm=", &rest)) {
		filter->narrowed |= !has_changes(&rest);
	} else if (!after(field, "arch=b64", &rest) && !is(field, "arch=b64") && !after(field, "key=", &rest)) {
		filter->narrowed = true;
	}
}

static void parse_fields(const char *line, struct filter *ret_filter)
{
	struct filter filter = { 0 };
	struct word word;

	while (next_word(&line, &word)) {
		bool field = is(&word, "-F"), call = is(&word, "-S") || is(&word, "-C");

		if ((!field && !call) || !next_word(&line, &word))
			continue;
		if (field)
			parse_field(&word, &filter);
		else
			filter.narrowed |= !is(&word, "all");
	}
	*ret_filter = filter;
}

/* The rest of a line that began with -a or -A. */
static int parse_filter(struct audit_rules *rules, const char *line, bool first)
{
	static const struct word everything = { "/", 1 };
	struct filter filter;
	struct word action;
	bool never;

	if (!next_word(&line, &action))
		return 0;
	never = has_part(&action, "never");
	parse_fields(line, &filter);
	if (filter.narrowed || (!never && !has_part(&action, "always")))
		return 0;
	/* A process of which no system call is looked at has none that touches a file. */
	if (never && (has_part(&action, "task") || (has_part(&action, "exit") && !filter.path.length)))
		return add(rules, &everything, true, true, has_part(&action, "task") || first);
	return has_part(&action, "exit") ? add(rules, &filter.path, filter.recursive, never, first) : 0;
}

/* -d with what a rule was added with; its path is enough to tell. */
static void parse_deletion(struct audit_rules *rules, const char *line)
{
	struct filter filter;

	parse_fields(line, &filter);
	if (filter.path.length)
		take_back(rules, &filter.path);
}

/* The rest of a line that began with -w. */
static int parse_watch(struct audit_rules *rules, const char *line)
{
	bool changes = true;
	struct word path, word;

	if (!next_word(&line, &path))
		return 0;
	while (next_word(&line, &word)) {
		if (is(&word, "-p") && next_word(&line, &word))
			changes = has_changes(&word);
	}
	return changes ? add(rules, &path, true, false, false) : 0;
}

static int parse_line(struct audit_rules *rules, const char *line, bool part)
{
	struct word word;

	if (!next_word(&line, &word))
		return 0;
	if (is(&word, "-a") || is(&word, "-A"))
		return parse_filter(rules, line, is(&word, "-A"));
	if (is(&word, "-D")) {
		if (!part)
			audit_rules_clear(rules);
		return 0;
	}
	if (is(&word, "-w"))
		return parse_watch(rules, line);
	if (is(&word, "-d"))
		parse_deletion(rules, line);
	else if (is(&word, "-W") && next_word(&line, &word))
		take_back(rules, &word);
	else if (is(&word, "-e") && next_word(&line, &word))
		rules->off = is(&word, "0");
	return 0;
}

int audit_rules_parse(const char *text, bool part, struct audit_rules *rules)
{
	while (*text) {
		/* A comment is a line of its own, and its first word begins with a #: no rule's does. */
		if (parse_line(rules, text, part) < 0)
			return -ENOMEM;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return 0;
}

static bool covers(const struct audit_rule *rule, const char *path)
{
	size_t length = strlen(rule->path);

	if (strcmp(rule->path, path) == 0)
		return true;
	if (!rule->recursive)
		return false;
	return length == 1 || (strncmp(rule->path, path, length) == 0 && path[length] == '/');
}

bool audit_rules_cover(const struct audit_rules *rules, const char *path)
{
	for (size_t i = 0; !rules->off && i < rules->count; i++) {
		if (covers(&rules->items[i], path))
			return !rules->items[i].never;
	}
	return false;
}

void audit_rules_clear(struct audit_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		free(rules->items[i].path);
	free(rules->items);
	*rules = (struct audit_rules){ 0 };
}
