/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who else changes the ruleset: the kernel tells everybody who listens. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "kernel_internal.h"

/* One drain reads at most so many buffers, so that a flood cannot keep the loop from everything else. */
#define BUFFERS	       256
#define MONITOR_BUFFER (1024 * 1024)

int kernel_monitor(struct kernel *kernel, struct error *err)
{
	int r;

	if (kernel->monitor)
		return mnl_socket_get_fd(kernel->monitor);
	r = kernel_socket_open(SOCK_NONBLOCK, 1u << (NFNLGRP_NFTABLES - 1), MONITOR_BUFFER, &kernel->monitor);
	if (r == -EPERM)
		return error_set(err, r,
				 "subscription to nftables: %s: bulkhead needs CAP_NET_ADMIN in this network namespace "
				 "(run as root)",
				 strerror(-r));
	if (r < 0)
		return error_set(err, r, "subscription to nftables: %s", strerror(-r));
	return mnl_socket_get_fd(kernel->monitor);
}

/* The names in a message.  Attribute 1 is the object's table, attribute 2 its set or chain; only in messages about a
 * chain itself 2 is the handle. */
struct names {
	const char *first, *second;
	uint16_t second_type;
};

static int visit_name(const struct nlattr *attribute, void *data)
{
	struct names *names = data;
	uint16_t type = mnl_attr_get_type(attribute);

	if ((type == 1 || type == names->second_type) && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
		*(type == 1 ? &names->first : &names->second) = mnl_attr_get_str(attribute);
	return MNL_CB_OK;
}

static bool equal(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

static bool is_remembered(uint8_t family, const char *set)
{
	enum policy_table table = family == NFPROTO_BRIDGE ? POLICY_TABLE_BRIDGE : POLICY_TABLE_INET;
	const struct policy_set_row *row = set ? policy_set_named(table, set) : NULL;

	return row && policy_set_is_kernels(row->set);
}

/* What a change of this object means to us. */
static void judge(const struct nlmsghdr *header, uint16_t type, struct kernel_news *news)
{
	const struct nfgenmsg *general = mnl_nlmsg_get_payload(header);
	bool chain = type == NFT_MSG_NEWCHAIN || type == NFT_MSG_DELCHAIN;
	struct names names = { .second_type = chain ? NFTA_CHAIN_NAME : NFTA_RULE_CHAIN };

	if (mnl_attr_parse(header, sizeof(*general), visit_name, &names) < 0)
		return;
	if ((general->nfgen_family == NFPROTO_INET || general->nfgen_family == NFPROTO_BRIDGE) &&
	    equal(names.first, KERNEL_TABLE)) {
		/* Packets add to these sets, and their elements time out. */
		if ((type == NFT_MSG_NEWSETELEM || type == NFT_MSG_DELSETELEM) &&
		    is_remembered(general->nfgen_family, names.second))
			return;
		news->ours = true;
		return;
	}
	if (general->nfgen_family != NFPROTO_IPV4 && general->nfgen_family != NFPROTO_IPV6)
		return;
	if (equal(names.first, "docker-bridges"))
		news->docker = true;
	if (equal(names.first, "filter") && (type == NFT_MSG_NEWTABLE || type == NFT_MSG_DELTABLE ||
					     equal(names.second, "DOCKER-USER") || equal(names.second, "FORWARD")))
		news->docker = true;
}

struct author {
	uint32_t pid;
	char name[17];
};

static int visit_author(const struct nlattr *attribute, void *data)
{
	struct author *author = data;

	if (mnl_attr_get_type(attribute) == NFTA_GEN_PROC_PID && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
		author->pid = ntohl(mnl_attr_get_u32(attribute));
	else if (mnl_attr_get_type(attribute) == NFTA_GEN_PROC_NAME &&
		 mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
		snprintf(author->name, sizeof(author->name), "%s", mnl_attr_get_str(attribute));
	return MNL_CB_OK;
}

/* Names the process whose transaction changed something of ours.  Who changed our tables counts more than who changed
 * Docker's. */
static void note_author(const struct nlmsghdr *header, const struct kernel_news *changed, struct kernel_news *news)
{
	struct author author = { 0 };

	if (!changed->ours && (!changed->docker || news->ours))
		return;
	if (mnl_attr_parse(header, sizeof(struct nfgenmsg), visit_author, &author) < 0)
		return;
	news->pid = author.pid;
	memcpy(news->name, author.name, sizeof(news->name));
}

/* changed: what the current transaction has changed so far; the message that ends it names the process. */
static void take_message(const struct kernel *kernel, const struct nlmsghdr *header, struct kernel_news *changed,
			 struct kernel_news *news)
{
	uint16_t type = header->nlmsg_type & 0xff;

	if (header->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
	    header->nlmsg_len < mnl_nlmsg_size(sizeof(struct nfgenmsg)))
		return;
	/* A notification carries the port of whoever made the change: our own changes are no news. */
	if (header->nlmsg_pid == kernel->port)
		return;
	if (type == NFT_MSG_NEWGEN) {
		note_author(header, changed, news);
		*changed = (struct kernel_news){ 0 };
		return;
	}
	judge(header, type, changed);
	news->ours |= changed->ours;
	news->docker |= changed->docker;
}

/* The messages of one transaction are sent one after the other, and the one that names the process is the last. */
#define LAST_MESSAGE_MS 100

static bool more_comes(int fd)
{
	struct pollfd wanted = { .fd = fd, .events = POLLIN };

	return poll(&wanted, 1, LAST_MESSAGE_MS) > 0;
}

int kernel_monitor_drain(struct kernel *kernel, struct kernel_news *ret_news, struct error *err)
{
	_Alignas(struct nlmsghdr) char buffer[16384];
	struct kernel_news news = { 0 }, changed = { 0 };
	int fd = mnl_socket_get_fd(kernel->monitor);

	for (int i = 0; i < BUFFERS; i++) {
		ssize_t length = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)buffer;
		int left = (int)length;

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && errno == ENOBUFS) {
			news.lost = true;
			continue;
		}
		if (length < 0 && errno == EAGAIN) {
			if ((changed.ours || changed.docker) && more_comes(fd))
				continue;
			break;
		}
		if (length < 0)
			return error_set(err, -errno, "subscription to nftables: %s", strerror(errno));
		for (; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left))
			take_message(kernel, header, &changed, &news);
	}
	*ret_news = news;
	return 0;
}
