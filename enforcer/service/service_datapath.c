/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules see packets on a bridge only while br_netfilter is on. */
#include "datapath.h"

#include <errno.h>

#include "log.h"
#include "service_internal.h"

void service_check_datapath(struct service *service)
{
	struct datapath datapath;
	char changed[160];
	struct error err;
	int result;

	result = datapath_read(&datapath, &err);
	if (result == 0 && datapath_whole(&datapath)) {
		if (service->datapath_failing)
			log_info("packets on one bridge come by bulkhead's rules again");
		service->datapath_failing = false;
		service_health(service);
		return;
	}
	if (result == 0 && !service->host->config->repair)
		result = error_set(&err, -EPERM,
				   "br_netfilter is %s: packets between containers on one bridge are not filtered, and "
				   "\"repair\" is false",
				   datapath.present ? "switched off" : "not loaded");
	if (result == 0)
		result = datapath_repair(changed, &err);
	if (result == 0) {
		log_warning("packets on one bridge did not come by bulkhead's rules: %s", changed);
		service_put_right(service, changed, NULL);
	} else if (!service->datapath_failing) {
		log_error("%s", err.text);
		STATUS_TEXT(service->datapath_text, err.text);
	}
	service->datapath_failing = result < 0;
	service_health(service);
}
