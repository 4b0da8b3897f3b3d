/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded into the program under test (LD_PRELOAD), so that the program itself need not know of faults.  A page that the
 * test maps as well (named by BULKHEAD_FAULT, struct page below, fault.py) says what is to go wrong:
 *
 *   - the process is killed before or after the call number `stop_at` of those that leave a trace outside it
 *   - nftables' transactions fail when they are sent, or are answered with an error and not carried out
 *   - the kernel does not know an expression, or a table's flags (the name in the message is spoiled on its way: what
 *     comes back is the kernel's own answer)
 *   - sockets' receive buffers are small, and overrun
 *   - both clocks jump
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NAMES  4096
#define HEADER sizeof(struct nlattr)

enum transaction_fault {
	TRANSACTION_SENT,    /* and carried out */
	TRANSACTION_UNSENT,  /* sendto fails with `error` */
	TRANSACTION_REFUSED, /* it seems to be sent, and the answer is `error` */
};

struct page {
	uint64_t steps, stop_at; /* each call is two steps: before and after it */
	int64_t realtime_ns, monotonic_ns;
	uint64_t transaction, error;
	uint64_t no_flags;	/* 1: tables have no flags */
	uint64_t small_buffers; /* of subscriptions (1), of all sockets (2): the smallest there are */
	uint64_t happened;	/* how many faults so far */
	char expression[16];	/* "": all are known */
	char names[NAMES][16];	/* of the calls */
};

static struct page *page;

/* Of a transaction that was refused: what its reader gets. */
static struct {
	struct nlmsghdr header;
	struct nlmsgerr error;
} answer;
static bool answer_waits;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("BULKHEAD_FAULT");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED) {
		fprintf(stderr, "fault: BULKHEAD_FAULT=%s cannot be mapped\n", path ? path : "");
		_exit(3);
	}
	close(fd);
	page = at;
}

static void *real(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

static void step(const char *name)
{
	int saved = errno;
	uint64_t number;

	if (!page)
		return;
	number = ++page->steps;
	if (number <= NAMES)
		snprintf(page->names[number - 1], sizeof(page->names[0]), "%s", name);
	if (number == page->stop_at) {
		kill(getpid(), SIGKILL);
		__builtin_trap(); /* somebody forbids kill */
	}
	errno = saved;
}

#define AROUND(name, call)                                                                                             \
	({                                                                                                             \
		__typeof__(call) result_;                                                                              \
		step(name);                                                                                            \
		result_ = (call);                                                                                      \
		step(name);                                                                                            \
		result_;                                                                                               \
	})

/* ---- Transactions ---- */

static bool is_batch(const void *data, size_t length)
{
	const struct nlmsghdr *header = data;

	return length >= sizeof(*header) && header->nlmsg_type == NFNL_MSG_BATCH_BEGIN;
}

/* The expression's name as an attribute, with another first letter. */
static void spoil_expression(uint8_t *data, size_t length)
{
	size_t size = strlen(page->expression) + 1;
	uint8_t wanted[HEADER + sizeof(page->expression)];
	struct nlattr attribute = { .nla_len = (uint16_t)(HEADER + size), .nla_type = NFTA_EXPR_NAME };
	uint8_t *at = data;

	memcpy(wanted, &attribute, HEADER);
	memcpy(wanted + HEADER, page->expression, size);
	while ((at = memmem(at, length - (size_t)(at - data), wanted, HEADER + size))) {
		at[HEADER] = 'Z';
		page->happened++;
		at += HEADER + size;
	}
}

/* A flag that no kernel knows yet, in each table that has flags. */
static void spoil_flags(uint8_t *data, size_t length)
{
	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= length;) {
		struct nlmsghdr *header = (void *)(data + at);
		size_t left = sizeof(*header) + sizeof(struct nfgenmsg);

		if (header->nlmsg_len < sizeof(*header))
			return;
		for (; header->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE) &&
		       left + HEADER <= header->nlmsg_len;) {
			struct nlattr *attribute = (void *)(data + at + left);

			if (attribute->nla_len < HEADER)
				break;
			if ((attribute->nla_type & NLA_TYPE_MASK) == NFTA_TABLE_FLAGS && data[at + left + 7]) {
				data[at + left + HEADER] = 0x40;
				page->happened++;
			}
			left += (size_t)NLA_ALIGN(attribute->nla_len);
		}
		at += (size_t)NLMSG_ALIGN(header->nlmsg_len);
	}
}

