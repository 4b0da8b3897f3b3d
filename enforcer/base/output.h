/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standard output carries a command's answer: whoever gets only a part of it has to see that the command failed. */
#ifndef BULKHEAD_OUTPUT_H
#define BULKHEAD_OUTPUT_H

#include <stdbool.h>

/* To be called first of all.  Opens standard descriptors that are closed: else the next file, a socket to the kernel
 * for instance, would get the number and what is printed. */
void output_open(void);

/* To be called last of all.  Writes what is left, and closes the standard output.  False, and a message, if anything
 * that was printed since the start could not be written. */
bool output_close(const char *command);

#endif
