/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy_sets.h"

#include <string.h>

#include "address.h"

#define FORMERLY(old_name) .formerly = old_name
#define ROW(enumerator, of_topic, text, of_family, of_table, of_shape, of_element, of_says, of_about, ...)             \
	[enumerator] = { .set = (enumerator),                                                                          \
			 .topic = POLICY_TOPIC_##of_topic,                                                             \
			 .topic_name = #of_topic,                                                                      \
			 .name = text,                                                                                 \
			 .family = (of_family),                                                                        \
			 .table = POLICY_TABLE_##of_table,                                                             \
			 .shape = POLICY_SHAPE_##of_shape,                                                             \
			 .element = POLICY_ELEMENT_##of_element,                                                       \
			 .says = POLICY_SAYS_##of_says,                                                                \
			 .about = of_about,                                                                            \
			 __VA_ARGS__ },
#define ONE(topic, text, ...) ROW(POLICY_##topic, topic, text, 0, __VA_ARGS__)
#define TWINS(topic, text, ...)                                                                                        \
	ROW(POLICY_##topic##4, topic, text "4", ADDRESS_IPV4, __VA_ARGS__)                                             \
	ROW(POLICY_##topic##6, topic, text "6", ADDRESS_IPV6, __VA_ARGS__)

static const struct policy_set_row rows[POLICY_SET_COUNT] = { POLICY_SETS(ONE, TWINS) };

#undef ONE
#undef TWINS
#define ONE(topic, ...)	  [POLICY_TOPIC_##topic] = { POLICY_##topic, POLICY_##topic },
#define TWINS(topic, ...) [POLICY_TOPIC_##topic] = { POLICY_##topic##4, POLICY_##topic##6 },

static const enum policy_set by_family[][2] = { POLICY_SETS(ONE, TWINS) };

const struct policy_set_row *policy_set_row(enum policy_set set)
{
	return &rows[set];
}

const struct policy_set_row *policy_set_named(enum policy_table table, const char *name)
{
	for (size_t i = 0; i < POLICY_SET_COUNT; i++) {
		if (rows[i].table == table && strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	return NULL;
}

const struct policy_set_row *policy_set_by_topic(const char *topic_name, uint8_t family)
{
	for (size_t i = 0; i < POLICY_SET_COUNT; i++) {
		if (strcmp(rows[i].topic_name, topic_name) == 0)
			return &rows[policy_set_of(rows[i].topic, family)];
	}
	return NULL;
}

enum policy_set policy_set_of(enum policy_topic topic, uint8_t family)
{
	return by_family[topic][family == ADDRESS_IPV6];
}

bool policy_shape_is_interval(enum policy_shape shape)
{
	return shape == POLICY_SHAPE_PUBLISHED || shape == POLICY_SHAPE_RANGE || shape == POLICY_SHAPE_BOUNDARY;
}

const char *policy_set_name(enum policy_set set)
{
	return rows[set].name;
}

uint8_t policy_set_family(enum policy_set set)
{
	return rows[set].family;
}

enum policy_shape policy_set_shape(enum policy_set set)
{
	return rows[set].shape;
}

bool policy_set_is_kernels(enum policy_set set)
{
	return rows[set].element == POLICY_ELEMENT_REMEMBERED || rows[set].element == POLICY_ELEMENT_LIMITED;
}

bool policy_set_is(enum policy_set set, enum policy_topic topic)
{
	return rows[set].topic == topic;
}

bool policy_set_is_flow(enum policy_set set)
{
	return rows[set].says == POLICY_SAYS_FLOW;
}
