/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which containers the names of a flow file stand for. */
#include "world.h"

struct scene {
	struct flow_set *flows;
	struct binding *binding;
};

static struct scene open_scene(enum flow_mode mode, const char *const *files)
{
	struct scene scene = { .flows = world_flows(files) };

	scene.binding = binding_new(scene.flows, &(struct binding_defaults){ .mode = mode });
	assert_non_null(scene.binding);
	return scene;
}

#define scene_of(...) open_scene(FLOW_MODE_ENFORCE, (const char *const[]){ __VA_ARGS__, NULL })

static void close_scene(struct scene *scene)
{
	binding_free(scene->binding);
	flow_set_free(scene->flows);
}

static bool uses(const struct flow_use *list, size_t count, uint32_t flow)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].flow == flow)
			return true;
	}
	return false;
}

/* "from" of flow 0 and "to" of flow 0, as two letters: "ft", "f-", "-t", "--"; frees the container. */
static const char *part(const struct scene *scene, struct container *container)
{
	static char text[3];

	assert_int_equal(binding_bind(scene->binding, container), 0);
	text[0] = uses(container->from_flows, container->from_count, 0) ? 'f' : '-';
	text[1] = uses(container->to_flows, container->to_count, 0) ? 't' : '-';
	container_free(container);
	return text;
}

static struct container *labelled(const char *key, const char *value, const char *key2, const char *value2)
{
	struct container *container = world_container("id", "name", "image:1");

	world_label(container, key, value);
	if (key2)
		world_label(container, key2, value2);
	return container;
}

static void test_implicit_service(void **state)
{
	struct scene scene = scene_of(
		"{ \"app\": \"shop\", \"flows\": [{ \"from\": \"web\", \"to\": \"db\", \"ports\": [\"1\"] }] }");

	(void)state;
	assert_string_equal(part(&scene, world_compose("id", "x", "shop", "web")), "f-");
	assert_string_equal(part(&scene, world_compose("id", "x", "shop", "db")), "-t");
	assert_string_equal(part(&scene, world_compose("id", "x", "shop", "Web")), "--");
	assert_string_equal(part(&scene, world_compose("id", "x", "shop2", "web")), "--");
	assert_string_equal(part(&scene, world_compose("id", "x", "", "web")), "--");
	assert_string_equal(part(&scene, labelled("com.docker.compose.service", "web", NULL, NULL)), "--");
	assert_string_equal(part(&scene, labelled("com.docker.swarm.service.name", "shop_web", NULL, NULL)), "f-");
	assert_string_equal(part(&scene, labelled("com.docker.swarm.service.name", "shop_webs", NULL, NULL)), "--");
	assert_string_equal(part(&scene, labelled("com.docker.swarm.service.name", "shop-web", NULL, NULL)), "--");
	assert_string_equal(part(&scene, labelled("com.docker.swarm.service.name", "web", NULL, NULL)), "--");
	assert_string_equal(part(&scene, labelled("com.docker.swarm.service.name", "sho", NULL, NULL)), "--");
	/* A service of a stack is that stack's, whatever its name begins with. */
	assert_string_equal(part(&scene, labelled("com.docker.swarm.service.name", "shop_web",
						  "com.docker.stack.namespace", "shop")),
			    "f-");
	assert_string_equal(part(&scene, labelled("com.docker.swarm.service.name", "shop_web",
						  "com.docker.stack.namespace", "shop_web")),
			    "--");
	assert_string_equal(
		part(&scene, labelled("com.docker.swarm.service.name", "shop_web", "com.docker.stack.namespace", "sh")),
		"--");
	assert_string_equal(part(&scene, labelled("bulkhead.app", "shop", "bulkhead.service", "db")), "-t");
	assert_string_equal(part(&scene, labelled("bulkhead.app", "shop", NULL, NULL)), "--");
	/* The halves of two namings are no name. */
	assert_string_equal(part(&scene, labelled("bulkhead.app", "shop", "com.docker.compose.service", "web")), "--");
	/* The container's own name is not its service. */
	assert_string_equal(part(&scene, world_container("id", "web", "web")), "--");
	close_scene(&scene);
}

