/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json_out.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>

int json_out_print(struct cJSON *document, bool complete)
{
	char *text = document && complete ? cJSON_Print(document) : NULL;

	cJSON_Delete(document);
	if (!text)
		return -ENOMEM;
	/* output_close finds out at the end whether everything was written. */
	puts(text);
	cJSON_free(text);
	return 0;
}
