/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "columns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct table {
	size_t columns, rows;
	bool *right;
	size_t *widths;
	char **cells; /* rows * columns; the first row is the headings */
};

struct table *table_new(const char *const *columns, size_t count)
{
	cleanup_of(table) struct table *table = calloc(1, sizeof(*table));
	const char **headings;
	int r;

	if (!table)
		return NULL;
	table->columns = count;
	table->right = calloc(count, sizeof(*table->right));
	table->widths = calloc(count, sizeof(*table->widths));
	headings = calloc(count, sizeof(*headings));
	if (!table->right || !table->widths || !headings) {
		free(headings);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		table->right[i] = columns[i][0] == '>';
		headings[i] = columns[i] + table->right[i];
	}
	r = table_row(table, headings);
	free(headings);
	return r < 0 ? NULL : steal(table);
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; table->cells && i < table->rows * table->columns; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table->right);
	free(table->widths);
	free(table);
}

int table_row(struct table *table, const char *const *cells)
{
	char **grown = realloc(table->cells, (table->rows + 1) * table->columns * sizeof(char *));
	char **row;

	if (!grown)
		return -ENOMEM;
	table->cells = grown;
	row = grown + table->rows * table->columns;
	for (size_t i = 0; i < table->columns; i++) {
		row[i] = strdup(cells[i]);
		if (!row[i]) {
			while (i--)
				free(row[i]);
			return -ENOMEM;
		}
	}
	for (size_t i = 0; i < table->columns; i++) {
		size_t width = strlen(cells[i]);

		if (width > table->widths[i])
			table->widths[i] = width;
	}
	table->rows++;
	return 0;
}

size_t table_width(const struct table *table)
{
	size_t width = 0;

	for (size_t i = 0; i < table->columns; i++)
		width += table->widths[i] + (i ? 2 : 0);
	return width;
}

void table_print(const struct table *table, FILE *out)
{
	for (size_t row = 0; row < table->rows; row++) {
		for (size_t i = 0; i < table->columns; i++) {
			const char *cell = table->cells[row * table->columns + i];
			int width = (int)table->widths[i];
			bool last = i + 1 == table->columns;

			if (table->right[i])
				fprintf(out, "%*s", width, cell);
			else
				fprintf(out, "%-*s", last ? 0 : width, cell);
			fputs(last ? "\n" : "  ", out);
		}
	}
}

size_t table_terminal_width(FILE *out)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (columns && strtoul(columns, NULL, 10) > 0)
		return strtoul(columns, NULL, 10);
	if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 0;
}

const char *table_amount(unsigned long long amount, char text[16])
{
	static const char units[] = " KMGTPE";
	double value = (double)amount;
	size_t unit = 0;

	while (value >= 999.5 && unit + 2 < sizeof(units)) {
		value /= 1000;
		unit++;
	}
	if (unit == 0)
		snprintf(text, 16, "%llu", amount);
	else
		snprintf(text, 16, value < 9.95 ? "%.1f%c" : "%.0f%c", value, units[unit]);
	return text;
}
