/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which sockets of the host were known to be its own when the service ended: the next run cannot tell, while a
 * container starts.  Beside the lock, in a directory that a reboot empties; the kernel's cookies end with it.
 */
#ifndef BULKHEAD_SOCKETS_FILE_H
#define BULKHEAD_SOCKETS_FILE_H

#include <stddef.h>
#include <stdint.h>

/* The array is the caller's; empty where there is no such file, or one that others can write.  0 or -ENOMEM. */
int sockets_file_read(uint64_t **ret_cookies, size_t *ret_count);

/* The bytes of such a file: a cookie a line, in hexadecimal digits; what is none is left out.  Pure.  0 or -ENOMEM. */
int sockets_file_parse(const char *text, size_t length, uint64_t **ret_cookies, size_t *ret_count);

/* 0 or negative errno. */
int sockets_file_write(const uint64_t *cookies, size_t count);

/* Removes the file; one that is not there is removed. */
void sockets_file_remove(void);

#endif