static void test_definition(void **state)
{
	struct scene scene = scene_of("{ \"app\": \"shop\", \"services\": {"
				      " \"web\": { \"container\": \"shop-w*\", \"image\": \"reg.example/*:1\","
				      "            \"labels\": { \"tier\": \"front\", \"zone\": \"\" } },"
				      " \"db\": { \"compose\": \"database\" } },"
				      " \"flows\": [{ \"from\": \"web\", \"to\": \"db\", \"ports\": [\"1\"] }] }");
	struct container *container = world_container("id", "shop-web-1", "reg.example/img:1");

	(void)state;
	world_label(container, "tier", "front");
	world_label(container, "zone", "");
	assert_int_equal(binding_bind(scene.binding, container), 0);
	assert_int_equal(container->from_count, 1);
	/* Any criterion that does not hold … */
	container->name[0] = 'S';
	assert_int_equal(binding_bind(scene.binding, container), 0);
	assert_int_equal(container->from_count, 0);
	container->name[0] = 's';
	container->image[strlen(container->image) - 1] = '2';
	assert_int_equal(binding_bind(scene.binding, container), 0);
	assert_int_equal(container->from_count, 0);
	free(container->image);
	container->image = NULL;
	assert_int_equal(binding_bind(scene.binding, container), 0);
	assert_int_equal(container->from_count, 0);
	container_free(container);
	/* A definition takes the place of what the name would mean without it. */
	assert_string_equal(part(&scene, world_compose("id", "x", "shop", "web")), "--");
	assert_string_equal(part(&scene, world_compose("id", "x", "shop", "db")), "--");
	assert_string_equal(part(&scene, world_compose("id", "x", "shop", "database")), "-t");
	assert_string_equal(part(&scene, world_compose("id", "x", "other", "database")), "--");
	close_scene(&scene);
}

/* The parser refuses a definition without criteria; one that came another way must not match everything. */
static void test_empty_definition_matches_nothing(void **state)
{
	struct flow_set *flows = world_flows(
		(const char *const[]){ "{ \"app\": \"shop\", \"services\": { \"web\": { \"container\": \"*\" } },"
				       " \"flows\": [{ \"from\": \"web\", \"to\": \"web\", \"ports\": [\"1\"] }] }",
				       NULL });
	struct scene scene = { .flows = flows, .binding = binding_new(flows, &(struct binding_defaults){ 0 }) };

	(void)state;
	assert_string_equal(part(&scene, world_container("id", "x", NULL)), "ft");
	free(flows->apps[0]->services[0].container);
	flows->apps[0]->services[0].container = NULL;
	assert_string_equal(part(&scene, world_container("id", "x", NULL)), "--");
	close_scene(&scene);
}

static void test_union_of_services(void **state)
{
	struct scene scene = scene_of(
		"{ \"app\": \"shop\", \"services\": { \"edge\": { \"image\": \"image:*\" } },"
		" \"flows\": [{ \"from\": \"web\", \"to\": \"db\", \"ports\": [\"1\"] },"
		"             { \"from\": [\"db\", \"edge\", \"web\"], \"to\": \"db\", \"ports\": [\"2\"] }] }");
	struct container *container = world_compose("id", "x", "shop", "web");
	const struct flow_app *app;

	(void)state;
	assert_int_equal(binding_bind(scene.binding, container), 0);
	assert_int_equal(container->from_count, 2);
	assert_int_equal(container->from_flows[0].flow, 0);
	assert_int_equal(container->from_flows[1].flow, 1);
	assert_int_equal(container->from_flows[1].peer, 1); /* the first that fits */
	assert_string_equal(container->services, "shop/edge, shop/web");
	assert_ptr_equal(binding_flow(scene.binding, 1, &app), &scene.flows->apps[0]->flows[1]);
	assert_ptr_equal(app, scene.flows->apps[0]);
	container_free(container);
	close_scene(&scene);
}

static void test_star_is_this_app(void **state)
{
	struct scene scene = scene_of("{ \"app\": \"shop\", \"services\": { \"edge\": { \"image\": \"edge:*\" } },"
				      " \"flows\": [{ \"from\": \"*\", \"to\": \"web\", \"ports\": [\"1\"] }] }");

	(void)state;
	assert_string_equal(part(&scene, world_compose("id", "x", "shop", "unnamed")), "f-");
	assert_string_equal(part(&scene, world_compose("id", "x", "shop", "web")), "ft");
	assert_string_equal(part(&scene, world_compose("id", "x", "other", "web")), "--");
	assert_string_equal(part(&scene, labelled("com.docker.stack.namespace", "shop", NULL, NULL)), "f-");
	assert_string_equal(part(&scene, labelled("bulkhead.app", "shop", NULL, NULL)), "f-");
	assert_string_equal(part(&scene, labelled("com.docker.swarm.service.name", "shop_web", NULL, NULL)), "ft");
	assert_string_equal(part(&scene, labelled("com.docker.swarm.service.name", "shop_unnamed", NULL, NULL)), "--");
	assert_string_equal(part(&scene, world_container("id", "x", "edge:1")), "f-");
	assert_string_equal(part(&scene, world_container("id", "x", "image:1")), "--");
	close_scene(&scene);
}

