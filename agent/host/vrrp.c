/* SPDX-License-Identifier: Apache-2.0 */
#include "host/vrrp.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#define PROTOCOL_VRRP   112
#define TYPE_ADVERT     1
#define HOPS            255 /* a router sends no other, and drops any other: RFC 5798, 5.1.1.3 */
#define HEADER_SIZE     8
#define AUTH_SIZE       8 /* at the end of version 2 */
#define ADVERT_MAX      (HEADER_SIZE + 255 * 16 + AUTH_SIZE)
#define IPV4_HEADER_MAX 60
#define READS_MAX       64 /* in one go: whatever floods us, the loop goes on */
#define GAP_INTERVALS   3  /* RFC 5798, 6.1: after so many without an advert the sender is down */

struct vrrp {
	int fd;
	struct address wanted;
	struct vrrp_sender sender[VRRP_SENDERS_MAX];
};

/* --- one advert --- */

static uint32_t sum_words(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return len % 2 ? sum + ((uint32_t)bytes[len - 1] << 8) : sum;
}

static bool is_whole(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* Version 2 sums up the message; 3 also the addresses that it goes from and to. Over IPv4 some routers leave those
 * out in version 3 too, and keepalived can be told to take either. */
static bool checksum_fits(struct span bytes, const struct address *from, const struct address *to,
                          unsigned version)
{
	size_t size = address_size(from);
	uint32_t plain = sum_words((const uint8_t *)bytes.ptr, bytes.len, 0), whole = plain;

	if (from->family == AF_INET && is_whole(plain))
		return true;
	if (version == 2)
		return false;
	whole = sum_words(from->bytes, size, whole);
	whole = sum_words(to->bytes, size, whole);
	return is_whole(whole + PROTOCOL_VRRP + (uint32_t)bytes.len);
}

static bool names(const uint8_t *list, size_t count, const struct address *wanted)
{
	size_t size = address_size(wanted);

	for (size_t i = 0; i < count; i++)
		if (memcmp(list + i * size, wanted->bytes, size) == 0)
			return true;
	return false;
}

/* Of version 2 in seconds; of 3 in hundredths, and 12 bits of them. */
static uint64_t interval_usec(const uint8_t *bytes, unsigned version)
{
	if (version == 2)
		return bytes[5] * SECONDS_USEC;
	return ((uint64_t)(bytes[4] & 0x0f) << 8 | bytes[5]) * 10 * MSEC_USEC;
}

int vrrp_parse(struct span bytes, const struct address *from, const struct address *to,
               unsigned hops, const struct address *wanted, struct vrrp_advert *ret)
{
	const uint8_t *at = (const uint8_t *)bytes.ptr;
	struct vrrp_advert advert;
	size_t size;

	if (bytes.len < HEADER_SIZE || hops != HOPS || (at[0] & 0x0f) != TYPE_ADVERT)
		return -EBADMSG;
	advert = (struct vrrp_advert){ .version = at[0] >> 4, .vrid = at[1], .priority = at[2] };
	advert.interval_usec = interval_usec(at, advert.version);
	size = HEADER_SIZE + at[3] * address_size(from) + (advert.version == 2 ? AUTH_SIZE : 0);
	if ((advert.version != 2 && advert.version != 3) || advert.vrid == 0 ||
	    advert.interval_usec == 0 || (advert.version == 2 && from->family != AF_INET) ||
	    bytes.len < size ||
	    !checksum_fits((struct span){ bytes.ptr, size }, from, to, advert.version))
		return -EBADMSG;
	advert.names = wanted->family == from->family && names(at + HEADER_SIZE, at[3], wanted);
	*ret = advert;
	return 0;
}

/* --- who sent them --- */

/* Its own place, else a free one, else that of whoever was silent for longest. */
static struct vrrp_sender *place_of(struct vrrp *self, const struct address *from, uint8_t vrid)
{
	struct vrrp_sender *oldest = &self->sender[0];

	for (size_t i = 0; i < VRRP_SENDERS_MAX; i++) {
		struct vrrp_sender *sender = &self->sender[i];

		if (sender->last_usec && sender->vrid == vrid && address_equal(&sender->from, from))
			return sender;
		if (sender->last_usec < oldest->last_usec)
			oldest = sender;
	}
	*oldest = (struct vrrp_sender){ .from = *from, .vrid = vrid };
	return oldest;
}

/* True: it is news. */
static bool take_advert(struct vrrp *self, const struct address *from,
                        const struct vrrp_advert *advert, uint64_t now_usec)
{
	struct vrrp_sender *sender;
	bool goes_on;

	if (!advert->names)
		return false;
	sender = place_of(self, from, advert->vrid);
	goes_on = sender->last_usec && !sender->resigned_usec &&
	          now_usec - sender->last_usec <= GAP_INTERVALS * sender->interval_usec;
	if (!goes_on)
		sender->first_usec = now_usec;
	if (advert->priority) /* a farewell says nothing of the one that it had */
		sender->priority = advert->priority;
	sender->interval_usec = advert->interval_usec;
	sender->last_usec = now_usec;
	sender->resigned_usec = advert->priority ? 0 : now_usec;
	return !goes_on || !advert->priority;
}

/* --- the socket --- */

struct arrival {
	struct address from, to;
	unsigned hops;
	struct span bytes;
};

/* A raw IPv6 socket leaves out the header, and tells what was in it beside the message. */
static bool read_v6(struct msghdr *message, struct arrival *ret)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
		int hops;
		struct in6_pktinfo info;

		if (at->cmsg_level != IPPROTO_IPV6)
			continue;
		if (at->cmsg_type == IPV6_HOPLIMIT) {
			memcpy(&hops, CMSG_DATA(at), sizeof(hops));
			ret->hops = (unsigned)hops;
		} else if (at->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info, CMSG_DATA(at), sizeof(info));
			ret->to = address_make(AF_INET6, &info.ipi6_addr);
		}
	}
	return ret->to.family;
}

