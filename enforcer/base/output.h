/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standard output, which a command's answer is on: whoever did not get all of it must not take it for an answer. */
#ifndef BULKHEAD_OUTPUT_H
#define BULKHEAD_OUTPUT_H

#include <stdbool.h>

/* First of all: where one of the standard descriptors is closed, the next file would take its place, a socket to the
 * kernel for instance, and get what is printed. */
void output_open(void);

/* Last of all: writes what is left, and closes the standard output.  False, and a message, if anything that was printed
 * since the start could not be written. */
bool output_close(const char *command);

#endif
