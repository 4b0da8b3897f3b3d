/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "icc.h"
#include "reconcile.h"
#include "reconcile_state.h"

static const struct network *network_with_icc_off(const struct inventory *inventory)
{
	for (size_t i = 0; inventory && i < inventory->network_count; i++) {
		if (inventory->networks[i]->managed && icc_read(inventory->networks[i]) == ICC_OFF)
			return inventory->networks[i];
	}
	return NULL;
}

static bool has_ipv6(const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->network_count; i++) {
		const struct network *network = inventory->networks[i];

		for (size_t j = 0; j < network->endpoint_count; j++) {
			if (network->endpoints[j].ipv6.family)
				return true;
		}
	}
	return false;
}

/* Docker's nftables backend looks at no mark on an internal network: with ICC off it drops all of its packets. */
static void advise_internal(const struct reconciler *r, const struct kernel_state *state,
			    void (*say)(const char *sentence, void *data), void *data)
{
	char text[640];

	if (state->docker[0].backend != KERNEL_DOCKER_NFTABLES)
		return;
	for (size_t i = 0; i < r->inventory->network_count; i++) {
		const struct network *network = r->inventory->networks[i];

		if (!network->managed || !network->internal || icc_read(network) != ICC_OFF)
			continue;
		snprintf(
			text, sizeof(text),
			"network %.200s is internal and ICC is off there: the engine's nftables backend drops declared "
			"flows too, and \"bridge-accept-fwmark\" does not help on internal networks; turn ICC on there",
			network->name);
		say(text, data);
	}
}

static void advise(const struct reconciler *r, const struct kernel_state *state,
		   void (*say)(const char *sentence, void *data), void *data)
{
	const struct network *network = network_with_icc_off(r->inventory);
	char text[640];

	if (!r->options.mark && !state->guard_by_bridge)
		say("\"mark\" is \"0\", and this kernel has no `meta ibrname` (NFT_BRIDGE_META): a container that "
		    "bulkhead has "
		    "not met yet is closed to other containers, but not to the host and the world; give bulkhead a bit "
		    "of the "
		    "packet mark",
		    data);
	if (!network)
		return;
	advise_internal(r, state, say, data);
	for (size_t i = 0; i < 2; i++) {
		const struct kernel_docker *docker = &state->docker[i];
		const char *family = i ? "IPv6" : "IPv4";

		if (i && !has_ipv6(r->inventory))
			continue;
		if (!r->options.mark) {
			snprintf(text, sizeof(text),
				 "ICC is off on network %s and \"mark\" is \"0\": Docker's own drop stops declared %s "
				 "flows too; give bulkhead a bit of the packet mark, or turn ICC on",
				 network->name, family);
			say(text, data);
			continue;
		}
		if (docker->backend == KERNEL_DOCKER_NFTABLES && docker->wanted && !docker->accept_present) {
			snprintf(text, sizeof(text),
				 "ICC is off on network %s and the engine's nftables backend drops declared %s flows: "
				 "add "
				 "\"bridge-accept-fwmark\": \"0x%08" PRIx32 "/0x%08" PRIx32
				 "\" to /etc/docker/daemon.json and restart the engine",
				 network->name, family, r->options.mark, r->options.mark);
			say(text, data);
		} else if (docker->backend == KERNEL_DOCKER_NONE && !i) {
			snprintf(text, sizeof(text),
				 "ICC is off on network %s and Docker's chains are not in nftables (iptables-legacy, "
				 "or the ruleset was flushed): "
				 "declared %s flows are dropped there; switch the host to iptables-nft "
				 "(update-alternatives --set iptables /usr/sbin/iptables-nft) and restart the engine",
				 network->name, family);
			say(text, data);
		}
	}
}

int reconcile_advise(const struct reconciler *r, void (*say)(const char *sentence, void *data), void *data,
		     struct error *err)
{
	struct kernel_state state = { 0 };
	int result = reconciler_read_kernel(r, &state, err);

	if (result < 0)
		return result;
	advise(r, &state, say, data);
	kernel_state_clear(&state);
	return 0;
}