static bool read_v4(struct arrival *ret)
{
	const uint8_t *header = (const uint8_t *)ret->bytes.ptr;
	size_t size = ret->bytes.len > 0 ? (header[0] & 0x0fU) * 4 : 0;

	if (size < 20 || ret->bytes.len < size)
		return false;
	ret->hops = header[8];
	ret->to = address_make(AF_INET, header + 16);
	ret->bytes = (struct span){ ret->bytes.ptr + size, ret->bytes.len - size };
	return true;
}

/* 1: one arrived, whole or not; 0: no more. */
static int receive(struct vrrp *self, char *bytes, size_t size, struct arrival *ret)
{
	_Alignas(struct cmsghdr) char beside[256];
	struct sockaddr_storage from = { 0 };
	struct iovec part = { bytes, size };
	struct msghdr message = { .msg_name = &from,
		                  .msg_namelen = sizeof(from),
		                  .msg_iov = &part,
		                  .msg_iovlen = 1,
		                  .msg_control = beside,
		                  .msg_controllen = sizeof(beside) };
	ssize_t len = recvmsg(self->fd, &message, MSG_DONTWAIT);

	if (len < 0)
		return errno == EINTR ? 1 : 0;
	*ret = (struct arrival){ .from = address_of_socket(&from),
		                 .bytes = { bytes, (size_t)len } };
	if (ret->from.family == AF_INET ? !read_v4(ret) : !read_v6(&message, ret))
		ret->hops = 0; /* so that it is refused */
	return 1;
}

bool vrrp_read(struct vrrp *self, uint64_t now_usec)
{
	char bytes[IPV4_HEADER_MAX + ADVERT_MAX];
	struct arrival arrival = { 0 };
	struct vrrp_advert advert;
	bool news = false;

	for (unsigned i = 0; i < READS_MAX && receive(self, bytes, sizeof(bytes), &arrival); i++)
		if (vrrp_parse(arrival.bytes, &arrival.from, &arrival.to, arrival.hops,
		               &self->wanted, &advert) == 0)
			news |= take_advert(self, &arrival.from, &advert, now_usec);
	return news;
}

int vrrp_join(struct vrrp *self, int link)
{
	static const uint8_t v4[4] = { 224, 0, 0, 18 };
	struct ip_mreqn group4 = { .imr_ifindex = link };
	struct ipv6_mreq group6 = { .ipv6mr_interface = (unsigned)link };
	int r;

	memcpy(&group4.imr_multiaddr, v4, sizeof(v4));
	group6.ipv6mr_multiaddr.s6_addr[0] = 0xff;
	group6.ipv6mr_multiaddr.s6_addr[1] = 0x02;
	group6.ipv6mr_multiaddr.s6_addr[15] = 0x12;
	if (self->wanted.family == AF_INET)
		r = setsockopt(self->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group4, sizeof(group4));
	else
		r = setsockopt(self->fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group6,
		               sizeof(group6));
	return r < 0 && errno != EADDRINUSE ? -errno : 0;
}

static int open_socket(uint8_t family)
{
	const int on = 1;
	CLEANUP(close_p)
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, PROTOCOL_VRRP);

	if (fd < 0)
		return -errno;
	if (family == AF_INET6 &&
	    (setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on)) < 0 ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0))
		return -errno;
	return TAKE_FD(fd);
}

/* The kernel forgets a membership with its socket only, not with its link. */
int vrrp_leave(struct vrrp *self)
{
	int fd = open_socket(self->wanted.family);

	if (fd < 0)
		return fd;
	(void)close(self->fd);
	self->fd = fd;
	return 0;
}

int vrrp_new(const struct address *wanted, struct vrrp **ret)
{
	CLEANUP(vrrp_free_p) struct vrrp *self = calloc(1, sizeof(*self));

	if (!self)
		return -ENOMEM;
	self->wanted = *wanted;
	self->fd = open_socket(wanted->family);
	if (self->fd < 0)
		return self->fd;
	*ret = TAKE_PTR(self);
	return 0;
}

struct vrrp *vrrp_free(struct vrrp *self)
{
	if (self && self->fd >= 0)
		(void)close(self->fd);
	free(self);
	return NULL;
}

int vrrp_fd(const struct vrrp *self)
{
	return self->fd;
}

const struct vrrp_sender *vrrp_sender(const struct vrrp *self, size_t i)
{
	return &self->sender[i];
}
