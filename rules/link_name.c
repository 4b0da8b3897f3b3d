/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link_name.h"

#include <string.h>

#define NAME_MAX_LENGTH 15 /* IFNAMSIZ - 1 */

bool link_name_valid(const char *name, size_t length)
{
	if (length == 0 || length > NAME_MAX_LENGTH ||
	    (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.'))))
		return false;
	for (size_t i = 0; i < length; i++) {
		/* 0xa0 is a space to the kernel. */
		if (!name[i] || strchr("/: \t\n\v\f\r\xa0", name[i]))
			return false;
	}
	return true;
}
