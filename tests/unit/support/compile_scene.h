/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A shop with a few containers, compiled: what tests of single rules have in common. */
#ifndef BULKHEAD_TESTS_COMPILE_SCENE_H
#define BULKHEAD_TESTS_COMPILE_SCENE_H

#include "world.h"

int scene_set_up(void **state);
int scene_tear_down(void **state);

/* Web at .2, db at .3, another project's container at .4; on one network, of both families. */
struct network *shop_network(void);
void shop(struct world *world);
void compile(struct world *world, const char *const *files);

#define compile_files(world, ...) compile((world), (const char *const[]){ __VA_ARGS__, NULL })
/* An app "shop" with those flows. */
#define compile_flows(world, flows) compile_files((world), "{ \"app\": \"shop\", \"flows\": [" flows "] }")

/* The records of one set, "key \"comment\"" a line, in their order. */
void assert_set(const struct world *world, enum policy_set set, const char *expected);

#define scene_test(function) cmocka_unit_test_setup_teardown(function, scene_set_up, scene_tear_down)

#endif
