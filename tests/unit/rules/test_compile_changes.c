/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One event compiles only what it touched: before, and after.  What the kernel held, less what went and with what came,
 * must be exactly what a look at everything would put there, or somebody keeps a door that nobody declared.
 * The steps are those of reconcile_container and reconcile_network.  SEED=n and WORLDS=n as in test_compile_random.
 */
#include "world.h"

struct run {
	struct world world; /* its policy is what the kernel holds */
	struct chance chance;
	uint64_t seed;
	const char *step;
	size_t narrow, whole, committed; /* steps that took a scope, that took everything; changes of the narrow ones */
};

static bool is_in(const struct policy_record *record, const struct policy_record **list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (policy_record_compare(list[i], record) == 0)
			return true;
	}
	return false;
}

static void print_difference(const struct policy *have, const struct policy *want)
{
	char key[POLICY_KEY_TEXT_SIZE];
	struct policy_diff diff;

	assert_int_equal(policy_diff(have, want, &diff), 0);
	for (size_t i = 0; i < diff.remove_count; i++)
		print_error("left over: %s %s \"%s\"\n", policy_set_name(diff.remove[i]->set),
			    policy_key_format(diff.remove[i], key), diff.remove[i]->comment);
	for (size_t i = 0; i < diff.add_count; i++)
		print_error("missing:   %s %s \"%s\"\n", policy_set_name(diff.add[i]->set),
			    policy_key_format(diff.add[i], key), diff.add[i]->comment);
	policy_diff_clear(&diff);
}

#define complain(run, ...)                                                                                             \
	do {                                                                                                           \
		print_error("%s: ", (run)->step);                                                                      \
		print_error(__VA_ARGS__);                                                                              \
		fail_msg("again with SEED=%llu WORLDS=1", (unsigned long long)(run)->seed);                            \
	} while (0)

/* As the kernel takes a transaction: what goes must be there, what comes must not be there (any more). */
static struct policy *commit(struct run *run, const struct policy_diff *diff)
{
	struct policy *held = run->world.policy, *result = policy_new();
	size_t kept = 0;

	assert_non_null(result);
	for (size_t i = 0; i < diff->remove_count; i++) {
		const struct policy_record *found = policy_find(held, diff->remove[i]);

		if (!found || strcmp(found->comment, diff->remove[i]->comment) != 0)
			complain(run, "removes what is not there: %s\n", diff->remove[i]->comment);
	}
	for (size_t i = 0; i < policy_count(held); i++) {
		if (is_in(policy_at(held, i), diff->remove, diff->remove_count))
			continue;
		assert_int_equal(policy_add(result, policy_at(held, i)), 0);
		kept++;
	}
	for (size_t i = 0; i < diff->add_count; i++)
		assert_int_equal(policy_add(result, diff->add[i]), 0);
	policy_finish(result);
	if (policy_count(result) != kept + diff->add_count)
		complain(run, "adds what is there already\n");
	run->committed += diff->remove_count + diff->add_count;
	return result;
}

static struct policy *compile_everything(struct run *run)
{
	struct policy *policy = NULL;
	struct error err;

	assert_int_equal(compile_all(run->world.binding, run->world.inventory, NULL, &policy, &err), 0);
	return policy;
}

static struct policy *compile_places(struct run *run, const struct inventory_scope *scope)
{
	struct policy *policy = NULL;
	struct error err;

	assert_int_equal(compile_scope(run->world.binding, run->world.inventory, scope, &policy, &err), 0);
	return policy;
}

/* From what the scope held before to what it holds now. */
static void follow(struct run *run, const struct inventory_scope *scope, const struct policy *before)
{
	struct policy *want = compile_everything(run);

	if (scope->all) {
		policy_free(run->world.policy);
		run->world.policy = want;
		run->whole++;
		return;
	}
	if (scope->count) {
		struct policy *after = compile_places(run, scope), *result;
		struct policy_diff diff;

		assert_int_equal(policy_diff(before, after, &diff), 0);
		result = commit(run, &diff);
		policy_diff_clear(&diff);
		policy_free(after);
		policy_free(run->world.policy);
		run->world.policy = result;
	}
	if (!policy_equal(run->world.policy, want)) {
		print_difference(run->world.policy, want);
		complain(run, "the scope was too narrow\n");
	}
	policy_free(want);
	run->narrow++;
}

/* As reconcile_container; next may be NULL: it is gone. */
static void change_container(struct run *run, const char *id, struct container *next)
{
	struct inventory *inventory = run->world.inventory;
	const struct container *now = inventory_container(inventory, id);
	struct inventory_scope scope = { 0 };
	struct policy *before;

	if (next)
		assert_int_equal(container_complete(next, now), 0);
	if ((!now && !next) || (now && next && container_equal(now, next))) {
		container_free(next);
		return;
	}
	if (next)
		assert_int_equal(binding_bind(run->world.binding, next), 0);
	assert_int_equal(inventory_container_changes(inventory, id, &scope), 0);
	scope.all = scope.all || (next && next->shares) || (now && now->shares);
	scope.all = scope.all || (next && inventory_published_twice(inventory, next));
	before = scope.all ? NULL : compile_places(run, &scope);
	if (next)
		world_put(inventory, next);
	else
		inventory_remove_container(inventory, id);
	follow(run, &scope, before);
	policy_free(before);
	inventory_scope_clear(&scope);
}

