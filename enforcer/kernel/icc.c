/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "icc.h"

#include <string.h>

static bool is_one_of(const char *text, const char *const words[6])
{
	for (size_t i = 0; i < 6; i++) {
		if (strcmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

enum icc icc_read(const struct network *network)
{
	static const char *const on[6] = { "1", "t", "T", "TRUE", "true", "True" };
	static const char *const off[6] = { "0", "f", "F", "FALSE", "false", "False" };

	if (!network->icc || is_one_of(network->icc, on))
		return ICC_ON;
	return is_one_of(network->icc, off) ? ICC_OFF : ICC_UNREADABLE;
}
