/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static enum config_log threshold = CONFIG_LOG_INFO;

void log_level(enum config_log level)
{
	threshold = level;
}

enum config_log log_current_level(void)
{
	return threshold;
}

/* Text from labels, files or the engine must not move a terminal's cursor, or start a new line in the journal. */
static void make_printable(char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < 0x20 || byte == 0x7f)
			*text = '?';
	}
}

void log_write(enum config_log level, const char *fmt, ...)
{
	/* sd-daemon(3): priorities as syslog(3) numbers them. */
	static const char *const priorities[] = { "<3>", "<4>", "<6>", "<7>" };
	static const char *const words[] = { "error: ", "warning: ", "", "" };
	char text[2048];
	va_list ap;

	if (level > threshold)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_printable(text);
	fprintf(stderr, "%s%s%s\n", getenv("JOURNAL_STREAM") ? priorities[level] : "bulkhead: ", words[level], text);
}