/* As reconcile_bindings. */
static void change_bindings(struct run *run, const char *id, struct container *told)
{
	struct inventory *inventory = run->world.inventory;
	struct container *now = inventory_container(inventory, id);
	struct inventory_scope scope = { 0 };
	struct policy *before;

	told->started = now->started;
	assert_int_equal(container_complete(told, NULL), 0);
	assert_int_equal(inventory_container_changes(inventory, id, &scope), 0);
	scope.all = scope.all || now->shares || (!now->started && inventory_published_twice(inventory, told));
	before = scope.all ? NULL : compile_places(run, &scope);
	assert_int_equal(inventory_complete(inventory, now, told), 0);
	follow(run, &scope, before);
	policy_free(before);
	inventory_scope_clear(&scope);
}

/* As reconcile_network. */
static void change_network(struct run *run, const char *id, struct network *next)
{
	struct inventory *inventory = run->world.inventory;
	struct inventory_scope scope = { 0 };
	struct policy *before = NULL;

	assert_int_equal(inventory_network_changes(inventory, id, next, &scope), 0);
	if (!scope.all)
		before = compile_places(run, &scope);
	if (next)
		world_put_network(inventory, next);
	else
		inventory_remove_network(inventory, id);
	follow(run, &scope, before);
	policy_free(before);
	inventory_scope_clear(&scope);
}

static struct published_port *copy_ports(const struct published_port *ports, size_t count)
{
	struct published_port *copy = world_grow(NULL, count + 1, sizeof(*copy));

	if (count)
		memcpy(copy, ports, count * sizeof(*copy));
	return copy;
}

static struct container *copy_container(const struct container *container)
{
	struct container *copy = world_container(container->id, container->name, container->image);

	for (size_t i = 0; i < container->label_count; i++)
		world_label(copy, container->labels[i].key, container->labels[i].value);
	copy->shares = world_copy(container->shares);
	copy->running = container->running;
	copy->started = container->started;
	copy->published = copy_ports(container->published, container->published_count);
	copy->published_count = container->published_count;
	return copy;
}

/* Who was not known with its bindings comes to be. */
static void step_bindings(struct run *run)
{
	unsigned k = chance_below(&run->chance, WORLD_CONTAINERS);
	struct container *now, *told;
	char id[WORLD_ID_SIZE];

	run->step = "bindings";
	now = inventory_container(run->world.inventory, world_id(k, id));
	if (!now || now->bindings_known)
		return;
	told = world_container(id, "told", "told");
	if (!now->shares)
		world_random_published(&run->chance, told, k, true);
	world_bind(told, chance_percent(&run->chance, 40));
	change_bindings(run, id, told);
	container_free(told);
}

static void step_container(struct run *run)
{
	unsigned k = chance_below(&run->chance, WORLD_CONTAINERS);
	struct container *next = NULL, *now;
	char id[WORLD_ID_SIZE];

	now = inventory_container(run->world.inventory, world_id(k, id));
	switch (chance_below(&run->chance, 7)) {
	case 0:
		run->step = "container removed";
		break;
	case 1:
		run->step = "container renamed";
		if (!now)
			return;
		next = copy_container(now);
		free(next->name);
		next->name = world_copy("c0-0");
		next->name[1] = (char)('0' + chance_below(&run->chance, WORLD_CONTAINERS));
		next->name[3] = (char)('0' + (next->name[1] - '0') % 3);
		break;
	case 2:
		run->step = "container starts or stops";
		if (!now)
			return;
		next = copy_container(now);
		next->running = !now->running;
		break;
	case 3:
		run->step = "container's process starts or ends";
		if (!now)
			return;
		next = copy_container(now);
		next->started = !now->started;
		break;
	case 4:
		run->step = "container publishes other ports";
		if (!now)
			return;
		next = copy_container(now);
		next->published_count = 0;
		world_random_published(&run->chance, next, k, true);
		break;
	default:
		run->step = "container put";
		next = world_random_container(&run->chance, k, true);
		break;
	}
	change_container(run, id, next);
}

static struct network *copy_network(const struct network *network)
{
	struct network *copy = world_network(network->id, network->name, network->bridge);

	copy->managed = network->managed;
	copy->routed4 = network->routed4;
	copy->routed6 = network->routed6;
	for (size_t i = 0; i < network->endpoint_count; i++) {
		const struct endpoint *endpoint = &network->endpoints[i];
		char ipv4[ADDRESS_TEXT_SIZE], ipv6[ADDRESS_TEXT_SIZE];

		address_format(&endpoint->ipv4, ipv4);
		address_format(&endpoint->ipv6, ipv6);
		world_join(copy, endpoint->container, ipv4[0] ? ipv4 : NULL, ipv6[0] ? ipv6 : NULL);
		memcpy(world_endpoint(copy, endpoint->container)->mac, endpoint->mac, sizeof(endpoint->mac));
	}
	return copy;
}

