/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel tells of other people's tables: Docker's rules, as kernel_docker and kernel_icc read them, and the
 * changes that kernel_monitor hears of.  The first byte says which.
 *
 * For the last the rest is a stream of messages.  For the others it is a list of what somebody has written, of which
 * foreign_rules.h makes the messages: libnftnl trusts the kernel to write them well, and dies of those that are not.
 */
#include "netlink_scene.h"

#include <assert.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>

#include "foreign_rules.h"
#include "kernel_docker.h"
#include "kernel_icc.h"
#include "nft_expr.h"

#define MARK 0x10000000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum condition { NOTHING, OUR_MARK, OUR_BRIDGE, BRIDGES_LIKE_OURS, OTHER_BRIDGE, NOT_OUR_BRIDGE, CONDITIONS };

static int put_interface(struct nftnl_rule *rule, uint32_t key, enum condition condition)
{
	const char name[16] = "docker0", other[16] = "docker01";
	int r = nft_expr_meta(rule, key, NFT_REG_1);

	if (condition == BRIDGES_LIKE_OURS)
		return r ?: nft_expr_equal(rule, NFT_REG_1, name, 4);
	if (condition == NOT_OUR_BRIDGE)
		return r ?: nft_expr_differs(rule, NFT_REG_1, name, sizeof(name));
	return r ?: nft_expr_equal(rule, NFT_REG_1, condition == OTHER_BRIDGE ? other : name, sizeof(name));
}

/* A rule in front of all that the fuzzer has said; a jump leads to DOCKER-USER. */
static size_t put_rule(char *buffer, uint8_t family, const char *table, const char *chain, uint32_t verdict,
		       enum condition condition)
{
	uint8_t comment[NFT_EXPR_COMMENT_SIZE];
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct nlmsghdr *header;
	const uint32_t bit = MARK;

	assert(rule && nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, table) == 0 &&
	       nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain) == 0);
	if (condition >= OUR_BRIDGE)
		assert(put_interface(rule, NFT_META_IIFNAME, condition) == 0 &&
		       put_interface(rule, NFT_META_OIFNAME, condition) == 0);
	if (condition == OUR_MARK)
		assert(nft_expr_meta(rule, NFT_META_MARK, NFT_REG_1) == 0 &&
		       nft_expr_bitwise(rule, NFT_REG_1, bit, 0) == 0 &&
		       nft_expr_equal(rule, NFT_REG_1, &bit, sizeof(bit)) == 0 &&
		       nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, comment,
					   nft_expr_comment(NFT_EXPR_COMMENT, "bulkhead: declared flows", comment)) ==
			       0);
	assert(nft_expr_verdict(rule, (int)verdict, verdict == (uint32_t)NFT_JUMP ? "DOCKER-USER" : NULL) == 0);
	nftnl_rule_set_u64(rule, NFTNL_RULE_HANDLE, 77);
	header = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_NEWRULE, family, NLM_F_MULTI, 0);
	nftnl_rule_nlmsg_build_payload(header, rule);
	nftnl_rule_free(rule);
	return header->nlmsg_len;
}

static size_t put_chain(char *buffer, uint8_t family, const char *name, bool at_forward)
{
	struct nlmsghdr *header = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_NEWCHAIN, family, NLM_F_MULTI, 0);
	struct nlattr *hook;

	mnl_attr_put_strz(header, NFTA_CHAIN_TABLE, "filter");
	mnl_attr_put_strz(header, NFTA_CHAIN_NAME, name);
	if (at_forward) {
		hook = mnl_attr_nest_start(header, NFTA_CHAIN_HOOK);
		mnl_attr_put_u32(header, NFTA_HOOK_HOOKNUM, htonl(NF_INET_FORWARD));
		mnl_attr_put_u32(header, NFTA_HOOK_PRIORITY, 0);
		mnl_attr_nest_end(header, hook);
		mnl_attr_put_strz(header, NFTA_CHAIN_TYPE, "filter");
		mnl_attr_put_u32(header, NFTA_CHAIN_POLICY, htonl(NF_ACCEPT));
	}
	return header->nlmsg_len;
}

