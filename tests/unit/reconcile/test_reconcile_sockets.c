/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sockets are the host's, and that no claim closes their ports. */
#include "world.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "reconcile_sockets.h"

#define ID_WEB	"1111111111111111111111111111111111111111111111111111111111111111"
#define ID_LATE "2222222222222222222222222222222222222222222222222222222222222222"
#define SECOND	UINT64_C(1000000000)

static struct host_socket at(uint64_t cookie, const char *address, uint16_t port)
{
	return (struct host_socket){
		.cookie = cookie,
		.port = { .address = world_address(address), .protocol = IPPROTO_TCP, .host_port = port },
	};
}

static size_t judge(struct reconcile_sockets *sockets, const struct host_socket *found, size_t count, uint64_t now,
		    struct inventory *inventory)
{
	bool changed;

	assert_int_equal(reconcile_sockets_judge(sockets, found, count, now, inventory, &changed), 0);
	return inventory->held_count;
}

static struct published_port *one_port(uint16_t port)
{
	struct published_port *ports = calloc(1, sizeof(*ports));

	assert_non_null(ports);
	*ports = (struct published_port){
		.address = world_address("0.0.0.0"), .protocol = IPPROTO_TCP, .host_port = port, .container_port = 80
	};
	return ports;
}

/* A socket is the host's once it has been there for a while in which nobody could publish its port. */
static void hosts(void **state)
{
	struct inventory *inventory = inventory_new();
	struct reconcile_sockets sockets = { 0 };
	const struct host_socket found[] = { at(1, "0.0.0.0", 22), at(2, "10.0.0.1", 53), at(3, "0.0.0.0", 8080) };
	struct container *web = world_container(ID_WEB, "web", NULL);

	(void)state;
	free(web->published);
	web->published = one_port(8080);
	web->published_count = 1;
	web->started = true;
	world_put(inventory, web);
	assert_int_equal(judge(&sockets, found, 3, SECOND, inventory), 0);
	assert_int_equal(judge(&sockets, found, 3, 2 * SECOND, inventory), 0);
	assert_int_equal(judge(&sockets, found, 3, 4 * SECOND, inventory), 2);
	assert_int_equal(inventory->held[0].host_port + inventory->held[1].host_port, 22 + 53);
	/* Another socket at the same port has to prove itself again. */
	assert_int_equal(
		judge(&sockets, (struct host_socket[]){ at(4, "0.0.0.0", 22), found[1] }, 2, 5 * SECOND, inventory), 1);
	reconcile_sockets_clear(&sockets);
	inventory_free(inventory);
}

/* While somebody starts of whom not all is known, any new socket may be his; one that is known stays the host's. */
static void while_one_starts(void **state)
{
	struct inventory *inventory = inventory_new();
	struct network *network = world_network("n1", "net", "br-1");
	struct reconcile_sockets sockets = { 0 };
	const struct host_socket found[] = { at(1, "0.0.0.0", 22), at(2, "0.0.0.0", 9100) };

	(void)state;
	assert_int_equal(judge(&sockets, found, 1, SECOND, inventory), 0);
	assert_int_equal(judge(&sockets, found, 1, 4 * SECOND, inventory), 1);
	world_join(network, ID_LATE, "10.0.0.3", NULL);
	world_put_network(inventory, network);
	for (uint64_t now = 5; now < 60; now += 5)
		assert_int_equal(judge(&sockets, found, 2, now * SECOND, inventory), 1);
	assert_int_equal(inventory->held[0].host_port, 22);
	inventory_remove_network(inventory, "n1");
	assert_int_equal(judge(&sockets, found, 2, 61 * SECOND, inventory), 1);
	assert_int_equal(judge(&sockets, found, 2, 64 * SECOND, inventory), 2);
	reconcile_sockets_clear(&sockets);
	inventory_free(inventory);
}

/* The kernel tells of a socket that listens, and of none that does not. */
static void asks_the_kernel(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	for (unsigned listens = 0; listens < 2; listens++) {
		struct host_socket *sockets = NULL;
		unsigned found = 0;
		struct error err;
		size_t count;

		if (listens)
			assert_int_equal(listen(fd, 1), 0);
		assert_int_equal(host_sockets_read(&sockets, &count, &err), 0);
		for (size_t i = 0; i < count; i++)
			found += sockets[i].port.protocol == IPPROTO_TCP && sockets[i].cookie &&
				 sockets[i].port.host_port == ntohs(address.sin_port) &&
				 sockets[i].port.address.bytes[0] == 127;
		assert_int_equal(found, listens);
		free(sockets);
	}
	close(fd);
}

static void parses_any_bytes(void **state)
{
	uint8_t bytes[128];
	struct host_socket found[2];

	(void)state;
	for (unsigned seed = 0; seed < 256; seed++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(seed * 31 + i * (seed | 1));
		for (size_t length = 0; length <= sizeof(bytes); length++)
			assert_true(host_sockets_parse(bytes, length, IPPROTO_TCP, found) <= 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(while_one_starts),
		cmocka_unit_test(asks_the_kernel),
		cmocka_unit_test(parses_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
