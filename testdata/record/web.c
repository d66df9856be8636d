// A web server and its client: one page over IPv4, one that is missing over IPv6, and a connection to a port where nobody listens.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

static int listener(int family, struct sockaddr *addr, socklen_t len)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, addr, len) || listen(fd, 8))
		_exit(1);
	return fd;
}

static void serve(int fd)
{
	char request[200], body[200], head[300];
	struct sockaddr_in6 peer;
	socklen_t len = sizeof peer;
	int c = accept4(fd, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
	ssize_t n = read(c, request, sizeof request - 1);
	request[n > 0 ? n : 0] = 0;
	char *path = strchr(request, ' ');
	char *end = path ? strchr(path + 1, ' ') : 0;
	if (!end)
		_exit(1);
	*end = 0;
	int file = open(path + 2, O_RDONLY);
	n = file < 0 ? snprintf(body, sizeof body, "no such page\n") : read(file, body, sizeof body);
	if (file >= 0)
		close(file);
	int h = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zd\r\n\r\n", file < 0 ? "404 Not Found" : "200 OK", n);
	send(c, head, h, MSG_MORE);
	write(c, body, n);
	close(c);
}

static void get(int family, struct sockaddr *addr, socklen_t len, const char *request)
{
	char answer[400];
	int fd = socket(family, SOCK_STREAM, 0);
	if (connect(fd, addr, len) == 0) {
		send(fd, request, strlen(request), 0);
		while (recv(fd, answer, sizeof answer, 0) > 0)
			;
	}
	close(fd);
}

int main(void)
{
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(8080), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons(8080), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int v4 = listener(AF_INET, (struct sockaddr *)&a4, sizeof a4);
	int v6 = listener(AF_INET6, (struct sockaddr *)&a6, sizeof a6);
	if (fork() == 0) {
		prctl(PR_SET_NAME, "client");
		close(v4), close(v6);
		get(AF_INET, (struct sockaddr *)&a4, sizeof a4, "GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n");
		get(AF_INET6, (struct sockaddr *)&a6, sizeof a6, "GET /missing.html HTTP/1.1\r\nHost: localhost\r\n\r\n");
		a4.sin_port = htons(8081);
		get(AF_INET, (struct sockaddr *)&a4, sizeof a4, "");
		_exit(0);
	}
	serve(v4);
	serve(v6);
	wait(0);
	return 0;
}
