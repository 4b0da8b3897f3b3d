/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three answers.  What the service uses, or a library that it uses may: allowed, with some arguments only where a call
 * does many things.  What only an intruder would call: the process ends.  Everything else: ENOSYS, as an older kernel
 * would say, because that is what libraries are prepared for; EPERM is not (a newer libc that tries a new call first
 * would fail instead of taking the old one).
 */
#include "confine_internal.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* newer libcs name their memory */
#endif

/* The kind of a socket without SOCK_CLOEXEC and SOCK_NONBLOCK. */
#define KIND_MASK 0xfu

/* Names, not numbers: an architecture lacks some, and an old libseccomp does not know others. */
static const char *const allowed[] = {
	/* files */
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
	"open",
	"openat",
	"openat2",
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
	"fcntl",
	"fcntl64",
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
	"fchmod",
	"unlink",
	"unlinkat",
	"mkdir",
	"mkdirat",
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
	/* sockets; which ones is below */
	"connect",
	"bind",
	"getsockname",
	"getpeername",
	"getsockopt",
	"setsockopt",
	"send",
	"sendto",
	"sendmsg",
	"sendmmsg",
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

static void allow_sockets(struct filter *filter, bool tcp)
{
	static const unsigned local[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	static const unsigned netlink[] = { NETLINK_ROUTE, NETLINK_NETFILTER };

	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		allow_if(filter, "socket", IS(0, AF_UNIX), MASKED(1, KIND_MASK, local[i]));
		allow_if(filter, "socketpair", IS(0, AF_UNIX), MASKED(1, KIND_MASK, local[i]));
	}
	for (size_t i = 0; i < sizeof(netlink) / sizeof(netlink[0]); i++)
		allow_if(filter, "socket", IS(0, AF_NETLINK), IS(2, netlink[i]));
	/* UDP asks name servers. */
	for (size_t i = 0; tcp && i < 2; i++) {
		allow_if(filter, "socket", IS(0, AF_INET), MASKED(1, KIND_MASK, local[i]));
		allow_if(filter, "socket", IS(0, AF_INET6), MASKED(1, KIND_MASK, local[i]));
	}
}

static void allow_some(struct filter *filter)
{
	static const unsigned long requests[] = { FIONREAD, FIONBIO, TCGETS, TIOCGWINSZ };
	static const char *const maps[] = { "mmap", "mmap2" };

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		allow_if(filter, "ioctl", IS(1, requests[i]));
	/* No memory is both written and executed. */
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		allow_if(filter, maps[i], MASKED(2, PROT_WRITE, 0));
		allow_if(filter, maps[i], MASKED(2, PROT_WRITE | PROT_EXEC, PROT_WRITE));
	}
	allow_if(filter, "mprotect", MASKED(2, PROT_EXEC, 0));
	/* A thread, no process.  clone3 says it in memory, where no filter can look; ENOSYS makes libc use this one. */
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

	/* What others are refused is in the kernel's log, where there is an audit. */
	(void)seccomp_attr_set(filter->context, SCMP_FLTATR_CTL_LOG, 1);
	(void)seccomp_attr_set(filter->context, SCMP_FLTATR_ACT_BADARCH, end);
	/* Half a hundred comparisons otherwise, for each call. */
	(void)seccomp_attr_set(filter->context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		add(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
	allow_sockets(filter, tcp);
	allow_some(filter);
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		add(filter, end, deadly[i], 0, NULL);
	return filter->result;
}

int confine_seccomp(const struct confine_plan *plan, char text[160], struct error *err)
{
	struct filter filter = { .context = seccomp_init(SCMP_ACT_ERRNO(ENOSYS)) };
	int r;

	if (!filter.context)
		return error_set(err, -EOPNOTSUPP, "this kernel does not have it");
	r = build(&filter, plan->tcp);
	if (r == 0)
		r = seccomp_load(filter.context);
	seccomp_release(filter.context);
	if (r < 0)
		return error_set(err, r, "the filter cannot be loaded: %s", strerror(-r));
	snprintf(text, 160, "%zu system calls%s", sizeof(allowed) / sizeof(allowed[0]), plan->tcp ? ", and TCP" : "");
	return 0;
}