/* ---- ICC ---- */

static const enum kernel_docker_backend iptables[2] = { KERNEL_DOCKER_IPTABLES, KERNEL_DOCKER_IPTABLES };

static bool look(const enum kernel_docker_backend backends[2], enum kernel_icc_verdict verdicts[2])
{
	struct kernel kernel = scene_kernel();
	struct kernel_state state = { .docker = { { .backend = backends[0] }, { .backend = backends[1] } } };
	struct kernel_icc *icc = NULL;
	struct error err = { "" };
	int r = kernel_icc_new(&kernel, &state, MARK, &icc, &err);

	scene_unpoison();
	assert(r == 0 ? icc != NULL : !icc && err.text[0]);
	for (size_t i = 0; r == 0 && i < 2; i++) {
		char where[KERNEL_ICC_WHERE_SIZE];

		verdicts[i] = kernel_icc_verdict(icc, i, "docker0", where);
		assert(verdicts[i] <= KERNEL_ICC_DOUBTFUL && memchr(where, 0, sizeof(where)));
		assert(backends[i] != KERNEL_DOCKER_NONE || verdicts[i] == KERNEL_ICC_ABSENT);
	}
	kernel_icc_free(icc);
	return r == 0;
}

/* What becomes of it behind a chain at hook forward, and one more rule in front unless condition is CONDITIONS. */
static bool look_behind(char *buffer, size_t head, size_t size, uint32_t verdict, enum condition condition,
			enum kernel_icc_verdict verdicts[2])
{
	size_t used = put_chain(buffer, NFPROTO_IPV4, "FORWARD", true);
	bool known;

	if (condition != CONDITIONS)
		used += put_rule(buffer + used, NFPROTO_IPV4, "filter", "FORWARD", verdict, condition);
	memmove(buffer + used, buffer + head, size);
	scene.messages = buffer;
	scene.size = used + size;
	known = look(iptables, verdicts);
	memmove(buffer + head, buffer + used, size);
	return known;
}

/* Whatever stands there: a drop in front of it drops and an accept accepts, if it is about our bridge; and one that is
 * about others, or about the mark, which an undeclared packet has not, changes nothing. */
static void fuzz_icc(char *buffer, size_t head, size_t size)
{
	static const enum kernel_docker_backend nftables[2] = { KERNEL_DOCKER_NFTABLES, KERNEL_DOCKER_NONE };
	enum kernel_icc_verdict without[2], with[2];

	look(nftables, without);
	if (!look_behind(buffer, head, size, 0, CONDITIONS, without))
		return;
	for (uint32_t verdict = NF_DROP; verdict <= NF_ACCEPT; verdict++) {
		enum kernel_icc_verdict decided = verdict == NF_DROP ? KERNEL_ICC_DROPPED : KERNEL_ICC_ACCEPTED;

		for (int condition = NOTHING; condition < CONDITIONS; condition++) {
			bool fits = condition == NOTHING || condition == OUR_BRIDGE || condition == BRIDGES_LIKE_OURS;

			if (look_behind(buffer, head, size, verdict, (enum condition)condition, with))
				assert(with[0] == (fits ? decided : without[0]) && with[1] == without[1]);
		}
	}
}

/* ---- Our rule in Docker's chain ---- */

static bool read_docker(struct kernel_docker docker[2])
{
	struct kernel kernel = scene_kernel();
	struct error err = { "" };
	int r = kernel_docker_read(&kernel, MARK, docker, &err);

	scene_unpoison();
	assert(r == 0 || err.text[0]);
	for (size_t i = 0; r == 0 && i < 2; i++) {
		assert(memchr(docker[i].chain, 0, sizeof(docker[i].chain)));
		assert((docker[i].backend == KERNEL_DOCKER_IPTABLES) == (docker[i].chain[0] != '\0'));
		assert(docker[i].wanted == (docker[i].backend != KERNEL_DOCKER_NONE));
		assert(!docker[i].accept_present || docker[i].wanted);
		if (docker[i].backend == KERNEL_DOCKER_IPTABLES)
			assert(!docker[i].accept_present || docker[i].installed == 1);
	}
	return r == 0;
}

