/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "columns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct columns {
	size_t count, rows;
	bool *right;
	size_t *widths;
	char **cells; /* rows * count; the first row has the headings */
};

struct columns *columns_new(const char *const *headings, size_t count)
{
	cleanup_of(columns) struct columns *columns = calloc(1, sizeof(*columns));
	const char **plain;
	int r;

	if (!columns)
		return NULL;
	columns->count = count;
	columns->right = calloc(count, sizeof(*columns->right));
	columns->widths = calloc(count, sizeof(*columns->widths));
	plain = calloc(count, sizeof(*plain));
	if (!columns->right || !columns->widths || !plain) {
		free(plain);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		columns->right[i] = headings[i][0] == '>';
		plain[i] = headings[i] + columns->right[i];
	}
	r = columns_row(columns, plain);
	free(plain);
	return r < 0 ? NULL : steal(columns);
}

void columns_free(struct columns *columns)
{
	if (!columns)
		return;
	for (size_t i = 0; columns->cells && i < columns->rows * columns->count; i++)
		free(columns->cells[i]);
	free(columns->cells);
	free(columns->right);
	free(columns->widths);
	free(columns);
}

int columns_row(struct columns *columns, const char *const *cells)
{
	char **grown = realloc(columns->cells, (columns->rows + 1) * columns->count * sizeof(char *));
	char **row;

	if (!grown)
		return -ENOMEM;
	columns->cells = grown;
	row = grown + columns->rows * columns->count;
	for (size_t i = 0; i < columns->count; i++) {
		row[i] = strdup(cells[i]);
		if (!row[i]) {
			while (i--)
				free(row[i]);
			return -ENOMEM;
		}
	}
	for (size_t i = 0; i < columns->count; i++) {
		size_t width = strlen(cells[i]);

		if (width > columns->widths[i])
			columns->widths[i] = width;
	}
	columns->rows++;
	return 0;
}

size_t columns_width(const struct columns *columns)
{
	size_t width = 0;

	for (size_t i = 0; i < columns->count; i++)
		width += columns->widths[i] + (i ? 2 : 0);
	return width;
}

void columns_print(const struct columns *columns, FILE *out)
{
	for (size_t row = 0; row < columns->rows; row++) {
		for (size_t i = 0; i < columns->count; i++) {
			const char *cell = columns->cells[row * columns->count + i];
			int width = (int)columns->widths[i];
			bool last = i + 1 == columns->count;

			if (columns->right[i])
				fprintf(out, "%*s", width, cell);
			else
				fprintf(out, "%-*s", last ? 0 : width, cell);
			fputs(last ? "\n" : "  ", out);
		}
	}
}

size_t columns_terminal_width(FILE *out)
{
	const char *headings = getenv("COLUMNS");
	struct winsize size;

	if (headings && strtoul(headings, NULL, 10) > 0)
		return strtoul(headings, NULL, 10);
	if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 0;
}

const char *columns_amount(unsigned long long amount, char text[16])
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