static ssize_t refuse(const void *data, size_t length)
{
	const struct nlmsghdr *header = data;

	page->happened++;
	if (page->transaction == TRANSACTION_UNSENT) {
		errno = (int)page->error;
		return -1;
	}
	memset(&answer, 0, sizeof(answer));
	answer.header = (struct nlmsghdr){ .nlmsg_len = sizeof(answer),
					   .nlmsg_type = NLMSG_ERROR,
					   .nlmsg_flags = NLM_F_CAPPED,
					   .nlmsg_seq = header->nlmsg_seq,
					   .nlmsg_pid = header->nlmsg_pid };
	answer.error = (struct nlmsgerr){ .error = -(int)page->error, .msg = *header };
	answer_waits = true;
	return (ssize_t)length;
}

ssize_t sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to, socklen_t size)
{
	ssize_t (*next)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) = real("sendto");

	if (page && is_batch(data, length)) {
		if (page->transaction != TRANSACTION_SENT)
			return refuse(data, length);
		if (page->expression[0])
			spoil_expression((uint8_t *)(uintptr_t)data, length);
		if (page->no_flags)
			spoil_flags((uint8_t *)(uintptr_t)data, length);
		return AROUND("transaction", next(fd, data, length, flags, to, size));
	}
	return AROUND("sendto", next(fd, data, length, flags, to, size));
}

ssize_t recv(int fd, void *data, size_t length, int flags)
{
	ssize_t (*next)(int, void *, size_t, int) = real("recv");

	if (answer_waits && length >= sizeof(answer)) {
		int protocol = 0;
		socklen_t size = sizeof(protocol);

		if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && protocol == NETLINK_NETFILTER) {
			answer_waits = false;
			memcpy(data, &answer, sizeof(answer));
			return sizeof(answer);
		}
	}
	return AROUND("recv", next(fd, data, length, flags));
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	ssize_t (*next)(int, struct msghdr *, int) = real("recvmsg");

	return AROUND("recvmsg", next(fd, message, flags));
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
	int (*next)(int, int, int, const void *, socklen_t) = real("setsockopt");
	static const int least = 1;

	if (page && level == SOL_SOCKET && (option == SO_RCVBUF || option == SO_RCVBUFFORCE) &&
	    page->small_buffers > ((fcntl(fd, F_GETFL) & O_NONBLOCK) ? 0 : 1)) {
		page->happened++;
		return next(fd, level, SO_RCVBUF, &least, sizeof(least));
	}
	return next(fd, level, option, value, size);
}

/* ---- Files ---- */

int rename(const char *from, const char *to)
{
	int (*next)(const char *, const char *) = real("rename");

	return AROUND("rename", next(from, to));
}

int fsync(int fd)
{
	int (*next)(int) = real("fsync");

	return AROUND("fsync", next(fd));
}

int unlink(const char *path)
{
	int (*next)(const char *) = real("unlink");

	return AROUND("unlink", next(path));
}

int mkdir(const char *path, mode_t mode)
{
	int (*next)(const char *, mode_t) = real("mkdir");

	return AROUND("mkdir", next(path, mode));
}

ssize_t write(int fd, const void *data, size_t length)
{
	ssize_t (*next)(int, const void *, size_t) = real("write");

	return AROUND("write", next(fd, data, length));
}

int open(const char *path, int flags, ...)
{
	int (*next)(const char *, int, ...) = real("open");
	mode_t mode = 0;
	va_list more;

	if (flags & O_CREAT) {
		va_start(more, flags);
		mode = va_arg(more, mode_t);
		va_end(more);
	}
	if (flags & (O_CREAT | O_WRONLY | O_RDWR))
		return AROUND("open", next(path, flags, mode));
	return next(path, flags, mode);
}

/* ---- Clocks ---- */

static void shift(struct timespec *now, int64_t ns)
{
	int64_t sum = now->tv_nsec + ns % 1000000000;

	now->tv_sec += ns / 1000000000 + sum / 1000000000;
	now->tv_nsec = sum % 1000000000;
	if (now->tv_nsec < 0) {
		now->tv_nsec += 1000000000;
		now->tv_sec--;
	}
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int (*next)(clockid_t, struct timespec *) = real("clock_gettime");
	int r = next(clock, now);

	if (r == 0 && page && clock == CLOCK_REALTIME)
		shift(now, page->realtime_ns);
	if (r == 0 && page && clock == CLOCK_MONOTONIC)
		shift(now, page->monotonic_ns);
	return r;
}

/* The kernel's own clock does not jump. */
int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *ret_old)
{
	int (*next)(int, int, const struct itimerspec *, struct itimerspec *) = real("timerfd_settime");
	struct itimerspec moved = *when;

	if (page && (flags & TFD_TIMER_ABSTIME) && (moved.it_value.tv_sec || moved.it_value.tv_nsec)) {
		shift(&moved.it_value, -page->monotonic_ns);
		if (moved.it_value.tv_sec < 0)
			moved.it_value = (struct timespec){ .tv_nsec = 1 };
	}
	return next(fd, flags, &moved, ret_old);
}

time_t time(time_t *ret_now)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret_now)
		*ret_now = now.tv_sec;
	return now.tv_sec;
}
