/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t utf8_decode(const char *text, size_t length, uint32_t *ret_point)
{
	/* The smallest code point that needs so many bytes: anything below is an overlong form. */
	static const uint32_t smallest[UTF8_MAX + 1] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	size_t count;
	uint32_t point;

	if (length == 0)
		return 0;
	if (bytes[0] < 0x80) {
		*ret_point = bytes[0];
		return 1;
	}
	if (bytes[0] >= 0xf8 || bytes[0] < 0xc0)
		return 0;
	count = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
	if (count > length)
		return 0;
	point = bytes[0] & (0x7fu >> count);
	for (size_t i = 1; i < count; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (bytes[i] & 0x3fu);
	}
	if (point < smallest[count] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return count;
}

size_t utf8_encode(uint32_t point, char text[UTF8_MAX])
{
	if (point < 0x80) {
		text[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		text[0] = (char)(0xc0 | point >> 6);
		text[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		text[0] = (char)(0xe0 | point >> 12);
		text[1] = (char)(0x80 | (point >> 6 & 0x3f));
		text[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	text[0] = (char)(0xf0 | point >> 18);
	text[1] = (char)(0x80 | (point >> 12 & 0x3f));
	text[2] = (char)(0x80 | (point >> 6 & 0x3f));
	text[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

bool utf8_is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

size_t utf8_cut(const char *text, size_t room)
{
	size_t length = strnlen(text, room);

	/* The last byte that begins something, and whether all of that is there. */
	for (size_t back = 1; back <= UTF8_MAX && back <= length; back++) {
		unsigned char byte = (unsigned char)text[length - back];
		size_t count = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;

		if ((byte & 0xc0) != 0x80)
			return count > back ? length - back : length;
	}
	return length;
}

/* Control characters break terminals, logs and "one problem a line"; the bidirectional ones and the line separators
 * make a reader see another text than the one that is there. */
static bool is_printable(uint32_t point)
{
	if (utf8_is_control(point))
		return false;
	return !(point >= 0x2028 && point <= 0x202e) && !(point >= 0x2066 && point <= 0x2069) && point != 0x200e &&
	       point != 0x200f && point != 0x061c && point != 0xfeff;
}

char *utf8_printable(const char *text, size_t length)
{
	size_t left = length < UTF8_PRINTABLE_MAX ? length : UTF8_PRINTABLE_MAX;
	char *copy = malloc(left * 4 + sizeof(" ..."));
	char *out = copy;

	if (!copy)
		return NULL;
	while (left > 0) {
		uint32_t point = 0;
		size_t count = utf8_decode(text, left, &point);

		if (count > 0 && is_printable(point)) {
			memcpy(out, text, count);
			out += count;
		} else {
			count = count > 0 ? count : 1;
			for (size_t i = 0; i < count; i++)
				out += sprintf(out, "\\x%02x", (unsigned char)text[i]);
		}
		text += count;
		left -= count;
	}
	strcpy(out, length > UTF8_PRINTABLE_MAX ? " ..." : "");
	return copy;
}
