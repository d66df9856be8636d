// Calls of many kinds, some of which fail, for TestPeers. What it prints does not matter.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void handler(int sig) { (void)sig; }

static void files(void)
{
	char buf[300], big[2000];
	struct stat st;
	struct iovec v[2] = {{"first, ", 7}, {"second\n", 7}}, in[2] = {{buf, 3}, {buf + 3, 200}};
	int fd = open("one", O_RDWR | O_CREAT | O_EXCL | O_APPEND, 0640), other;
	memset(big, 0xfe, sizeof(big));
	open("one", O_RDWR | O_CREAT | O_EXCL, 0600);
	open("none", O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_DIRECTORY);
	open("/", O_PATH | O_CLOEXEC);
	creat("two", 0604);
	syscall(SYS_open, "three", O_RDWR | O_CREAT | O_SYNC, 0666);
	syscall(SYS_openat2, AT_FDCWD, "four", &(long[3]){O_CREAT | O_WRONLY, 0700, 4}, 24L);
	openat(fd, "below", O_RDONLY | O_NOATIME);
	write(fd, "hello", 5);
	write(fd, big, sizeof(big));
	write(-1, "x", 1);
	write(fd, (void *)8, 3);
	writev(fd, v, 2);
	pwrite(fd, "pos", 3, 4096);
	pwritev(fd, v, 2, 100);
	lseek(fd, 2, SEEK_SET);
	lseek(fd, -5, SEEK_END);
	lseek(fd, -9, SEEK_SET);
	read(fd, buf, 7);
	pread(fd, buf, sizeof(buf), 1);
	pread(fd, buf, 1, -1);
	lseek(fd, 0, SEEK_SET);
	readv(fd, in, 2);
	preadv(fd, in, 2, 2);
	fstat(fd, &st), stat("one", &st), lstat("none", &st), fstatat(AT_FDCWD, "one", &st, AT_SYMLINK_NOFOLLOW);
	syscall(SYS_stat, "one", &st), syscall(SYS_lstat, "none", &st), syscall(SYS_fstat, fd, &st);
	access("one", R_OK | W_OK), access("one", F_OK), faccessat(AT_FDCWD, "none", X_OK, AT_EACCESS);
	fcntl(fd, F_GETFL), fcntl(fd, F_SETFL, O_NONBLOCK), fcntl(fd, F_SETFD, FD_CLOEXEC), fcntl(fd, F_DUPFD_CLOEXEC, 50);
	other = dup(fd), dup2(fd, 77), dup3(fd, 78, O_CLOEXEC), dup3(fd, fd, 0), dup2(-1, 3);
	ioctl(fd, FIONREAD, buf), ioctl(999, TIOCGWINSZ, buf);
	flock(fd, LOCK_EX | LOCK_NB), flock(other, LOCK_UN);
	ftruncate(fd, 10), fsync(fd), fdatasync(fd);
	fchmod(fd, 04711), chmod("one", 0600), chmod("none", 0), fchmodat(AT_FDCWD, "one", 0444, 0);
	chown("one", 0, -1), fchown(fd, -1, 0), lchown("none", 1, 2), fchownat(AT_FDCWD, "one", 3, 4, AT_SYMLINK_NOFOLLOW), fchownat(fd, "", 5, 6, AT_EMPTY_PATH);
	link("one", "five"), linkat(AT_FDCWD, "one", AT_FDCWD, "six", AT_SYMLINK_FOLLOW), symlink("one", "seven"), symlinkat("x/y", AT_FDCWD, "eight");
	rename("five", "nine"), renameat(AT_FDCWD, "six", AT_FDCWD, "ten"), renameat2(AT_FDCWD, "nine", AT_FDCWD, "ten", RENAME_NOREPLACE), rename("none", "no");
	unlink("ten"), unlinkat(AT_FDCWD, "nine", 0), unlink("none");
	mkdir("dir", 01755), mkdir("dir", 0), mkdirat(AT_FDCWD, "dir/sub", 0700), unlinkat(AT_FDCWD, "dir/sub", AT_REMOVEDIR), rmdir("none");
	chdir("dir"), getcwd(buf, sizeof(buf)), chdir(".."), chdir("none"), syscall(SYS_getcwd, buf, 1);
	other = open(".", O_RDONLY | O_DIRECTORY), fchdir(other);
	syscall(SYS_getdents64, other, big, sizeof(big)), syscall(SYS_getdents, other, big, sizeof(big));
	rmdir("dir");
	mknod("fifo", S_IFIFO | 0640, 0), mknodat(AT_FDCWD, "fifo", S_IFREG | 0600, 0);
	mount("from", "/none", "ext4", MS_RDONLY | MS_NOSUID, "data"), umount2("/none", MNT_DETACH), chroot("/none");
	close(other), close(fd), close(fd), close(-1);
	syscall(SYS_close_range, 70, 100, 0);
}

