/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three answers.  What the service uses, or a library that it uses may: allowed, with some arguments only where a call
 * does many things.  What only an intruder would call: the process ends.  Everything else: ENOSYS, as an older kernel
 * would say, because that is what libraries are prepared for; EPERM is not (a newer libc that tries a new call first
 * would fail instead of taking the old one).
 */
#include "confine_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* newer libcs name their memory */
#endif

/* The kind of a socket without SOCK_CLOEXEC and SOCK_NONBLOCK. */
#define KIND_MASK 0xfu

/* Names, not numbers: an architecture lacks some, and an old libseccomp does not know others. */
static const char *const allowed[] = {
	/* files; which are made, and what is done with descriptors, is below */
	"read",
	"write",
	"readv",
	"writev",
	"pread64",
	"pwrite64",
	"close",
	"close_range",
	"lseek",
	"_llseek",
	"access",
	"faccessat",
	"faccessat2",
	"stat",
	"stat64",
	"lstat",
	"lstat64",
	"fstat",
	"fstat64",
	"newfstatat",
	"fstatat64",
	"statx",
	"statfs",
	"statfs64",
	"fstatfs",
	"fstatfs64",
	"readlink",
	"readlinkat",
	"getdents",
	"getdents64",
	"getcwd",
	"flock",
	"fadvise64",
	"fadvise64_64",
	"dup",
	"dup2",
	"dup3",
	"pipe",
	"pipe2",
	"fsync",
	"fdatasync",
	"ftruncate",
	"ftruncate64",
	"rename",
	"renameat",
	"renameat2",
	"unlink",
	"unlinkat",
	"umask",
	/* waiting */
	"poll",
	"ppoll",
	"ppoll_time64",
	"select",
	"_newselect",
	"pselect6",
	"pselect6_time64",
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	"eventfd",
	"eventfd2",
	"timerfd_create",
	"timerfd_settime",
	"timerfd_settime64",
	"timerfd_gettime",
	"timerfd_gettime64",
	"signalfd",
	"signalfd4",
	"nanosleep",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"restart_syscall",
	/* sockets; which ones, and what is sent and set, is below */
	"connect",
	"bind",
	"getsockname",
	"getpeername",
	"getsockopt",
	"recv",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"recvmmsg_time64",
	"shutdown",
	/* memory; mmap and mprotect are below */
	"brk",
	"munmap",
	"mremap",
	"madvise",
	"mincore",
	"membarrier",
	/* threads, which resolve names */
	"futex",
	"futex_time64",
	"futex_waitv",
	"set_robust_list",
	"get_robust_list",
	"set_tid_address",
	"rseq",
	"sched_yield",
	"sched_getaffinity",
	"sched_getparam",
	"sched_getscheduler",
	"sched_get_priority_min",
	"sched_get_priority_max",
	"getcpu",
	"gettid",
	"set_thread_area",
	"set_tls",
	"exit",
	"exit_group",
	/* signals to ourselves */
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigpending",
	"rt_sigsuspend",
	"rt_sigtimedwait",
	"rt_sigtimedwait_time64",
	"sigaltstack",
	"sigreturn",
	/* what is */
	"clock_gettime",
	"clock_gettime64",
	"clock_getres",
	"clock_getres_time64",
	"gettimeofday",
	"time",
	"times",
	"getpid",
	"getppid",
	"getpgrp",
	"getuid",
	"getuid32",
	"geteuid",
	"geteuid32",
	"getgid",
	"getgid32",
	"getegid",
	"getegid32",
	"getresuid",
	"getresuid32",
	"getresgid",
	"getresgid32",
	"getgroups",
	"getgroups32",
	"capget",
	"uname",
	"sysinfo",
	"getrusage",
	"getrlimit",
	"ugetrlimit",
	"getrandom",
};

/* No library calls them behind one's back. */
static const char *const deadly[] = {
	"execve",
	"execveat",
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"init_module",
	"finit_module",
	"delete_module",
	"kexec_load",
	"kexec_file_load",
	"reboot",
	"mount",
	"umount",
	"umount2",
	"pivot_root",
	"chroot",
	"move_mount",
	"open_tree",
	"fsopen",
	"fsconfig",
	"fsmount",
	"fspick",
	"mount_setattr",
	"unshare",
	"setns",
	"swapon",
	"swapoff",
	"open_by_handle_at",
	"iopl",
	"ioperm",
	"acct",
	"settimeofday",
	"clock_settime",
	"clock_settime64",
};

struct filter {
	scmp_filter_ctx context;
	int result; /* of the first rule that could not be added */
};

