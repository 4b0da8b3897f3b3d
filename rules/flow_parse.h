/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of a flow file in, a struct flow_app out, or every problem with its place. */
#ifndef BULKHEAD_FLOW_PARSE_H
#define BULKHEAD_FLOW_PARSE_H

#include "diagnostics.h"
#include "flow.h"

/* The largest flow file that is read, in bytes. */
#define FLOW_FILE_MAX (1024 * 1024)

/* Parses one file.  On success returns 0 and *ret_app is the caller's.  On -EINVAL the errors are in diagnostics and
 * *ret_app is untouched; warnings may be there in both cases.  -ENOMEM. text needs no terminator. */
int flow_parse(const char *file, const char *text, size_t length, struct diagnostics *diagnostics,
	       struct flow_app **ret_app);

/* The name of the app that a file is of, though the file as a whole may be refused: malloc'd, or NULL where not even
 * that can be told.  0 or -ENOMEM. */
int flow_parse_app_name(const char *text, size_t length, char **ret_name);

/* What can only be seen with all files at hand: an app declared twice, a name of another app's service that is
 * probably misspelt.  A file that is named in an error is the later one by name.  bad[i] is set where apps[i] must be
 * refused.  Returns how many are refused. */
size_t flow_check_together(struct flow_app *const *apps, size_t count, struct diagnostics *diagnostics, bool *bad);

#endif