static void test_other_apps(void **state)
{
	struct scene scene = scene_of("{ \"app\": \"shop\", \"flows\": [{ \"from\": [\"bank/*\", \"mon/probe\"],"
				      " \"to\": \"web\", \"ports\": [\"1\"] }] }",
				      "{ \"app\": \"mon\", \"services\": { \"probe\": { \"image\": \"probe:*\" } },"
				      " \"flows\": [] }");

	(void)state;
	/* An app without a file is known by labels alone, one with a file by what its file says too. */
	assert_string_equal(part(&scene, world_compose("id", "x", "bank", "till")), "f-");
	assert_string_equal(part(&scene, world_container("id", "x", "probe:1")), "f-");
	assert_string_equal(part(&scene, world_compose("id", "x", "mon", "probe")), "--");
	assert_string_equal(part(&scene, world_compose("id", "x", "shop", "till")), "--");
	close_scene(&scene);
}

static void test_everybody(void **state)
{
	struct scene scene = scene_of("{ \"app\": \"dns\", \"flows\": [{ \"from\": \"*/*\", \"to\": \"dns\","
				      " \"ports\": [\"53/udp\"] }] }",
				      "{ \"app\": \"mon\", \"services\": { \"probe\": { \"image\": \"probe:*\" } },"
				      " \"flows\": [] }");

	(void)state;
	assert_string_equal(part(&scene, world_compose("id", "x", "any", "thing")), "f-");
	assert_string_equal(part(&scene, world_compose("id", "x", "dns", "dns")), "ft");
	assert_string_equal(part(&scene, labelled("com.docker.stack.namespace", "s", NULL, NULL)), "f-");
	assert_string_equal(part(&scene, labelled("bulkhead.app", "s", NULL, NULL)), "f-");
	assert_string_equal(part(&scene, world_container("id", "x", "probe:1")), "f-");
	/* In no app: a stranger. */
	assert_string_equal(part(&scene, world_container("id", "x", "image:1")), "--");
	assert_string_equal(part(&scene, labelled("com.docker.compose.service", "web", "maintainer", "a")), "--");
	close_scene(&scene);
}

static void test_world_and_host_are_no_containers(void **state)
{
	struct scene scene =
		scene_of("{ \"app\": \"shop\", \"flows\": [{ \"from\": \"world\", \"to\": \"web\","
			 " \"ports\": [\"1\"] }, { \"from\": \"web\", \"to\": \"host\", \"ports\": [\"1\"] }] }");
	struct container *container = world_compose("id", "world", "shop", "world");

	(void)state;
	assert_int_equal(binding_bind(scene.binding, container), 0);
	assert_int_equal(container->from_count, 0);
	assert_int_equal(container->to_count, 0);
	container_free(container);
	container = world_compose("id", "host", "shop", "host");
	assert_int_equal(binding_bind(scene.binding, container), 0);
	assert_int_equal(container->to_count, 0);
	container_free(container);
	close_scene(&scene);
}

static bool observed(const struct scene *scene, struct container *container)
{
	bool result;

	assert_int_equal(binding_bind(scene->binding, container), 0);
	result = container->observed;
	container_free(container);
	return result;
}

static struct container *in_two_apps(void)
{
	struct container *container = world_compose("id", "x", "watched", "web");

	world_label(container, "bulkhead.app", "shut");
	return container;
}

static void test_observed(void **state)
{
	const char *const files[] = {
		"{ \"app\": \"watched\", \"mode\": \"observe\", \"flows\": [] }",
		"{ \"app\": \"shut\", \"mode\": \"enforce\", \"flows\": [] }",
		"{ \"app\": \"plain\", \"flows\": [] }",
		NULL,
	};
	struct scene enforce = open_scene(FLOW_MODE_ENFORCE, files), observe = open_scene(FLOW_MODE_OBSERVE, files);

	(void)state;
	assert_true(observed(&enforce, world_compose("id", "x", "watched", "web")));
	assert_true(observed(&observe, world_compose("id", "x", "watched", "web")));
	assert_false(observed(&enforce, world_compose("id", "x", "shut", "web")));
	assert_false(observed(&observe, world_compose("id", "x", "shut", "web")));
	assert_false(observed(&enforce, world_compose("id", "x", "plain", "web")));
	assert_true(observed(&observe, world_compose("id", "x", "plain", "web")));
	/* A door is left open only if everybody who owns it agrees. */
	assert_false(observed(&enforce, in_two_apps()));
	assert_false(observed(&observe, in_two_apps()));
	/* In no app of a file: the host's mode. */
	assert_false(observed(&enforce, world_container("id", "x", NULL)));
	assert_true(observed(&observe, world_container("id", "x", NULL)));
	assert_false(observed(&enforce, world_compose("id", "x", "nofile", "web")));
	assert_true(observed(&observe, world_compose("id", "x", "nofile", "web")));
	close_scene(&enforce);
	close_scene(&observe);
}

