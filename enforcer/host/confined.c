/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confined.h"

#include <errno.h>
#include <stdbool.h>

static bool to_places;

void confined_to_places(void)
{
	to_places = true;
}

const char *confined_hint(int error)
{
	if (!to_places || (error != EACCES && error != -EACCES))
		return "";
	return ": the service reads only below the places that it knew when it started: restart it";
}
