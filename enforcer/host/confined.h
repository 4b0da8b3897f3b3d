/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether this process may open only the places that it named when it was confined.  Readers of files ask, for their
 * messages; what confines tells. */
#ifndef BULKHEAD_CONFINED_H
#define BULKHEAD_CONFINED_H

/* From now on the process opens only the places that it has named. */
void confined_to_places(void);

/* For messages about a file that could not be opened; error is errno's number, of either sign: "" or a sentence that
 * begins with ": ". */
const char *confined_hint(int error);

#endif
