/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

/* What did not fit was cut at any byte. */
static void finish(struct error *err)
{
	size_t length = strlen(err->text);

	if (length == sizeof(err->text) - 1)
		err->text[utf8_cut(err->text, length)] = '\0';
}

int error_set(struct error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	finish(err);
	return code;
}

int error_context(struct error *err, int code, const char *fmt, ...)
{
	char before[sizeof(err->text)];
	size_t length;
	va_list ap;

	if (!err)
		return code;
	memcpy(before, err->text, sizeof(before));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	length = strlen(err->text);
	snprintf(err->text + length, sizeof(err->text) - length, ": %s", before);
	finish(err);
	return code;
}

int error_oom(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}
