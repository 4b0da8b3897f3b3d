/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our rule in Docker's chains: it lets declared flows pass Docker's own drop.  kernel_docker.c tells why. */
#include "reconcile_plan.h"

void reconcile_docker_look(const struct reconciler *r, struct reconcile_plan *plan)
{
	for (size_t i = 0; i < 2; i++) {
		const struct kernel_docker *docker = &plan->have.docker[i];

		plan->docker_wanted[i] = docker->backend == KERNEL_DOCKER_IPTABLES && docker->wanted;
		plan->docker_lost[i] = plan->docker_wanted[i] && !docker->installed && r->accept_stood[i];
	}
}

void reconcile_docker_compare(struct reconcile_plan *plan)
{
	for (size_t i = 0; i < 2; i++) {
		const struct kernel_docker *docker = &plan->have.docker[i];

		if (docker->backend != KERNEL_DOCKER_IPTABLES)
			continue;
		plan->change.docker_add[i] = docker->wanted && !docker->accept_present;
		/* A rule of ours at the wrong place, or with an earlier mark, is taken out. */
		plan->change.docker_remove[i] = docker->installed && (plan->change.docker_add[i] || !docker->wanted);
	}
}

void reconcile_docker_leave(struct reconcile_plan *plan)
{
	for (size_t i = 0; i < 2; i++) {
		plan->left.docker[i] = plan->docker_lost[i] && plan->change.docker_add[i];
		if (plan->left.docker[i])
			plan->change.docker_add[i] = false;
	}
}