static void memory(void)
{
	char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int fd = memfd_create("a memory file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ftruncate(fd, 8192);
	mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 4096);
	mmap(0, 0, PROT_NONE, MAP_PRIVATE, fd, 0);
	mmap(0, 4096, PROT_READ, MAP_PRIVATE, 888, 0);
	mprotect(p, 4096, PROT_NONE), mprotect(p + 1, 4096, PROT_READ | PROT_EXEC);
	mlock(p + 4096, 100), munlock(p + 4096, 100), mlock2(p + 4096, 1, MLOCK_ONFAULT), mlockall(MCL_FUTURE), munlockall();
	madvise(p, 4096, MADV_DONTNEED);
	munmap(p, 8192), munmap((void *)1, 1);
	sbrk(4096), sbrk(-4096);
}

static void sockets(int family)
{
	char buf[100], control[100];
	int s[2], one = 1, fd, c, a;
	struct sockaddr_storage addr = {.ss_family = family};
	socklen_t len = family == AF_UNIX ? sizeof(struct sockaddr_un) : family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6), full = len;
	struct iovec v[2] = {{"some", 4}, {"thing", 5}}, in[1] = {{buf, sizeof(buf)}};
	struct msghdr m = {.msg_iov = v, .msg_iovlen = 2}, r = {.msg_iov = in, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct pollfd p;
	if (family == AF_UNIX)
		strcpy(((struct sockaddr_un *)&addr)->sun_path, "./sock");
	else if (family == AF_INET)
		((struct sockaddr_in *)&addr)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&addr)->sin6_addr = in6addr_loopback;
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&addr, len))
		return;
	bind(fd, (struct sockaddr *)&addr, len);
	listen(fd, 5);
	getsockname(fd, (struct sockaddr *)&addr, &len);
	c = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect(c, (struct sockaddr *)&addr, full);
	a = accept4(fd, 0, 0, SOCK_CLOEXEC);
	getsockopt(c, SOL_SOCKET, SO_ERROR, &one, &len);
	send(c, "to", 2, MSG_NOSIGNAL), sendto(c, "you", 3, 0, 0, 0), sendmsg(c, &m, 0), write(c, "w", 1);
	recv(a, buf, 2, MSG_WAITALL), recvfrom(a, buf, 3, 0, 0, 0), recvmsg(a, &r, 0);
	recv(a, buf, 10, MSG_DONTWAIT), recv(c, buf, 1, 0);
	p = (struct pollfd){a, POLLIN | POLLOUT | POLLRDHUP, 0};
	poll(&p, 1, 0);
	shutdown(c, SHUT_WR), poll(&p, 1, 1000), shutdown(fd + 40, SHUT_RDWR);
	accept(c, 0, 0);
	close(a), close(c);
	c = socket(family, SOCK_STREAM, 0);
	connect(c, (struct sockaddr *)&addr, full);
	len = full;
	a = accept(fd, (struct sockaddr *)&addr, &len);
	close(a), close(c), close(fd);
	connect(fd, (struct sockaddr *)&addr, len);
	if (family == AF_UNIX) {
		unlink("./sock");
		socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, s), socketpair(AF_INET, SOCK_STREAM, 0, s + 0);
		write(s[0], "datagram", 8), read(s[1], buf, sizeof(buf)), read(s[1], buf, 1);
		return;
	}
	len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	fd = socket(family, SOCK_DGRAM, IPPROTO_UDP);
	((struct sockaddr_in *)&addr)->sin_port = 0;
	bind(fd, (struct sockaddr *)&addr, len), getsockname(fd, (struct sockaddr *)&addr, &len);
	c = socket(family, SOCK_DGRAM, 0);
	sendto(c, "by datagram", 11, 0, (struct sockaddr *)&addr, len);
	m.msg_name = &addr, m.msg_namelen = len;
	sendmsg(c, &m, 0);
	recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&addr, &len);
	r.msg_name = &addr, r.msg_namelen = len;
	recvmsg(fd, &r, 0);
	close(c), close(fd);
}

