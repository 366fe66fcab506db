/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fakeapi/fake.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct arrival {
	struct fake *fake;
	enum gate gate;
	int fd;
	unsigned turn;
};

static void die(const char *what)
{
	(void)fprintf(stderr, "fakeapi: %s: %s\n", what, strerror(errno));
	abort();
}

/* The port stands at the same place in both families. */
static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
              "sin_port");

int fake_bind(const char *ip, unsigned *port, bool reuse)
{
	bool six = strchr(ip, ':');
	struct sockaddr_in6 address = { .sin6_family = six ? AF_INET6 : AF_INET,
		                        .sin6_port = htons((uint16_t)*port) };
	void *bytes = six ? (void *)&address.sin6_addr
	                  : (void *)&((struct sockaddr_in *)&address)->sin_addr;
	int fd = socket(address.sin6_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	socklen_t len = sizeof(address);

	/* FREEBIND: a virtual address may come and go, as keepalived likes. */
	if (inet_pton(address.sin6_family, ip, bytes) != 1 || fd < 0 ||
	    setsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_FREEBIND : IP_FREEBIND, &on,
	               sizeof(on)) != 0 ||
	    (reuse && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		die(ip);
	*port = ntohs(address.sin6_port);
	return fd;
}

static void *serve(void *argument)
{
	struct arrival arrival = *(struct arrival *)argument;

	free(argument);
	connection_serve(arrival.fake, arrival.gate, arrival.fd, arrival.turn);
	return NULL;
}

/* The moment is one of CLOCK_MONOTONIC, which all on this host share; the world's own starts elsewhere. */
static void tell_of(struct fake *fake, const struct sockaddr *peer, socklen_t len)
{
	char address[INET6_ADDRSTRLEN] = "";
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)getnameinfo(peer, len, address, sizeof(address), NULL, 0, NI_NUMERICHOST);
	world_event(&fake->world, "accepted vip %s %lld.%06ld", address, (long long)now.tv_sec,
	            now.tv_nsec / 1000);
}

static void take(struct fake *fake, enum gate gate)
{
	struct fake_front *front = &fake->front[gate];
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	struct arrival *arrival;
	pthread_t thread;
	int fd = -1, on = 1;

	fake_lock(fake);
	if (front->listener >= 0)
		fd = accept4(front->listener, (struct sockaddr *)&peer, &len,
		             SOCK_CLOEXEC | SOCK_NONBLOCK);
	/* As Go's servers do; else the body of each answer waits for 40 ms until its head is acknowledged. */
	if (fd >= 0)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (fd >= 0 && front->tells)
		tell_of(fake, (struct sockaddr *)&peer, len);
	arrival = fd >= 0 ? malloc(sizeof(*arrival)) : NULL;
	if (arrival)
		*arrival = (struct arrival){ fake, gate, fd, front->turn };
	fake_unlock(fake);
	if (!arrival)
		return;
	/* An answer's head and body are two writes: without this the second one waits 40 ms for an ACK. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (pthread_create(&thread, NULL, serve, arrival) != 0)
		die("no thread");
	(void)pthread_detach(thread);
}

struct post {
	struct fake *fake;
	enum gate gate;
};

static void *listen_on(void *argument)
{
	struct post post = *(struct post *)argument;
	struct fake_front *front = &post.fake->front[post.gate];
	uint64_t count;

	free(argument);
	for (;;) {
		struct pollfd fds[2] = { { .events = POLLIN },
			                 { .fd = front->wake, .events = POLLIN } };

		(void)pthread_mutex_lock(&post.fake->lock);
		fds[0].fd = front->listener;
		(void)pthread_mutex_unlock(&post.fake->lock);
		(void)poll(fds, 2, -1);
		if (fds[1].revents)
			(void)!read(front->wake, &count, sizeof(count));
		else
			take(post.fake, post.gate);
	}
	return NULL;
}

static void wake(int fd)
{
	uint64_t one = 1;

	(void)!write(fd, &one, sizeof(one));
}

static bool same(struct gate_fault a, struct gate_fault b)
{
	return a.way == b.way && a.status == b.status;
}

static void open_or_close(struct fake_front *front)
{
	bool refused = front->fault.way == GATE_REFUSED;

	if (refused && front->listener >= 0) {
		(void)close(front->listener);
		front->listener = -1;
	} else if (!refused && front->listener < 0) {
		front->listener = fake_bind(front->ip, &front->port, true);
		if (listen(front->listener, 128) != 0)
			die("listen");
	}
}

void front_apply(struct fake *fake)
{
	for (enum gate gate = GATE_LOCAL; gate <= GATE_VIP; gate++) {
		struct fake_front *front = &fake->front[gate];
		struct gate_fault fault = world_fault(&fake->world, gate);

		if (same(fault, front->fault))
			continue;
		front->fault = fault;
		front->turn++;
		open_or_close(front);
		wake(front->wake);
		fake_wake(fake);
		world_event(&fake->world, "gate %s %s", gate == GATE_LOCAL ? "local" : "vip",
		            fault.way == GATE_OPEN ? "open" : "fails");
	}
}

void front_start(struct fake *fake, enum gate gate)
{
	struct fake_front *front = &fake->front[gate];
	struct post *post = malloc(sizeof(*post));
	pthread_t thread;

	front->listener = -1;
	front->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	open_or_close(front);
	if (!post)
		die("no memory");
	*post = (struct post){ fake, gate };
	if (pthread_create(&thread, NULL, listen_on, post) != 0)
		die("no thread");
	(void)pthread_detach(thread);
}
