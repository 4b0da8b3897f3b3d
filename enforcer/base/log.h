/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line per meaningful change, to stderr; with a priority in front where stderr is the journal. */
#ifndef BULKHEAD_LOG_H
#define BULKHEAD_LOG_H

#include "config.h"

void log_level(enum config_log level);
enum config_log log_current_level(void);

__attribute__((format(printf, 2, 3))) void log_write(enum config_log level, const char *fmt, ...);

#define log_error(...)	 log_write(CONFIG_LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(CONFIG_LOG_WARNING, __VA_ARGS__)
#define log_info(...)	 log_write(CONFIG_LOG_INFO, __VA_ARGS__)
#define log_debug(...)	 log_write(CONFIG_LOG_DEBUG, __VA_ARGS__)

#endif
