/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compile_scene.h"

int scene_set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world)
		return -1;
	world->defaults.mode = FLOW_MODE_ENFORCE;
	world->inventory = inventory_new();
	*state = world;
	return world->inventory ? 0 : -1;
}

int scene_tear_down(void **state)
{
	world_clear(*state);
	free(*state);
	return 0;
}

struct network *shop_network(void)
{
	struct network *network = world_network("n1", "shop_default", "br-shop");

	world_join(network, "web", "10.0.0.2", "fd00::2");
	world_join(network, "db", "10.0.0.3", "fd00::3");
	world_join(network, "other", "10.0.0.4", "fd00::4");
	return network;
}

void shop(struct world *world)
{
	world_put_network(world->inventory, shop_network());
	world_put(world->inventory, world_compose("web", "shop-web-1", "shop", "web"));
	world_put(world->inventory, world_compose("db", "shop-db-1", "shop", "db"));
	world_put(world->inventory, world_compose("other", "mon-probe-1", "mon", "probe"));
}

void compile(struct world *world, const char *const *files)
{
	flow_set_free(world->flows);
	world->flows = world_flows(files);
	world_compile(world);
}

void assert_set(const struct world *world, enum policy_set set, const char *expected)
{
	char text[8192] = "", key[POLICY_KEY_TEXT_SIZE];
	size_t begin, end, length = 0;

	policy_range(world->policy, set, &begin, &end);
	for (size_t i = begin; i < end; i++) {
		const struct policy_record *record = policy_at(world->policy, i);

		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s: %s\n",
					   policy_key_format(record, key), record->comment);
		assert_true(length < sizeof(text));
	}
	assert_string_equal(text, expected);
}