/* Whatever stands there: a right rule in front of it is seen, and is in order unless there is another one of ours; with
 * a rule in front of itself it never is. */
static void fuzz_docker(char *buffer, size_t head, size_t size)
{
	struct kernel_docker docker[2];

	read_docker(docker);
	for (int covered = 0; covered < 2; covered++) {
		size_t used = put_chain(buffer, NFPROTO_IPV4, "DOCKER-USER", false);

		used += put_chain(buffer + used, NFPROTO_IPV4, "FORWARD", true);
		used += put_rule(buffer + used, NFPROTO_IPV4, "filter", "FORWARD", (uint32_t)NFT_JUMP, NOTHING);
		if (covered)
			used += put_rule(buffer + used, NFPROTO_IPV4, "filter", "DOCKER-USER", NF_DROP, NOTHING);
		used += put_rule(buffer + used, NFPROTO_IPV4, "filter", "DOCKER-USER", NF_ACCEPT, OUR_MARK);
		memmove(buffer + used, buffer + head, size);
		scene.messages = buffer;
		scene.size = used + size;
		if (read_docker(docker) && docker[0].backend == KERNEL_DOCKER_IPTABLES)
			assert(docker[0].installed >= 1 &&
			       docker[0].accept_present == (!covered && docker[0].installed == 1));
		memmove(buffer + head, buffer + used, size);
	}
}

/* ---- News ---- */

/* The messages up to the first that is none. */
static size_t whole_messages(const char *messages, size_t size)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)messages;
	int left = (int)size;

	while (left > 0 && scene_ok(message, left))
		message = mnl_nlmsg_next(message, &left);
	return left > 0 ? size - (size_t)left : size;
}

static struct kernel_news drain(const char *messages, size_t size)
{
	struct kernel kernel = scene_kernel();
	struct kernel_news news = { 0 };
	struct error err = { "" };

	assert(send(scene.monitor[1], messages, size, 0) == (ssize_t)size);
	assert(kernel_monitor_drain(&kernel, &news, &err) == 0);
	assert(memchr(news.name, 0, sizeof(news.name)) && !news.lost);
	assert((news.pid == 0 && !news.name[0]) || news.ours || news.docker);
	return news;
}

/* Whatever was said before: a rule of ours that somebody changed is news, and what we did ourselves never is. */
static void fuzz_monitor(char *buffer, const char *messages, size_t size)
{
	struct nlmsghdr *own = (struct nlmsghdr *)(void *)buffer;
	struct kernel_news news;
	size_t used;

	size = whole_messages(messages, size);
	if (!size || size > 8192)
		return;
	news = drain(messages, size);
	assert(!news.ours || memmem(messages, size, KERNEL_TABLE, strlen(KERNEL_TABLE)));
	assert(!news.docker || memmem(messages, size, "docker-bridges", 14) || memmem(messages, size, "filter", 6));
	used = put_rule(buffer, NFPROTO_INET, KERNEL_TABLE, "forward", NF_ACCEPT, NOTHING);
	memmove(buffer + used, messages, size);
	assert(drain(buffer, used + size).ours);
	own->nlmsg_pid = SCENE_PORT;
	assert(drain(buffer, used + size).ours == news.ours);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* What comes in front is put before it. */
	const size_t head = 4096;
	bool rules = size && (data[0] == 'i' || data[0] == 'd');
	char *buffer;

	if (size < 1 || size > FOREIGN_INPUT_MAX)
		return 0;
	buffer = calloc(1, head + (rules ? FOREIGN_MESSAGES_MAX : size));
	if (!buffer)
		return 0;
	data++;
	size--;
	if (rules)
		size = foreign_rules(data, size, buffer + head);
	else
		memcpy(buffer + head, data, size);
	scene.messages = buffer + head;
	scene.size = size;
	if (data[-1] == 'i')
		fuzz_icc(buffer, head, size);
	else if (rules)
		fuzz_docker(buffer, head, size);
	else
		fuzz_monitor(buffer, buffer + head, size);
	free(buffer);
	return 0;
}
