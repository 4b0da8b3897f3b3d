/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints that the engine has made and not given to their containers yet bear the containers' names. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ID_WEB "1111111111111111111111111111111111111111111111111111111111111111"
#define ID_DB  "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

static void rename_endpoint(struct network *network, const char *key, const char *name)
{
	struct endpoint *endpoint = world_endpoint(network, key);

	free(endpoint->name);
	endpoint->name = world_copy(name);
}

static void named(void **state)
{
	struct inventory *inventory = inventory_new();
	struct network *network = world_network("n1", "net", "br-1"),
		       *other = world_network("n2", "docker_gwbridge", "gw");

	(void)state;
	world_put(inventory, world_container(ID_WEB, "web", NULL));
	world_put(inventory, world_container(ID_DB, "db", NULL));
	world_join(network, "ep-1", "10.0.0.2", NULL);
	world_join(network, "ep-2", "10.0.0.3", NULL);
	world_join(network, "ep-3", "10.0.0.4", NULL);
	world_join(network, "lb-web", "10.0.0.5", NULL);
	rename_endpoint(network, "ep-1", "web");
	rename_endpoint(network, "ep-2", "db");
	rename_endpoint(network, "ep-3", "nobody");
	rename_endpoint(network, "lb-web", "web");
	assert_int_equal(inventory_name_newcomers(inventory, network), 0);
	assert_int_equal(network->endpoint_count, 4);
	assert_int_equal(network_endpoint(network, ID_WEB)->ipv4.bytes[3], 2);
	assert_int_equal(network_endpoint(network, ID_DB)->ipv4.bytes[3], 3);
	assert_non_null(network_endpoint(network, "ep-3"));
	assert_non_null(network_endpoint(network, "lb-web"));
	/* Who has one already gets no second one, and Swarm's own are nobody's. */
	world_join(network, "ep-4", "10.0.0.6", NULL);
	rename_endpoint(network, "ep-4", "web");
	world_join(other, "ep-5", "10.0.1.2", NULL);
	rename_endpoint(other, "ep-5", "gateway_1");
	world_put(inventory, world_container("2222222222222222222222222222222222222222222222222222222222222222",
					     "gateway_1", NULL));
	assert_int_equal(inventory_name_newcomers(inventory, network), 0);
	assert_int_equal(inventory_name_newcomers(inventory, other), 0);
	assert_non_null(network_endpoint(network, "ep-4"));
	assert_non_null(network_endpoint(other, "ep-5"));
	assert_true(endpoint_is_newcomer(network, network_endpoint(network, "ep-4")));
	assert_false(endpoint_is_newcomer(other, network_endpoint(other, "ep-5")));
	network_free(network);
	network_free(other);
	inventory_free(inventory);
}

/* Two of one name: nobody knows which is which. */
static void named_twice(void **state)
{
	struct inventory *inventory = inventory_new();
	struct network *network = world_network("n1", "net", "br-1");

	(void)state;
	world_put(inventory, world_container(ID_WEB, "web", NULL));
	world_join(network, "ep-1", "10.0.0.2", NULL);
	world_join(network, "ep-2", "10.0.0.3", NULL);
	rename_endpoint(network, "ep-1", "web");
	rename_endpoint(network, "ep-2", "web");
	assert_int_equal(inventory_name_newcomers(inventory, network), 0);
	assert_null(network_endpoint(network, ID_WEB));
	network_free(network);
	network = world_network("n1", "net", "br-1");
	world_join(network, "ep-1", "10.0.0.2", NULL);
	rename_endpoint(network, "ep-1", "web");
	world_put(inventory, world_container(ID_DB, "web", NULL));
	assert_int_equal(inventory_name_newcomers(inventory, network), 0);
	assert_non_null(network_endpoint(network, "ep-1"));
	network_free(network);
	inventory_free(inventory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named),
		cmocka_unit_test(named_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
