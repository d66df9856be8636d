// loops NAME COUNT CPU makes COUNT rounds of one kind of call, bound to a processor, and prints what they cost it: nanoseconds of CPU time and of
// wall time. The command bench-live compiles it.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void getppids(long n)
{
	while (n--)
		syscall(SYS_getppid);
}

static void writes(long n)
{
	int fd = open("/dev/null", O_WRONLY);
	while (n--)
		if (write(fd, "x", 1) != 1)
			exit(1);
	close(fd);
}

static void opens(long n)
{
	while (n--)
		close(open("/dev/null", O_RDONLY));
}

static void stats(long n)
{
	struct stat st;
	while (n--)
		if (stat("/etc/passwd", &st))
			exit(1);
}

// pipes: a round is a message there and one back, two writes and two reads.
static void pipes(long n)
{
	int there[2], back[2];
	char b[16] = "0123456789abcde";
	if (pipe(there) || pipe(back))
		exit(1);
	pid_t child = fork();
	if (child == 0) {
		while (n--)
			if (read(there[0], b, 16) != 16 || write(back[1], b, 16) != 16)
				_exit(1);
		_exit(0);
	}
	while (n--)
		if (write(there[1], b, 16) != 16 || read(back[0], b, 16) != 16)
			exit(1);
	waitpid(child, 0, 0);
}

static const struct {
	const char *name;
	void (*run)(long n);
} loops[] = {{"getppid", getppids}, {"write", writes}, {"open+close", opens}, {"stat", stats}, {"pipe", pipes}};

static long cpu(int who)
{
	struct rusage u;
	getrusage(who, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000 + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
}

static long wall(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(atoi(argv[3]), &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (unsigned i = 0; i < sizeof(loops) / sizeof(*loops); i++) {
		if (strcmp(loops[i].name, argv[1]))
			continue;
		long c = cpu(RUSAGE_SELF) + cpu(RUSAGE_CHILDREN), w = wall();
		loops[i].run(atol(argv[2]));
		w = wall() - w;
		c = cpu(RUSAGE_SELF) + cpu(RUSAGE_CHILDREN) - c;
		printf("%ld %ld\n", c, w);
		return 0;
	}
	return 2;
}
