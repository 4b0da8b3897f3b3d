/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "texts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "utf8.h"

/* Takes the text, also on failure. */
static int append(struct texts *texts, char *text)
{
	char **grown = text ? reallocarray(texts->items, texts->count + 1, sizeof(*grown)) : NULL;

	if (!grown) {
		free(text);
		return -ENOMEM;
	}
	texts->items = grown;
	texts->items[texts->count++] = text;
	return 0;
}

int texts_add(struct texts *texts, const char *text, size_t length)
{
	return append(texts, strndup(text, length));
}

int texts_addf(struct texts *texts, const char *fmt, ...)
{
	char *text = NULL;
	va_list arguments;
	int r;

	va_start(arguments, fmt);
	r = vasprintf(&text, fmt, arguments);
	va_end(arguments);
	return append(texts, r < 0 ? NULL : text);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void texts_sort(struct texts *texts)
{
	size_t kept = 0;

	if (texts->count)
		qsort(texts->items, texts->count, sizeof(*texts->items), compare);
	for (size_t i = 0; i < texts->count; i++) {
		if (kept && strcmp(texts->items[kept - 1], texts->items[i]) == 0)
			free(texts->items[i]);
		else
			texts->items[kept++] = texts->items[i];
	}
	texts->count = kept;
}

bool texts_have(const struct texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (strcmp(texts->items[i], text) == 0)
			return true;
	}
	return false;
}

char *texts_join(const struct texts *texts, const char *separator)
{
	size_t size = 1, used = 0;
	char *joined;

	for (size_t i = 0; i < texts->count; i++)
		size += strlen(texts->items[i]) + strlen(separator);
	joined = malloc(size);
	if (!joined)
		return NULL;
	joined[0] = '\0';
	for (size_t i = 0; i < texts->count; i++)
		used += (size_t)snprintf(joined + used, size - used, "%s%s", i ? separator : "", texts->items[i]);
	return joined;
}

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=,-";

	return word[0] && word[0] != '=' && !word[strspn(word, plain)];
}

bool texts_printable_line(const char *text)
{
	size_t length = strlen(text), taken;
	uint32_t point;

	for (; length; text += taken, length -= taken) {
		taken = utf8_decode(text, length, &point);
		if (!taken || utf8_is_control(point))
			return false;
	}
	return true;
}

char *texts_shell(const char *word)
{
	bool printable = texts_printable_line(word);
	/* Each byte takes four at most, as '\'' and \x1b do. */
	char *quoted = is_plain(word) ? NULL : malloc(strlen(word) * 4 + 4), *end = quoted;

	if (is_plain(word))
		return strdup(word);
	if (!quoted)
		return NULL;
	end = stpcpy(end, printable ? "'" : "$'");
	for (; *word; word++) {
		unsigned char byte = (unsigned char)*word;

		if (printable && byte == '\'')
			end = stpcpy(end, "'\\''");
		else if (!printable && (byte < 0x20 || byte > 0x7e || byte == '\\' || byte == '\''))
			end += sprintf(end, "\\x%02x", byte);
		else
			*end++ = (char)byte;
	}
	strcpy(end, "'");
	return quoted;
}

const char *texts_time(int64_t seconds, char text[TEXTS_TIME_SIZE])
{
	time_t when = (time_t)seconds;
	struct tm parts;

	if (!seconds)
		return strcpy(text, "never");
	if (!localtime_r(&when, &parts) || !strftime(text, TEXTS_TIME_SIZE, "%Y-%m-%d %H:%M:%S %Z", &parts))
		strcpy(text, "?");
	return text;
}

void texts_clear(struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
	*texts = (struct texts){ 0 };
}