static void add(struct filter *filter, uint32_t action, const char *name, unsigned count,
		const struct scmp_arg_cmp *arguments)
{
	int call = seccomp_syscall_resolve_name(name);

	if (call == __NR_SCMP_ERROR || filter->result < 0)
		return;
	filter->result = seccomp_rule_add_array(filter->context, action, call, count, arguments);
	/* An answer that is the default's already, or a call that this architecture does not have. */
	if (filter->result == -EACCES || filter->result == -EDOM)
		filter->result = 0;
}

/* An argument, or some of its bits. */
#define IS(argument, value)	      ((struct scmp_arg_cmp){ argument, SCMP_CMP_EQ, value, 0 })
#define MASKED(argument, mask, value) ((struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, mask, value })

#define allow_if(filter, name, ...)                                                                                    \
	add(filter, SCMP_ACT_ALLOW, name,                                                                              \
	    sizeof((struct scmp_arg_cmp[]){ __VA_ARGS__ }) / sizeof(struct scmp_arg_cmp),                              \
	    (struct scmp_arg_cmp[]){ __VA_ARGS__ })

/* Not by the default protocol's other names: MPTCP and SCTP connect where no rule of Landlock looks. */
static void allow_internet(struct filter *filter, unsigned family)
{
	static const struct {
		unsigned kind, protocol;
	} plain[] = {
		{ SOCK_STREAM, 0 }, { SOCK_STREAM, IPPROTO_TCP }, { SOCK_DGRAM, 0 }, { SOCK_DGRAM, IPPROTO_UDP }
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		allow_if(filter, "socket", IS(0, family), MASKED(1, KIND_MASK, plain[i].kind),
			 IS(2, plain[i].protocol));
}

static void allow_sockets(struct filter *filter, bool tcp)
{
	static const unsigned local[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	static const unsigned netlink[] = { NETLINK_ROUTE, NETLINK_NETFILTER, NETLINK_SOCK_DIAG };

	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		allow_if(filter, "socket", IS(0, AF_UNIX), MASKED(1, KIND_MASK, local[i]));
		allow_if(filter, "socketpair", IS(0, AF_UNIX), MASKED(1, KIND_MASK, local[i]));
	}
	for (size_t i = 0; i < sizeof(netlink) / sizeof(netlink[0]); i++)
		allow_if(filter, "socket", IS(0, AF_NETLINK), IS(2, netlink[i]));
	/* UDP asks name servers. */
	if (tcp) {
		allow_internet(filter, AF_INET);
		allow_internet(filter, AF_INET6);
	}
}

/* To send with MSG_FASTOPEN, or to connect and send after TCP_FASTOPEN_CONNECT, is a connect that Landlock does not
 * see. What libraries set of TCP and IP is named, because a filter cannot say "all but one" of 32 bits in 64. */
static void allow_sending(struct filter *filter)
{
	static const struct {
		const char *name;
		unsigned flags;
	} calls[] = { { "send", 3 }, { "sendto", 3 }, { "sendmsg", 2 }, { "sendmmsg", 3 } };
	static const int levels[] = { SOL_SOCKET, SOL_NETLINK };
	static const struct {
		int level, option;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY },	 { IPPROTO_TCP, TCP_KEEPIDLE },	    { IPPROTO_TCP, TCP_KEEPINTVL },
		{ IPPROTO_TCP, TCP_KEEPCNT },	 { IPPROTO_TCP, TCP_USER_TIMEOUT }, { IPPROTO_IP, IP_RECVERR },
		{ IPPROTO_IP, IP_MTU_DISCOVER }, { IPPROTO_IPV6, IPV6_RECVERR },    { IPPROTO_IPV6, IPV6_MTU_DISCOVER },
		{ IPPROTO_IPV6, IPV6_V6ONLY },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		allow_if(filter, calls[i].name, MASKED(calls[i].flags, MSG_FASTOPEN, 0));
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		allow_if(filter, "setsockopt", IS(1, (scmp_datum_t)levels[i]));
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		allow_if(filter, "setsockopt", IS(1, (scmp_datum_t)options[i].level),
			 IS(2, (scmp_datum_t)options[i].option));
}

/* Not F_SETOWN, F_SETSIG and O_ASYNC, by which the kernel sends signals to whom one likes; leases, watches, seals. */
static void allow_descriptors(struct filter *filter)
{
	static const char *const names[] = { "fcntl", "fcntl64" };
	static const int commands[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,     F_SETFD,	    F_GETFL,	 F_GETLK,
					F_SETLK, F_SETLKW,	  F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t j = 0; j < sizeof(commands) / sizeof(commands[0]); j++)
			allow_if(filter, names[i], IS(1, (scmp_datum_t)commands[j]));
		allow_if(filter, names[i], IS(1, F_SETFL), MASKED(2, O_ASYNC, 0));
	}
}

