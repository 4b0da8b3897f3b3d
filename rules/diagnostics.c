/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* Room for one more; the capacity is always the next power of two. */
static bool grow(struct diagnostics *diagnostics)
{
	struct diagnostic *grown;

	if ((diagnostics->count & (diagnostics->count - 1)) != 0)
		return true;
	grown = reallocarray(diagnostics->items, diagnostics->count ? diagnostics->count * 2 : 1, sizeof(*grown));
	if (!grown)
		return false;
	diagnostics->items = grown;
	return true;
}

void diagnostics_add(struct diagnostics *diagnostics, enum diagnostic_severity severity, const char *file,
		     unsigned line, unsigned column, const char *fmt, ...)
{
	cleanup_free char *text = NULL, *shown = NULL, *name = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (r < 0)
		text = NULL; /* undefined after a failure */
	shown = text ? utf8_printable(text, strlen(text)) : NULL;
	name = utf8_printable(file, strlen(file));
	if (!shown || !name || !grow(diagnostics)) {
		if (!diagnostics->out_of_memory)
			diagnostics->errors++;
		diagnostics->out_of_memory = true;
		return;
	}
	diagnostics->items[diagnostics->count++] = (struct diagnostic){
		.severity = severity,
		.file = steal(name),
		.line = line,
		.column = column,
		.text = steal(shown),
	};
	if (severity == DIAGNOSTIC_ERROR)
		diagnostics->errors++;
}

/* An item with its old place, which makes any sort stable. */
struct placed {
	struct diagnostic item;
	size_t place;
};

static int compare_placed(const void *a_pointer, const void *b_pointer)
{
	const struct placed *a = a_pointer, *b = b_pointer;
	int order = strcmp(a->item.file, b->item.file);

	if (order != 0)
		return order;
	if (a->item.line != b->item.line)
		return a->item.line < b->item.line ? -1 : 1;
	if (a->item.column != b->item.column)
		return a->item.column < b->item.column ? -1 : 1;
	return a->place < b->place ? -1 : 1;
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
	cleanup_free struct placed *placed = NULL;

	if (diagnostics->count < 2)
		return;
	placed = reallocarray(NULL, diagnostics->count, sizeof(*placed));
	if (!placed)
		return; /* the order is a courtesy: nothing is lost without it */
	for (size_t i = 0; i < diagnostics->count; i++)
		placed[i] = (struct placed){ .item = diagnostics->items[i], .place = i };
	qsort(placed, diagnostics->count, sizeof(*placed), compare_placed);
	for (size_t i = 0; i < diagnostics->count; i++)
		diagnostics->items[i] = placed[i].item;
}

void diagnostics_clear(struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		free(diagnostics->items[i].file);
		free(diagnostics->items[i].text);
	}
	free(diagnostics->items);
	*diagnostics = (struct diagnostics){ 0 };
}

/* What is suggested is a name or a key, and those are shorter. */
#define SUGGEST_MAX 128

/* Not tolower(): that follows the locale. */
static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, replacements and swaps of neighbours.  Upper and lower case are no
 * difference: "TCP" is as near to "tcp" as can be.  Both lengths are at most SUGGEST_MAX and differ by no more than
 * `allowed`; what is further away than that comes out as anything above it, because a file may have thousands of names
 * to compare: cells that are too far from the diagonal are never looked at, and hopeless pairs are given up early. */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length, unsigned allowed)
{
	unsigned rows[3][SUGGEST_MAX + 2];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_length; j++)
		above[j] = before[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t first = i > allowed ? i - allowed : 1, last = i + allowed < b_length ? i + allowed : b_length;
		unsigned *recycled = before, nearest;

		row[first - 1] = first == 1 ? (unsigned)i : allowed + 1;
		nearest = least(row[first - 1], above[first - 1]);
		for (size_t j = first; j <= last; j++) {
			unsigned same = fold(a[i - 1]) == fold(b[j - 1]) ? 0 : 1;

			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + same);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
			nearest = least(nearest, least(row[j], above[j]));
		}
		row[last + 1] = allowed + 1; /* the next row's band reaches one further */
		if (nearest > allowed)
			return nearest;
		before = above;
		above = row;
		row = recycled;
	}
	return above[b_length];
}

const char *diagnostics_suggest(const char *word, const char *const *candidates, size_t count)
{
	size_t length = strlen(word);
	unsigned allowed = length <= 4 ? 1 : 2, best = allowed + 1;
	const char *nearest = NULL;

	if (length > SUGGEST_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t candidate = strlen(candidates[i]);
		unsigned edits;

		if (candidate > SUGGEST_MAX || candidate > length + allowed || length > candidate + allowed)
			continue;
		edits = distance(word, length, candidates[i], candidate, allowed);
		/* "a" is one edit from "b", and nothing like it. */
		if (edits < best && edits < (candidate > length ? candidate : length)) {
			best = edits;
			nearest = candidates[i];
		}
	}
	return nearest;
}