static void descriptors(void)
{
	char buf[64] = "12345678";
	int p[2], e, t, f, q;
	struct epoll_event ev = {EPOLLIN, {.fd = 7}};
	struct timespec ts = {0, 1000};
	struct rlimit lim = {100, 4096};
	struct itimerspec its = {{0, 0}, {0, 1}};
	sigset_t set;
	pipe(p), pipe2(p, O_CLOEXEC | O_NONBLOCK), pipe2(p, 0x40000000), syscall(SYS_pipe, (void *)8);
	write(p[1], buf, 8), read(p[0], buf, 3), read(p[0], buf, sizeof(buf)), read(p[0], buf, 1);
	e = eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE), syscall(SYS_eventfd, 5), write(e, buf, 8), read(e, buf, 8);
	q = epoll_create1(EPOLL_CLOEXEC), epoll_create(5), epoll_create(0);
	epoll_ctl(q, EPOLL_CTL_ADD, e, &ev), epoll_wait(q, &ev, 1, 0), epoll_pwait(q, &ev, 1, 0, 0);
	t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), timerfd_settime(t, 0, &its, 0);
	sigemptyset(&set), sigaddset(&set, SIGUSR2), signalfd(-1, &set, SFD_CLOEXEC), sigprocmask(SIG_BLOCK, &set, 0);
	inotify_init(), f = inotify_init1(IN_NONBLOCK), inotify_add_watch(f, ".", IN_CREATE);
	f = open("two", O_RDWR), write(f, "for sendfile", 12), lseek(f, 0, SEEK_SET), sendfile(p[1], f, 0, 12), sendfile(p[1], f, &(off_t){2}, 5);
	splice(p[0], 0, f, &(loff_t){20}, 17, SPLICE_F_NONBLOCK), copy_file_range(f, &(loff_t){0}, f, &(loff_t){50}, 5, 0);
	nanosleep(&ts, 0), clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, 0), syscall(SYS_nanosleep, &ts, 0), syscall(SYS_nanosleep, 8, 0);
	getrlimit(RLIMIT_NOFILE, &lim), setrlimit(RLIMIT_CORE, &(struct rlimit){0, 100}), prlimit(0, RLIMIT_CORE, &(struct rlimit){0, 50}, &lim);
	syscall(SYS_getrlimit, RLIMIT_STACK, &lim), syscall(SYS_setrlimit, RLIMIT_CORE, &(struct rlimit){0, 20}), syscall(SYS_getrlimit, 99, &lim);
	prctl(PR_SET_NAME, "renamed"), prctl(PR_GET_DUMPABLE), prctl(PR_SET_DUMPABLE, 7), prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setpgid(0, 0), getpgid(0), getsid(0), setsid(), getppid(), getuid(), geteuid(), getgid(), getegid(), umask(022);
	syscall(SYS_seccomp, 2, 0, 0), syscall(SYS_bpf, 99, 0, 0), syscall(SYS_userfaultfd, 0x70000000), syscall(SYS_unshare, 0x7), syscall(SYS_setns, -1, CLONE_NEWNET);
	syscall(SYS_futex, &f, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, f + 1, 0), syscall(SYS_futex, &f, FUTEX_WAKE, 9);
	syscall(SYS_pidfd_open, getpid(), 0), syscall(SYS_pidfd_getfd, -1, 4, 0), syscall(SYS_finit_module, -1, "opt", 0), syscall(SYS_delete_module, "none", O_NONBLOCK);
	setuid(0), setgid(0), setreuid(-1, 0), setregid(0, -1), setresuid(0, -1, 0), setresgid(-1, -1, -1);
	uid_t u[3];
	getresuid(u, u + 1, u + 2), getresgid(u, u + 1, u + 2);
}

static void *thread(void *arg)
{
	write(2 + 900, arg, 4);
	syscall(SYS_gettid);
	return 0;
}

static void processes(char *self)
{
	struct sigaction sa = {.sa_handler = handler};
	pthread_t th;
	int st;
	pid_t pid;
	sigaction(SIGUSR1, &sa, 0), sigaction(SIGALRM, &sa, 0);
	kill(getpid(), SIGUSR1), syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1), syscall(SYS_tkill, -1, 9), kill(0x3fffff, 0);
	ualarm(20000, 0), nanosleep(&(struct timespec){20, 0}, 0);     // ERESTART_RESTARTBLOCK, or EINTR
	ualarm(20000, 0), pause();                                     // ERESTARTNOHAND
	int p[2];
	pipe(p), ualarm(20000, 0), read(p[0], &st, 1);                 // ERESTARTSYS
	for (int i = 0; i < 3; i++)
		if (!pthread_create(&th, 0, thread, "text"))
			pthread_join(th, 0);
	if (!(pid = fork()))
		execl("/none", "none", "arg", NULL), execl(self, self, "again", "with \xff\n bytes", NULL), _exit(1);
	waitpid(pid, &st, 0);
	if (!(pid = vfork()))
		execle(self, self, "", (char *)0, (char *[]){"ONLY=this", 0}), _exit(1);
	waitpid(pid, &st, 0);
	if (!(pid = syscall(SYS_fork)))
		kill(syscall(SYS_getpid), SIGKILL);
	waitpid(pid, &st, 0);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return puts(argv[1]) < 0;
	files();
	memory();
	sockets(AF_UNIX);
	sockets(AF_INET);
	sockets(AF_INET6);
	processes(argv[0]);
	descriptors();
	return 3;
}
