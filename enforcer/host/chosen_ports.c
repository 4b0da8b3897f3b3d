/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chosen_ports.h"

#include <stdio.h>

#define RANGE_FILE "/proc/sys/net/ipv4/ip_local_port_range"

bool chosen_ports_parse(const char *text, uint16_t *ret_first, uint16_t *ret_last)
{
	unsigned first, last;

	if (sscanf(text, "%9u %9u", &first, &last) != 2 || !first || first > last || last > UINT16_MAX)
		return false;
	*ret_first = (uint16_t)first;
	*ret_last = (uint16_t)last;
	return true;
}

void chosen_ports_read(uint16_t *ret_first, uint16_t *ret_last)
{
	FILE *file = fopen(RANGE_FILE, "re");
	char text[64] = "";

	*ret_first = *ret_last = 0;
	if (!file)
		return;
	if (fgets(text, sizeof(text), file))
		(void)chosen_ports_parse(text, ret_first, ret_last);
	fclose(file);
}