/* No file is made that runs as its owner.  The mode counts only where a file is made.  openat2 says it in memory, where
 * no filter can look, and chmod is not allowed at all; fchmod is, for file_replace. */
static void allow_files(struct filter *filter)
{
	static const unsigned makes = O_CREAT | (O_TMPFILE & ~O_DIRECTORY), special = S_ISUID | S_ISGID;

	allow_if(filter, "open", MASKED(1, makes, 0));
	allow_if(filter, "open", MASKED(2, special, 0));
	allow_if(filter, "openat", MASKED(2, makes, 0));
	allow_if(filter, "openat", MASKED(3, special, 0));
	allow_if(filter, "mkdir", MASKED(1, special, 0));
	allow_if(filter, "mkdirat", MASKED(2, special, 0));
	allow_if(filter, "fchmod", MASKED(1, special, 0));
}

/* No memory is written and executed at once, and none that was mapped to be written is executed later.  Of a file that
 * is mapped twice that does not hold.  Only names need code after the start (libc loads what nsswitch.conf says): with
 * an engine that is a socket no file is mapped to be executed at all. */
static void allow_memory(struct filter *filter, bool code)
{
	static const char *const maps[] = { "mmap", "mmap2" };

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		allow_if(filter, maps[i], MASKED(2, PROT_EXEC, 0));
		if (code)
			allow_if(filter, maps[i], MASKED(2, PROT_WRITE | PROT_EXEC, PROT_EXEC),
				 MASKED(3, MAP_ANONYMOUS | MAP_SHARED, 0));
	}
	allow_if(filter, "mprotect", MASKED(2, PROT_EXEC, 0));
}

static void allow_some(struct filter *filter)
{
	static const unsigned long requests[] = { FIONREAD, FIONBIO, TCGETS, TIOCGWINSZ };

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		allow_if(filter, "ioctl", IS(1, requests[i]));
		/* A thread, no process.  clone3 says it in memory, where no filter can look; ENOSYS makes libc use this
		 * one. */
#ifdef __s390__
	allow_if(filter, "clone", MASKED(1, CLONE_THREAD, CLONE_THREAD));
#else
	allow_if(filter, "clone", MASKED(0, CLONE_THREAD, CLONE_THREAD));
#endif
	/* abort() */
	allow_if(filter, "tgkill", IS(0, (scmp_datum_t)getpid()));
	allow_if(filter, "prctl", IS(0, PR_SET_NAME));
	allow_if(filter, "prctl", IS(0, PR_SET_VMA));
	/* Limits may be read. */
	allow_if(filter, "prlimit64", IS(2, 0));
}

static int build(struct filter *filter, bool tcp)
{
	uint32_t end = seccomp_api_get() >= 3 ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_KILL;

	/* Not SCMP_FLTATR_CTL_LOG: it logs each ENOSYS too, of which a name's look-up makes one.  What ends the process
	 * is in the kernel's log without it. */
	(void)seccomp_attr_set(filter->context, SCMP_FLTATR_ACT_BADARCH, end);
	/* Half a hundred comparisons otherwise, for each call. */
	(void)seccomp_attr_set(filter->context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		add(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
	allow_files(filter);
	allow_descriptors(filter);
	allow_sockets(filter, tcp);
	allow_sending(filter);
	allow_memory(filter, tcp);
	allow_some(filter);
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		add(filter, end, deadly[i], 0, NULL);
	return filter->result;
}

int confine_seccomp(const struct confine_plan *plan, char text[160], struct error *err)
{
	struct filter filter = { .context = seccomp_init(SCMP_ACT_ERRNO(ENOSYS)) };
	int r;

	if (!filter.context || (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL)) {
		if (filter.context)
			seccomp_release(filter.context);
		return error_set(err, -EOPNOTSUPP, "this kernel does not have it");
	}
	r = build(&filter, plan->tcp);
	if (r == 0)
		r = seccomp_load(filter.context);
	seccomp_release(filter.context);
	if (r < 0)
		return error_set(err, r, "the filter cannot be loaded: %s", strerror(-r));
	snprintf(text, 160, "%zu system calls, others in part%s", sizeof(allowed) / sizeof(allowed[0]),
		 plan->tcp ? ", and TCP" : "");
	return 0;
}