/* Joins, leaves and moves, several at once; what one gives up another may have at once. */
static void shuffle_endpoints(struct run *run, struct network *network, unsigned net)
{
	unsigned moves = 1 + chance_below(&run->chance, 3);

	for (unsigned i = 0; i < moves; i++) {
		size_t count = network->endpoint_count, at = 0;
		char id[WORLD_ID_SIZE];

		world_id(chance_below(&run->chance, WORLD_CONTAINERS), id);
		while (at < count && strcmp(network->endpoints[at].container, id) != 0)
			at++;
		if (at < count)
			world_leave(network, at);
		if (at == count || chance_percent(&run->chance, 40))
			world_random_join(&run->chance, network, net, id);
	}
	if (network->endpoint_count >= 2 && chance_percent(&run->chance, 20)) {
		struct endpoint *a = &network->endpoints[0], *b = &network->endpoints[network->endpoint_count - 1];
		struct address address = a->ipv4;

		a->ipv4 = b->ipv4;
		b->ipv4 = address;
	}
	if (network->endpoint_count && chance_percent(&run->chance, 20))
		world_random_mac(&run->chance, net, network->endpoints[0].mac);
	if (network->endpoint_count && chance_percent(&run->chance, 20)) {
		free(network->endpoints[0].name);
		network->endpoints[0].name = world_copy("renamed");
	}
}

static void step_network(struct run *run)
{
	unsigned net = chance_below(&run->chance, 3);
	const struct network *now;
	struct network *next = NULL;
	char id[WORLD_ID_SIZE];

	snprintf(id, sizeof(id), "n%02u", net);
	now = inventory_network(run->world.inventory, id);
	switch (now ? chance_below(&run->chance, 20) : 0) {
	case 0:
		run->step = "network put";
		next = world_random_network(&run->chance, net);
		break;
	case 1:
		run->step = "network removed";
		break;
	case 2:
		run->step = "network no longer, or now, managed";
		next = copy_network(now);
		next->managed = !now->managed;
		break;
	case 3:
		run->step = "network no longer, or now, routed to";
		next = copy_network(now);
		next->routed4 = !now->routed4;
		next->routed6 = chance_percent(&run->chance, 50);
		break;
	default:
		run->step = "endpoints";
		next = copy_network(now);
		shuffle_endpoints(run, next, net);
		break;
	}
	change_network(run, id, next);
}

/* As reconcile_ports: a few come, go, or get another MAC; or all of them are others. */
static void step_ports(struct run *run)
{
	struct inventory *inventory = run->world.inventory;
	struct inventory_scope scope = { 0 };
	struct policy *before;
	struct port *ports;
	size_t count;

	run->step = "ports";
	if (chance_percent(&run->chance, 20)) {
		ports = world_random_ports(&run->chance, inventory, &count);
	} else {
		count = inventory->port_count;
		ports = world_grow(NULL, count + 1, sizeof(*ports));
		if (count)
			memcpy(ports, inventory->ports, count * sizeof(*ports));
		if (count && chance_percent(&run->chance, 50)) {
			ports[chance_below(&run->chance, (unsigned)count)] = ports[count - 1];
			count--;
		}
		if (count && chance_percent(&run->chance, 50))
			world_random_mac(&run->chance, chance_below(&run->chance, 3),
					 ports[chance_below(&run->chance, (unsigned)count)].mac);
		if (count && chance_percent(&run->chance, 30))
			ports[chance_below(&run->chance, (unsigned)count)].name[0] = 'w';
		inventory_sort_ports(ports, count);
	}
	assert_int_equal(inventory_port_changes(inventory, ports, count, &scope), 0);
	assert_false(scope.all);
	before = compile_places(run, &scope);
	assert_int_equal(inventory_set_ports(inventory, ports, count, NULL), 0);
	follow(run, &scope, before);
	policy_free(before);
	inventory_scope_clear(&scope);
}

static void test_random_changes(void **state)
{
	uint64_t seed = world_seed();
	unsigned long rounds = world_rounds(1500);
	size_t narrow = 0, whole = 0, committed = 0;

	(void)state;
	for (unsigned long i = 0; i < rounds; i++) {
		struct run run = { .seed = seed + i, .chance = { seed + i } };

		world_random(&run.chance, true, &run.world);
		for (unsigned j = 0; j < 40; j++) {
			if (chance_percent(&run.chance, 50))
				step_container(&run);
			else if (chance_percent(&run.chance, 25))
				step_ports(&run);
			else if (chance_percent(&run.chance, 25))
				step_bindings(&run);
			else
				step_network(&run);
		}
		narrow += run.narrow;
		whole += run.whole;
		committed += run.committed;
		world_clear(&run.world);
	}
	print_message("%zu narrow steps changed %zu records; %zu steps took everything\n", narrow, committed, whole);
	if (rounds >= 100)
		assert_true(narrow > 10 * rounds && committed > narrow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