/* As letters: d declared, o open. */
static const char *boundary(const struct scene *scene, struct container *container)
{
	static char text[4];

	assert_int_equal(binding_bind(scene->binding, container), 0);
	text[0] = container->boundary.ingress == FLOW_BOUNDARY_DECLARED ? 'd' : 'o';
	text[1] = container->boundary.egress == FLOW_BOUNDARY_DECLARED ? 'd' : 'o';
	text[2] = container->boundary.host == FLOW_BOUNDARY_DECLARED ? 'd' : 'o';
	container_free(container);
	return text;
}

/* Any app that a container belongs to closes it; an app that says nothing, and no app, takes the host's word. */
static void test_boundary(void **state)
{
	const char *const files[] = {
		"{ \"app\": \"shut\", \"boundary\": { \"ingress\": \"declared\", \"host\": \"declared\" },"
		" \"flows\": [] }",
		"{ \"app\": \"wide\", \"boundary\": { \"ingress\": \"open\", \"egress\": \"open\", \"host\": \"open\" "
		"},"
		" \"flows\": [] }",
		"{ \"app\": \"plain\", \"flows\": [] }",
		NULL,
	};
	const struct binding_defaults closed = { .boundary = { .egress = FLOW_BOUNDARY_DECLARED } };
	struct scene open = open_scene(FLOW_MODE_ENFORCE, files), host = { .flows = world_flows(files) };
	struct container *both = world_compose("id", "x", "wide", "web");

	(void)state;
	host.binding = binding_new(host.flows, &closed);
	assert_non_null(host.binding);
	assert_int_equal(binding_defaults(host.binding)->boundary.egress, FLOW_BOUNDARY_DECLARED);
	assert_string_equal(boundary(&open, world_compose("id", "x", "shut", "web")), "dod");
	assert_string_equal(boundary(&host, world_compose("id", "x", "shut", "web")), "ddd");
	assert_string_equal(boundary(&open, world_compose("id", "x", "wide", "web")), "ooo");
	assert_string_equal(boundary(&host, world_compose("id", "x", "wide", "web")), "ooo");
	assert_string_equal(boundary(&open, world_compose("id", "x", "plain", "web")), "ooo");
	assert_string_equal(boundary(&host, world_compose("id", "x", "plain", "web")), "odo");
	assert_string_equal(boundary(&host, world_container("id", "x", NULL)), "odo");
	assert_string_equal(boundary(&host, world_compose("id", "x", "nofile", "web")), "odo");
	world_label(both, "bulkhead.app", "shut");
	assert_string_equal(boundary(&open, both), "dod");
	close_scene(&open);
	close_scene(&host);
}

static bool unguarded(const struct scene *scene, struct container *container)
{
	bool result;

	assert_int_equal(binding_bind(scene->binding, container), 0);
	result = container->unguarded;
	container_free(container);
	return result;
}

static void test_unguarded(void **state)
{
	struct scene scene = scene_of("{ \"app\": \"net\", \"services\": {"
				      " \"vpn\": { \"compose\": \"vpn\", \"guard\": \"off\" },"
				      " \"any\": { \"container\": \"x*\", \"guard\": \"on\" } }, \"flows\": [] }");

	(void)state;
	/* Whatever else it is. */
	assert_true(unguarded(&scene, world_compose("id", "x", "net", "vpn")));
	assert_true(unguarded(&scene, world_compose("id", "y", "net", "vpn")));
	assert_false(unguarded(&scene, world_compose("id", "x", "net", "web")));
	assert_false(unguarded(&scene, world_compose("id", "x", "other", "vpn")));
	close_scene(&scene);
}

static void services_are(const struct scene *scene, struct container *container, const char *expected)
{
	assert_int_equal(binding_bind(scene->binding, container), 0);
	assert_string_equal(container->services, expected);
	container_free(container);
}

