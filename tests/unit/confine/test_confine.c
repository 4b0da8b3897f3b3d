/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a confined service cannot do any more, each deed done first without confinement; each confinement alone, so that
 * none hides that another does nothing; and what it still can.  All of it in children: there is no way back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "confine_internal.h"
#include "datapath.h"
#include "flow_files.h"
#include "kernel.h"
#include "links.h"
#include "bridges_file.h"

#define PASSED 77
#define BROKEN 78

static char directory[] = "/tmp/test_confine-XXXXXX";
static char outside[64], secret[96];
static int listener = -1, other_listener = -1, unix_listener = -1;
static uint16_t port, other_port;

/* ---- The scene ---- */

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static const char *in(const char *name)
{
	static char paths[4][160];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static int listen_at(uint16_t *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static int set_up(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(mkdir(in("etc"), 0755), 0);
	assert_int_equal(mkdir(in("etc/flows.d"), 0755), 0);
	snprintf(outside, sizeof(outside), "%s/outside", directory);
	assert_int_equal(mkdir(outside, 0755), 0);
	snprintf(secret, sizeof(secret), "%s/secret", outside);
	put(secret, "secret");
	put(in("linked.json"), "{ \"app\": \"linked\", \"flows\": [] }");
	put(in("etc/flows.d/shop.json"), "{ \"app\": \"shop\", \"flows\": [] }");
	put(in("etc/bulkhead.json"), "{}");
	listener = listen_at(&port);
	other_listener = listen_at(&other_port);
	unix_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/engine", outside);
	assert_int_equal(bind(unix_listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(unix_listener, 16), 0);
	return 0;
}

static int tear_down(void **state)
{
	char command[160];

	(void)state;
	close(listener);
	close(other_listener);
	close(unix_listener);
	snprintf(command, sizeof(command), "rm -r -- %s", directory);
	return system(command);
}

static struct confine_plan *plan_with(bool tcp, const char *dns)
{
	static struct options options;
	static char config_path[160];
	struct diagnostics diagnostics = { 0 };
	struct host host = { .options = &options };
	struct confine_plan *plan;
	char text[640];

	snprintf(config_path, sizeof(config_path), "%s", in("etc/bulkhead.json"));
	options.config = config_path;
	snprintf(text, sizeof(text), "{\"docker\": \"%s%s:%u\", \"flows\": \"%s\", \"state\": \"%s\", \"dns\": [%s]}",
		 tcp ? "tcp://" : "unix:///", tcp ? "127.0.0.1" : "nowhere", port, in("etc/flows.d"), in("state"), dns);
	assert_int_equal(config_parse("test", text, strlen(text), &diagnostics, &host.config), 0);
	assert_int_equal(confine_plan_new(&host, &plan, NULL), 0);
	config_free(host.config);
	diagnostics_clear(&diagnostics);
	return plan;
}

static struct confine_plan *plan_of(bool tcp)
{
	return plan_with(tcp, "\"192.0.2.1\"");
}

/* ---- Deeds: 0, or an errno ---- */

static int result(long value)
{
	return value < 0 ? errno : 0;
}

static int reads(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : result(read(fd, &byte, 1));
}

static int read_secret(void)
{
	return reads(secret);
}

static int read_shadow(void)
{
	return reads("/etc/shadow");
}

static int list_outside(void)
{
	return result(open(outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int write_secret(void)
{
	return result(open(secret, O_WRONLY | O_CLOEXEC));
}

static int truncate_secret(void)
{
	return result(truncate(secret, 6));
}

static int make_outside(void)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/new", outside);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? errno : result(unlink(path));
}

static int write_flow_file(void)
{
	return result(open(in("etc/flows.d/shop.json"), O_WRONLY | O_CLOEXEC));
}

/* Root may, without any capability: the file is root's. */
static int open_core_pattern(void)
{
	return result(open("/proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC));
}

static int connect_to(uint16_t to)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(to),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int connect_elsewhere(void)
{
	return connect_to(other_port);
}

static int connect_to_engine(void)
{
	return connect_to(port);
}

static int listen_tcp(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : result(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int signal_others(void)
{
	return result(kill(getppid(), 0));
}

static int execute(void)
{
	char *const arguments[] = { "true", NULL }, *const environment[] = { NULL };

	/* Its exit status is 0, which is success. */
	execve("/bin/true", arguments, environment);
	return errno;
}

/* Without connect(): what Landlock sees is the connect alone. */
static int send_fast(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(other_port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno
		      : result(sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&address,
				      sizeof(address)));
}

static int send_messages_fast(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(other_port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct mmsghdr message = { .msg_hdr = { .msg_name = &address,
						.msg_namelen = sizeof(address),
						.msg_iov = &(struct iovec){ (char[]){ "x" }, 1 },
						.msg_iovlen = 1 } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	return result(sendmmsg(fd, &message, 1, MSG_FASTOPEN)) ?: result(sendmsg(fd, &message.msg_hdr, 0));
}

static int send_message_fast(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(other_port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct msghdr message = { .msg_name = &address,
				  .msg_namelen = sizeof(address),
				  .msg_iov = &(struct iovec){ (char[]){ "x" }, 1 },
				  .msg_iovlen = 1 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : result(sendmsg(fd, &message, MSG_FASTOPEN));
}

static int connect_fast(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : result(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &(int){ 1 }, sizeof(int)));
}

/* As multipath TCP and SCTP, a kernel may lack both: another protocol of datagrams that it has. */
static int other_protocol(void)
{
	return result(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDPLITE));
}

static int multipath_socket(void)
{
	return result(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 262 /* IPPROTO_MPTCP */));
}

static int own_descriptor(void)
{
	int fds[2];

	return result(pipe2(fds, O_CLOEXEC)) ?: result(fcntl(fds[0], F_SETOWN, getppid()));
}

static int choose_signal(void)
{
	int fds[2];

	return result(pipe2(fds, O_CLOEXEC)) ?: result(fcntl(fds[0], F_SETSIG, SIGUSR1));
}

static int be_told_by_signal(void)
{
	int fds[2];

	return result(pipe2(fds, O_CLOEXEC)) ?: result(fcntl(fds[0], F_SETFL, O_ASYNC));
}

static int make_setuid(void)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/setuid", outside);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 04755);
	return fd < 0 ? errno : result(unlink(path));
}

static int make_setgid_unnamed(void)
{
	return result(open(outside, O_WRONLY | O_TMPFILE | O_CLOEXEC, 02755));
}

/* openat2: the mode is in memory. */
static int make_by_memory(void)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = { .flags = O_RDONLY | O_CLOEXEC };

	return result(syscall(437 /* openat2 */, AT_FDCWD, secret, &how, sizeof(how)));
}

static int make_setgid_directory(void)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/setgid", outside);
	return result(mkdir(path, 02755)) ?: result(unlinkat(AT_FDCWD, path, AT_REMOVEDIR));
}

static int become_setuid(void)
{
	return result(chmod(secret, 04600)) ?: result(chmod(secret, 0600));
}

static int become_setuid_open(void)
{
	int fd = open(secret, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : result(fchmod(fd, 04600)) ?: result(fchmod(fd, 0600));
}

static int map_code(const char *path, int flags)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *place = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_EXEC, flags, fd, 0);

	return place == MAP_FAILED ? errno : 0;
}

static int execute_file(void)
{
	return map_code(secret, MAP_PRIVATE);
}

static int execute_shared_file(void)
{
	return map_code(secret, MAP_SHARED);
}

static int packet_socket(void)
{
	return result(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int raw_socket(void)
{
	return result(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
}

static int internet_socket(void)
{
	return result(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int other_netlink(void)
{
	return result(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
}

static int new_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : result(waitpid(pid, NULL, 0));
}

static int mount_something(void)
{
	return result(mount("none", outside, "tmpfs", 0, NULL));
}

static int trace_me(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int load_bpf(void)
{
	union bpf_attr attr = { 0 };

	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = 1;
	return result(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static int new_namespace(void)
{
	return result(unshare(CLONE_NEWNET));
}

static int other_namespace(void)
{
	return result(setns(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), CLONE_NEWNET));
}

static int read_memory(void)
{
	char from[8] = "abcdefg", to[8];

	return result(process_vm_readv(getpid(), &(struct iovec){ to, 8 }, 1, &(struct iovec){ from, 8 }, 1, 0));
}

static int change_root(void)
{
	return result(chroot("/"));
}

static int become_nobody(void)
{
	return result(setuid(65534));
}

static int become_root(void)
{
	return result(setuid(0));
}

static int give_away(void)
{
	return result(chown(secret, 65534, 65534)) ?: result(chown(secret, 0, 0));
}

static int be_preferred(void)
{
	return result(setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) - 1));
}

static int raise_limit(void)
{
	struct rlimit limit;

	return result(getrlimit(RLIMIT_NOFILE, &limit)) ?: result(setrlimit(RLIMIT_NOFILE, &limit));
}

static int write_and_execute(void)
{
	void *place = mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return place == MAP_FAILED ? errno : 0;
}

static int execute_what_was_written(void)
{
	void *place = mmap(NULL, 4096, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return place == MAP_FAILED ? errno : result(mprotect(place, 4096, PROT_EXEC));
}

static int be_signalled(void)
{
	int fds[2];

	return result(pipe2(fds, O_CLOEXEC)) ?: result(ioctl(fds[0], FIOASYNC, &(int){ 0 }));
}

static int bounding_set(void)
{
	for (unsigned long capability = 0; capability < 64; capability++) {
		int held = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);

		if (held > 0 && capability != 12 /* CAP_NET_ADMIN */)
			return 0;
	}
	return EPERM;
}

static int new_privileges(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) ? EPERM : 0;
}

/* ---- Carrying them out ---- */

static int confine_by(enum confine_part part, const struct confine_plan *plan)
{
	char text[160];

	if (part != CONFINE_CAPABILITIES && confine_no_new_privileges(text, NULL) < 0)
		return -1;
	switch (part) {
	case CONFINE_CAPABILITIES:
		return confine_capabilities(text, NULL);
	case CONFINE_LANDLOCK:
		return confine_landlock(plan, text, NULL);
	case CONFINE_SECCOMP:
		return confine_seccomp(plan, text, NULL);
	default:
		return 0;
	}
}

/* part: or CONFINE_PARTS for none.  What waitpid tells; exit status PASSED for success, else the errno. */
static int carry_out(int (*deed)(void), enum confine_part part, const struct confine_plan *plan)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int answer;

		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		if (geteuid() == 0 &&
		    (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
			_exit(BROKEN);
		if (part != CONFINE_PARTS && confine_by(part, plan) < 0)
			_exit(BROKEN);
		answer = deed();
		_exit(answer ? answer : PASSED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* 0: this kernel has no Landlock. */
static int landlock_abi(void)
{
	long abi = syscall(444 /* landlock_create_ruleset */, NULL, 0, 1u);

	return abi < 0 ? 0 : (int)abi;
}

static bool passed(int status)
{
	return WIFEXITED(status) && (WEXITSTATUS(status) == PASSED || WEXITSTATUS(status) == 0);
}

#define KILLED 1000

static const struct {
	const char *name;
	int (*deed)(void);
	enum confine_part part;
	int expected; /* an errno, or KILLED */
	bool tcp;
	int abi; /* of Landlock, from which on */
} forbidden[] = {
	{ "read a file outside", read_secret, CONFINE_LANDLOCK, EACCES, false, 1 },
	{ "read /etc/shadow", read_shadow, CONFINE_LANDLOCK, EACCES, false, 1 },
	{ "list a directory outside", list_outside, CONFINE_LANDLOCK, EACCES, false, 1 },
	{ "write a file outside", write_secret, CONFINE_LANDLOCK, EACCES, false, 1 },
	{ "truncate a file outside", truncate_secret, CONFINE_LANDLOCK, EACCES, false, 3 },
	{ "make a file outside", make_outside, CONFINE_LANDLOCK, EACCES, false, 1 },
	{ "write a flow file", write_flow_file, CONFINE_LANDLOCK, EACCES, false, 1 },
	{ "write kernel.core_pattern", open_core_pattern, CONFINE_LANDLOCK, EACCES, false, 1 },
	{ "connect elsewhere than to the engine", connect_elsewhere, CONFINE_LANDLOCK, EACCES, true, 4 },
	{ "connect by TCP where the engine is a socket", connect_to_engine, CONFINE_LANDLOCK, EACCES, false, 4 },
	{ "listen", listen_tcp, CONFINE_LANDLOCK, EACCES, true, 4 },
	{ "signal others", signal_others, CONFINE_LANDLOCK, EPERM, false, 6 },
	{ "execute (landlock)", execute, CONFINE_LANDLOCK, EACCES, false, 1 },
	{ "mount (landlock)", mount_something, CONFINE_LANDLOCK, EPERM, false, 1 },

	{ "execute", execute, CONFINE_SECCOMP, KILLED, false, 0 },
	{ "mount", mount_something, CONFINE_SECCOMP, KILLED, false, 0 },
	{ "ptrace", trace_me, CONFINE_SECCOMP, KILLED, false, 0 },
	{ "bpf", load_bpf, CONFINE_SECCOMP, KILLED, false, 0 },
	{ "unshare", new_namespace, CONFINE_SECCOMP, KILLED, false, 0 },
	{ "setns", other_namespace, CONFINE_SECCOMP, KILLED, false, 0 },
	{ "read another's memory", read_memory, CONFINE_SECCOMP, KILLED, false, 0 },
	{ "chroot", change_root, CONFINE_SECCOMP, KILLED, false, 0 },
	{ "fork", new_process, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "setuid", become_root, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "chown", give_away, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "kill", signal_others, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "set a limit", raise_limit, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "a packet socket", packet_socket, CONFINE_SECCOMP, ENOSYS, true, 0 },
	{ "a raw socket", raw_socket, CONFINE_SECCOMP, ENOSYS, true, 0 },
	{ "an internet socket", internet_socket, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "send where nothing is connected", send_fast, CONFINE_SECCOMP, ENOSYS, true, 0 },
	{ "the same, by message", send_message_fast, CONFINE_SECCOMP, ENOSYS, true, 0 },
	{ "the same, by messages", send_messages_fast, CONFINE_SECCOMP, ENOSYS, true, 0 },
	{ "connect by sending", connect_fast, CONFINE_SECCOMP, ENOSYS, true, 0 },
	{ "a protocol that is neither TCP nor UDP", other_protocol, CONFINE_SECCOMP, ENOSYS, true, 0 },
	{ "own a descriptor for another", own_descriptor, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "choose a signal", choose_signal, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "be told by signal", be_told_by_signal, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "make a setuid file", make_setuid, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "make a setgid file without a name", make_setgid_unnamed, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "make a setgid directory", make_setgid_directory, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "openat2", make_by_memory, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "chmod", become_setuid, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "fchmod", become_setuid_open, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "execute a file's memory", execute_file, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "execute a file's memory that is shared", execute_shared_file, CONFINE_SECCOMP, ENOSYS, true, 0 },
	{ "another netlink family", other_netlink, CONFINE_SECCOMP, ENOSYS, true, 0 },
	{ "memory to write and to execute", write_and_execute, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "execute what was written", execute_what_was_written, CONFINE_SECCOMP, ENOSYS, false, 0 },
	{ "other ioctls", be_signalled, CONFINE_SECCOMP, ENOSYS, false, 0 },

	{ "a packet socket (capabilities)", packet_socket, CONFINE_CAPABILITIES, EPERM, false, 0 },
	{ "mount (capabilities)", mount_something, CONFINE_CAPABILITIES, EPERM, false, 0 },
	{ "setuid (capabilities)", become_nobody, CONFINE_CAPABILITIES, EPERM, false, 0 },
	{ "chown (capabilities)", give_away, CONFINE_CAPABILITIES, EPERM, false, 0 },
	{ "chroot (capabilities)", change_root, CONFINE_CAPABILITIES, EPERM, false, 0 },
	{ "unshare (capabilities)", new_namespace, CONFINE_CAPABILITIES, EPERM, false, 0 },
	{ "be preferred", be_preferred, CONFINE_CAPABILITIES, EACCES, false, 0 },
	{ "anything in the bounding set", bounding_set, CONFINE_CAPABILITIES, EPERM, false, 0 },

	{ "new privileges", new_privileges, CONFINE_NO_NEW_PRIVILEGES, EPERM, false, 0 },
};

static void what_is_forbidden_fails(void **state)
{
	struct confine_plan *plans[] = { plan_of(false), plan_of(true) };
	size_t bad = 0;

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		int control, status, expected = forbidden[i].expected;
		bool as_expected;

		if (landlock_abi() < forbidden[i].abi) {
			fprintf(stderr, "skipped: %s: this kernel's Landlock is too old\n", forbidden[i].name);
			continue;
		}
		control = carry_out(forbidden[i].deed, CONFINE_PARTS, NULL);
		status = carry_out(forbidden[i].deed, forbidden[i].part, plans[forbidden[i].tcp]);
		as_expected = expected == KILLED ? WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS
						 : WIFEXITED(status) && WEXITSTATUS(status) == expected;

		if (passed(control) && as_expected)
			continue;
		print_error("%s: without confinement %#x (%s), confined %#x, expected %d\n", forbidden[i].name,
			    (unsigned)control, passed(control) ? "passed" : "FAILED", (unsigned)status, expected);
		bad++;
	}
	assert_int_equal(bad, 0);
	confine_plan_free(plans[0]);
	confine_plan_free(plans[1]);
}

/* ---- What still works, with all of them at once ---- */

static bool step(bool ok, const char *what)
{
	if (!ok)
		fprintf(stderr, "confined: %s: %s\n", what, strerror(errno));
	return ok;
}

static size_t load_flows(void)
{
	const char *const paths[] = { in("etc/flows.d") };
	struct diagnostics diagnostics = { 0 };
	struct flow_files *files = NULL;
	size_t count = 0;

	if (flow_files_load(paths, 1, &diagnostics, &files, NULL) == 0)
		count = files->set->count;
	flow_files_free(files);
	diagnostics_clear(&diagnostics);
	return count;
}

static bool state_works(void)
{
	char bridges[1][16] = { "br-0123456789ab" }, (*found)[16] = NULL;
	size_t count = 0;
	bool ok = bridges_file_write(in("state"), bridges, 1, NULL) == 0 &&
		  bridges_file_read(in("state"), &found, &count, NULL) == 0 && count == 1;

	free(found);
	return ok;
}

static bool kernel_works(void)
{
	struct kernel *kernel = NULL;
	struct links *links = NULL;
	struct port *ports = NULL;
	size_t count;
	bool ok = kernel_open(&kernel, NULL) == 0 && kernel_monitor(kernel, NULL) >= 0 &&
		  links_open(&links, NULL) == 0 && links_ports(links, &ports, &count, NULL) == 0;

	free(ports);
	links_close(links);
	kernel_close(kernel);
	return ok;
}

static bool switches_work(void)
{
	struct datapath datapath;
	char changed[160];
	int fd;

	if (access("/proc/sys/net/bridge", F_OK) < 0)
		return true;
	fd = open("/proc/sys/net/bridge/bridge-nf-call-iptables", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0\n", 2) != 2)
		return false;
	close(fd);
	return datapath_read(&datapath, NULL) == 0 && !datapath.ipv4 && datapath_repair(changed, NULL) == 0 &&
	       datapath_read(&datapath, NULL) == 0 && datapath_whole(&datapath);
}

static bool unix_engine_works(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/engine", outside);
	return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static void *resolve(void *data)
{
	struct addrinfo *found = NULL;

	*(bool *)data = getaddrinfo("localhost", "2375", NULL, &found) == 0;
	if (found)
		freeaddrinfo(found);
	return NULL;
}

/* As libcurl does it. */
static bool names_work(void)
{
	bool ok = false;
	pthread_t thread;

	return pthread_create(&thread, NULL, resolve, &ok) == 0 && pthread_join(thread, NULL) == 0 && ok;
}

/* In the parent, while the child waits: what an administrator does. */
static void replace_flows(int go, int done)
{
	char byte;

	if (read(go, &byte, 1) != 1) /* it is told with its status */
		return;
	assert_int_equal(rename(in("etc/flows.d"), in("etc/flows.old")), 0);
	assert_int_equal(mkdir(in("etc/flows.d"), 0755), 0);
	for (int i = 0; i < 3; i++) {
		char path[160], text[80];

		snprintf(path, sizeof(path), "%s/etc/flows.d/app%d.json", directory, i);
		snprintf(text, sizeof(text), "{ \"app\": \"app%d\", \"flows\": [] }", i);
		put(path, text);
	}
	assert_int_equal(write(done, "x", 1), 1);
}

static int live(const struct confine_plan *plan, int go, int done)
{
	bool ok = true;
	char byte;

	if (unshare(CLONE_NEWNET) < 0)
		return BROKEN;
	confine(plan);
	for (size_t i = 0; i < CONFINE_PARTS; i++)
		ok &= step(confine_state()->parts[i].on || (i == CONFINE_LANDLOCK && !landlock_abi()),
			   confine_state()->parts[i].name);
	ok &= step(load_flows() == 2, "flow files, one of them a link that leads out");
	ok &= step(write(go, "x", 1) == 1 && read(done, &byte, 1) == 1, "talk");
	ok &= step(load_flows() == 3, "flow files in a directory that has replaced the old one");
	ok &= step(reads(in("etc/bulkhead.json")) == 0, "configuration");
	ok &= step(state_works(), "state");
	ok &= step(kernel_works(), "netlink");
	ok &= step(switches_work(), "net.bridge");
	ok &= step(reads("/proc/sys/net/ipv4/ip_local_port_range") == 0, "ip_local_port_range");
	ok &= step(unix_engine_works(), "the engine's socket");
	ok &= step(!plan->tcp || names_work(), "names");
	(void)malloc_trim(0);
	return ok ? PASSED : BROKEN;
}

static void what_is_needed_works(bool tcp)
{
	struct confine_plan *plan;
	int go[2], done[2], status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	assert_true(symlink("../../linked.json", in("etc/flows.d/linked.json")) == 0);
	plan = plan_of(tcp);
	assert_int_equal(pipe2(go, O_CLOEXEC) | pipe2(done, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(go[0]);
		close(done[1]);
		_exit(live(plan, go[1], done[0]));
	}
	close(go[1]);
	close(done[0]);
	replace_flows(go[0], done[1]);
	close(go[0]);
	close(done[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), PASSED);
	confine_plan_free(plan);
	/* As it was, for the next one. */
	for (int i = 0; i < 3; i++) {
		char path[160];

		snprintf(path, sizeof(path), "%s/etc/flows.d/app%d.json", directory, i);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(in("etc/flows.d")), 0);
	assert_int_equal(rename(in("etc/flows.old"), in("etc/flows.d")), 0);
	assert_int_equal(unlink(in("etc/flows.d/linked.json")), 0);
}

static void a_unix_engine(void **state)
{
	(void)state;
	what_is_needed_works(false);
}

static void a_tcp_engine(void **state)
{
	struct confine_plan *plan;

	(void)state;
	what_is_needed_works(true);
	plan = plan_of(true);
	assert_int_equal(plan->ports[0], port);
	assert_true(passed(carry_out(connect_to_engine, CONFINE_LANDLOCK, plan)));
	assert_true(passed(carry_out(connect_to_engine, CONFINE_SECCOMP, plan)));
	if (passed(carry_out(multipath_socket, CONFINE_PARTS, NULL)))
		assert_int_equal(WEXITSTATUS(carry_out(multipath_socket, CONFINE_SECCOMP, plan)), ENOSYS);
	confine_plan_free(plan);
}

static void no_place_is_added_twice(void **state)
{
	struct confine_plan *plan = plan_with(true, "");

	(void)state;
	for (size_t i = 0; i < plan->place_count; i++) {
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(plan->places[i].path, plan->places[j].path);
	}
	confine_plan_free(plan);
}

/* A host whose /etc/resolv.conf is a link to what another service makes later. */
static int resolve_later(bool tcp, const char *dns, const char *target, int go, int done)
{
	struct confine_plan *plan;
	char text[160], byte;
	int answer;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/etc", "tmpfs", 0, NULL) < 0 || symlink(target, "/etc/resolv.conf") < 0)
		return BROKEN;
	plan = plan_with(tcp, dns);
	answer = confine_no_new_privileges(text, NULL) ?: confine_landlock(plan, text, NULL);
	confine_plan_free(plan);
	if (answer < 0 || write(go, "x", 1) != 1 || read(done, &byte, 1) != 1 || read_secret() != EACCES)
		return BROKEN;
	return reads("/etc/resolv.conf") ?: PASSED;
}

static int answer_later(bool tcp, const char *dns, const char *target, const char *made[2])
{
	int go[2], done[2], status;
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(go, O_CLOEXEC) | pipe2(done, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(go[0]);
		close(done[1]);
		_exit(resolve_later(tcp, dns, target, go[1], done[0]));
	}
	close(go[1]);
	close(done[0]);
	if (read(go[0], &byte, 1) == 1) {
		if (made[0])
			assert_int_equal(mkdir(made[0], 0755), 0);
		put(made[1], "nameserver 192.0.2.1\n");
		assert_int_equal(write(done[1], "x", 1), 1);
	}
	close(go[0]);
	close(done[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)unlink(made[1]);
	if (made[0])
		(void)rmdir(made[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void name_servers_that_come_later(void **state)
{
	char folder[160], late[160], file[160], file_in_late[160], through[160];

	(void)state;
	if (geteuid() != 0 || !landlock_abi())
		skip();
	snprintf(folder, sizeof(folder), "%s/resolve", directory);
	snprintf(late, sizeof(late), "%.100s/late", folder);
	snprintf(file, sizeof(file), "%.100s/resolv.conf", folder);
	snprintf(file_in_late, sizeof(file_in_late), "%.100s/resolv.conf", late);
	snprintf(through, sizeof(through), "%s/through/resolv.conf", directory);
	assert_int_equal(mkdir(folder, 0755), 0);
	/* A link on the way leads to what does not exist yet. */
	assert_int_equal(symlink("resolve/late", in("through")), 0);
	assert_int_equal(answer_later(false, "", file, (const char *[]){ NULL, file }), PASSED);
	assert_int_equal(answer_later(false, "", file_in_late, (const char *[]){ late, file_in_late }), PASSED);
	assert_int_equal(answer_later(false, "", through, (const char *[]){ late, file_in_late }), PASSED);
	/* The engine's own name is looked up whatever containers may ask. */
	assert_int_equal(answer_later(true, "\"192.0.2.1\"", file, (const char *[]){ NULL, file }), PASSED);
	assert_int_equal(answer_later(false, "\"192.0.2.1\"", file, (const char *[]){ NULL, file }), EACCES);
}

/* With EPERM. */
static int forbid_call(const char *name)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
	int r = seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), seccomp_syscall_resolve_name(name), 0);

	r = r == 0 ? seccomp_load(context) : r;
	seccomp_release(context);
	return r;
}

static int log_flag_of(pid_t pid)
{
	struct {
		uint64_t offset, flags;
	} about = { 0 };
	int status;
	long r;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		return -errno;
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	r = ptrace((enum __ptrace_request)0x420d /* PTRACE_SECCOMP_GET_METADATA */, pid, sizeof(about), &about);
	return r < 0 ? -errno : (int)(about.flags & 2 /* SECCOMP_FILTER_FLAG_LOG */);
}

/* A look-up of a name is refused clone3: no line of the kernel's log for each. */
static void what_is_refused_is_not_logged(void **state)
{
	struct confine_plan *plan;
	int ready[2], flag;
	pid_t pid;
	char byte;

	(void)state;
	if (geteuid() != 0)
		skip();
	plan = plan_of(false);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (confine_by(CONFINE_SECCOMP, plan) == 0 && write(ready[1], "x", 1) == 1)
			(void)poll(NULL, 0, 30000);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	flag = log_flag_of(pid);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	confine_plan_free(plan);
	if (flag == -EINVAL || flag == -EIO)
		skip(); /* this kernel does not tell */
	assert_int_equal(flag, 0);
}

static int fall(void)
{
	abort();
}

/* A failed assertion of a library's ends as everywhere, not as an intruder. */
static void an_abort_is_an_abort(void **state)
{
	struct confine_plan *plan = plan_of(false);
	int status = carry_out(fall, CONFINE_SECCOMP, plan);

	(void)state;
	confine_plan_free(plan);
	/* A child of a process has another id than the one that built the filter: the filter is built in the child. */
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* What the environment forbids is told and left out. */
static void without(const char *part)
{
	struct confine_plan *plan = plan_of(false);
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		const struct confine_state *now = confine_state();
		bool ok = true;

		setenv("BULKHEAD_UNCONFINED", part, 1);
		confine(plan);
		for (size_t i = 0; i < CONFINE_PARTS; i++)
			ok &= now->parts[i].on == !strstr(part, now->parts[i].name) ||
			      (i == CONFINE_LANDLOCK && !landlock_abi());
		if (strstr(part, "no_new_privs"))
			ok &= new_privileges() == 0;
		_exit(ok ? PASSED : BROKEN);
	}
	confine_plan_free(plan);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(passed(status));
}

static void without_no_new_privileges(void)
{
	struct confine_plan *plan = plan_of(false);
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		const struct confine_state *now = confine_state();

		setenv("BULKHEAD_UNCONFINED", "no_new_privs", 1);
		confine(plan);
		_exit(now->parts[CONFINE_CAPABILITIES].on && !now->parts[CONFINE_LANDLOCK].on &&
				      !now->parts[CONFINE_SECCOMP].on && new_privileges() == 0 && read_secret() == 0
			      ? PASSED
			      : BROKEN);
	}
	confine_plan_free(plan);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(passed(status));
}

/* What a child's confinement tells. */
static int confine_and_tell(const struct confine_plan *plan, const char *forbid, char *text, size_t size)
{
	int out[2], status;
	size_t length = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (dup2(out[1], STDERR_FILENO) < 0 || (forbid && forbid_call(forbid) < 0))
			_exit(BROKEN);
		close(out[0]);
		confine(plan);
		_exit(confine_state()->parts[CONFINE_LANDLOCK].on && read_secret() == EACCES ? PASSED : 1);
	}
	close(out[1]);
	while (length < size - 1 && (n = read(out[0], text + length, size - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void what_cannot_be_had_is_told(void **state)
{
	struct confine_plan *plan = plan_of(false);
	char text[2000];

	(void)state;
	if (geteuid() != 0 || !landlock_abi())
		skip();
	assert_int_equal(confine_and_tell(plan, NULL, text, sizeof(text)), PASSED);
	assert_string_equal(text, "");
	/* Forbidden from without, as by a container's filter: not the same as a kernel without it. */
	assert_int_equal(confine_and_tell(plan, "landlock_create_ruleset", text, sizeof(text)), 1);
	assert_non_null(strstr(text, "warning: confined: landlock: not to be had"));
	/* One place that is a loop of links. */
	assert_int_equal(symlink("loop", in("loop")), 0);
	assert_int_equal(confine_plan_add(plan, in("loop"), CONFINE_READ), 0);
	assert_int_equal(confine_and_tell(plan, NULL, text, sizeof(text)), PASSED);
	assert_non_null(strstr(text, in("loop: ")));
	assert_non_null(strstr(text, "warning"));
	confine_plan_free(plan);
}

static void parts_can_be_left_out(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	without("seccomp");
	without("landlock,capabilities");
	/* Both need it. */
	without("no_new_privs,landlock,seccomp");
	without_no_new_privileges();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_forbidden_fails),
		cmocka_unit_test(a_unix_engine),
		cmocka_unit_test(a_tcp_engine),
		cmocka_unit_test(no_place_is_added_twice),
		cmocka_unit_test(name_servers_that_come_later),
		cmocka_unit_test(what_is_refused_is_not_logged),
		cmocka_unit_test(an_abort_is_an_abort),
		cmocka_unit_test(what_cannot_be_had_is_told),
		cmocka_unit_test(parts_can_be_left_out),
	};
	const char *preloaded = getenv("LD_PRELOAD");

#ifdef __SANITIZE_ADDRESS__
	fprintf(stderr, "skipped: sanitizers need what is forbidden here\n");
	return 0;
#endif
	if (preloaded && strstr(preloaded, "vgpreload")) {
		fprintf(stderr, "skipped: valgrind needs what is forbidden here\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
