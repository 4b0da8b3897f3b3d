/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

int policy_diff(const struct policy *have, const struct policy *want, struct policy_diff *ret_diff)
{
	struct policy_diff diff = { 0 };
	size_t i = 0, j = 0;

	diff.remove = calloc(policy_count(have) + 1, sizeof(*diff.remove));
	diff.add = calloc(policy_count(want) + 1, sizeof(*diff.add));
	if (!diff.remove || !diff.add) {
		policy_diff_clear(&diff);
		return -ENOMEM;
	}
	while (i < policy_count(have) || j < policy_count(want)) {
		int order;

		if (i == policy_count(have))
			order = 1;
		else if (j == policy_count(want))
			order = -1;
		else
			order = policy_record_compare(policy_at(have, i), policy_at(want, j));
		if (order == 0 && strcmp(policy_at(have, i)->comment, policy_at(want, j)->comment) == 0) {
			i++;
			j++;
			continue;
		}
		if (order == 0)
			diff.renamed++;
		if (order <= 0)
			diff.remove[diff.remove_count++] = policy_at(have, i++);
		if (order >= 0)
			diff.add[diff.add_count++] = policy_at(want, j++);
	}
	*ret_diff = diff;
	return 0;
}

bool policy_diff_empty(const struct policy_diff *diff)
{
	return diff->remove_count == 0 && diff->add_count == 0;
}

void policy_diff_clear(struct policy_diff *diff)
{
	free(diff->remove);
	free(diff->add);
	memset(diff, 0, sizeof(*diff));
}