static void test_services_text(void **state)
{
	struct scene scene = scene_of(
		"{ \"app\": \"shop\", \"flows\": [{ \"from\": \"web\", \"to\": \"db\", \"ports\": [\"1\"] }] }");

	(void)state;
	services_are(&scene, world_compose("id", "x", "shop", "web"), "shop/web");
	services_are(&scene, world_compose("id", "x", "shop", "unnamed"), "shop/unnamed");
	services_are(&scene, world_compose("id", "x", "else", "where"), "else/where");
	services_are(&scene, labelled("com.docker.compose.project", "else", NULL, NULL), "else");
	services_are(&scene, labelled("bulkhead.app", "mine", "bulkhead.service", "x"), "mine/x");
	services_are(&scene, world_container("id", "x", NULL), "");
	/* Labels may say anything. */
	services_are(&scene, world_compose("id", "x", "a, shop/db) on x", "\x1b[2J\"\\\n\xc3\xa4"),
		     "a??shop?db??on?x/??2J?????");
	services_are(&scene, world_compose("id", "x", "", ""), "/");
	close_scene(&scene);
}

/* 64 KiB of label: bound, compared, cut, never fatal. */
static void test_huge_labels(void **state)
{
	struct scene scene = scene_of(
		"{ \"app\": \"shop\", \"flows\": [{ \"from\": \"*/*\", \"to\": \"db\", \"ports\": [\"1\"] }] }");
	struct container *container = world_container("id", "x", NULL);
	char *huge = malloc(65536);

	(void)state;
	assert_non_null(huge);
	memset(huge, '\x07', 65535);
	huge[65535] = '\0';
	world_label(container, "com.docker.compose.project", huge);
	world_label(container, "com.docker.compose.service", huge);
	world_label(container, "com.docker.swarm.service.name", huge);
	assert_int_equal(binding_bind(scene.binding, container), 0);
	assert_int_equal(container->from_count, 1);
	assert_int_equal(container->to_count, 0);
	assert_int_equal(strlen(container->services), 2 * 65535 + 1);
	assert_int_equal(strspn(container->services, "?/"), 2 * 65535 + 1);
	container_free(container);
	free(huge);
	close_scene(&scene);
}

/* Other flows, or no longer the same labels: binding again leaves nothing of the first time. */
static void test_bound_again(void **state)
{
	struct scene one = scene_of(
		"{ \"app\": \"shop\", \"flows\": [{ \"from\": \"web\", \"to\": \"web\", \"ports\": [\"1\"] }] }");
	struct scene none = scene_of("{ \"app\": \"shop\", \"flows\": [] }");
	struct container *container = world_compose("id", "x", "shop", "web");

	(void)state;
	assert_int_equal(binding_bind(one.binding, container), 0);
	assert_int_equal(container->from_count + container->to_count, 2);
	assert_int_equal(binding_bind(none.binding, container), 0);
	assert_int_equal(container->from_count + container->to_count, 0);
	assert_string_equal(container->services, "shop/web");
	container_free(container);
	close_scene(&one);
	close_scene(&none);
}

/* Who says more of himself than anybody reads has no flow, and every boundary closed; observing stays observing. */
static void test_obscure(void **state)
{
	static const char *const files[] = {
		"{ \"app\": \"shop\", \"flows\": [{ \"from\": \"web\", \"to\": \"web\", \"ports\": [\"1\"] }] }", NULL
	};

	(void)state;
	for (unsigned observe = 0; observe < 2; observe++) {
		struct scene scene = open_scene(observe ? FLOW_MODE_OBSERVE : FLOW_MODE_ENFORCE, files);
		struct container *web = world_compose("id", "x", "shop", "web");

		assert_int_equal(binding_bind(scene.binding, web), 0);
		assert_int_equal(web->from_count + web->to_count, 2);
		web->obscure = true;
		assert_int_equal(binding_bind(scene.binding, web), 0);
		assert_int_equal(web->from_count + web->to_count, 0);
		assert_int_equal(web->boundary.ingress, FLOW_BOUNDARY_DECLARED);
		assert_int_equal(web->boundary.egress, FLOW_BOUNDARY_DECLARED);
		assert_int_equal(web->boundary.host, FLOW_BOUNDARY_DECLARED);
		assert_int_equal(web->observed, observe);
		container_free(web);
		close_scene(&scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_implicit_service),
		cmocka_unit_test(test_definition),
		cmocka_unit_test(test_empty_definition_matches_nothing),
		cmocka_unit_test(test_union_of_services),
		cmocka_unit_test(test_star_is_this_app),
		cmocka_unit_test(test_other_apps),
		cmocka_unit_test(test_everybody),
		cmocka_unit_test(test_world_and_host_are_no_containers),
		cmocka_unit_test(test_observed),
		cmocka_unit_test(test_boundary),
		cmocka_unit_test(test_unguarded),
		cmocka_unit_test(test_services_text),
		cmocka_unit_test(test_huge_labels),
		cmocka_unit_test(test_bound_again),
		cmocka_unit_test(test_obscure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
