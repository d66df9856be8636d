// A program of four threads with names of their own: each writes a file, the last one fails to; they share a lock. A signal, a timer, an eventfd.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int done;

static void *work(void *arg)
{
	long n = (long)arg;
	char name[32], text[64];
	snprintf(name, sizeof name, "worker-%ld", n);
	pthread_setname_np(pthread_self(), name);
	snprintf(name, sizeof name, n == 3 ? "missing/out.%ld" : "out.%ld", n);
	int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0640);
	for (int i = 0; i < 3; i++) {
		int len = snprintf(text, sizeof text, "thread %ld, line %d\n", n, i);
		pthread_mutex_lock(&lock);
		if (write(fd, text, len) < 0)
			i = 3;
		usleep(1000);
		pthread_mutex_unlock(&lock);
	}
	if (fd >= 0)
		close(fd);
	uint64_t one = 1;
	write(done, &one, sizeof one);
	return 0;
}

static void caught(int sig) { (void)sig; }

int main(void)
{
	pthread_t threads[4];
	struct epoll_event ev = {.events = EPOLLIN};
	struct itimerspec soon = {.it_value.tv_nsec = 5000000};
	uint64_t n;
	done = eventfd(0, EFD_CLOEXEC);
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), poll = epoll_create1(EPOLL_CLOEXEC);
	timerfd_settime(timer, 0, &soon, 0);
	epoll_ctl(poll, EPOLL_CTL_ADD, timer, &ev);
	for (long i = 0; i < 4; i++)
		pthread_create(&threads[i], 0, work, (void *)i);
	epoll_wait(poll, &ev, 1, 1000);
	read(timer, &n, sizeof n);
	signal(SIGUSR1, caught);
	kill(getpid(), SIGUSR1);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], 0);
	read(done, &n, sizeof n);
	int mem = memfd_create("scratch", MFD_CLOEXEC);
	ftruncate(mem, 4096);
	char *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	p[0] = 1;
	munmap(p, 4096);
	return 0;
}
