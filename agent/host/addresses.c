/* SPDX-License-Identifier: Apache-2.0 */
#include "host/addresses.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <libmnl/libmnl.h>

#define GROUPS     (RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_NEIGH)
#define BUFFER_MAX 32768 /* what the kernel puts into one part of a dump, at the most */
#define DUMPS_MAX  8 /* in one read: a table that changes all the time is looked at again later */
#define LLADDR_MAX 32
#define TICKS      100 /* a second of those that the kernel shows to us, USER_HZ */

enum dump { DUMP_NONE, DUMP_LINKS, DUMP_ADDRESSES, DUMP_NEIGHBOURS };

struct link {
	int index; /* 0: a free place */
	char name[ADDRESSES_NAME_MAX];
	bool running, multicast;
	bool silent; /* lo, dummy, kube-ipvs0 */
};

struct own {
	int link;
	struct address address;
	uint8_t prefix; /* of its network, in bits */
	bool usable; /* no duplicate, and not still looked at for one (IPv6) */
};

/* An entry of the neighbour table, of the wanted address. */
struct entry {
	enum neighbour state;
	uint64_t ago_usec; /* since it was so, by the time that the kernel told */
	size_t lladdr_size;
	uint8_t lladdr[LLADDR_MAX]; /* of the last one that answered: kept through a failure */
};

struct addresses {
	struct mnl_socket *socket;
	enum dump dump; /* under way */
	bool whole;
	bool overrun; /* more than there is room for */
	unsigned changed;
	size_t link_count, own_count;
	struct link links[ADDRESSES_LINKS_MAX];
	struct own own[ADDRESSES_MAX];
	struct address wanted;
	struct entry neighbour;
};

/* --- attributes --- */

#define ATTR_MAX 64 /* of what is looked for none is higher */

static int keep(const struct nlattr *attr, void *data)
{
	const struct nlattr **table = data;

	if (mnl_attr_get_type(attr) < ATTR_MAX)
		table[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static const char *string_of(const struct nlattr *attr)
{
	bool is_one = attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0;

	return is_one ? mnl_attr_get_str(attr) : "";
}

/* --- links --- */

static struct link *link_of(struct addresses *self, int index)
{
	for (size_t i = 0; i < self->link_count; i++)
		if (self->links[i].index == index)
			return &self->links[i];
	return NULL;
}

static const struct link *find_link(const struct addresses *self, int index)
{
	for (size_t i = 0; i < self->link_count; i++)
		if (self->links[i].index == index)
			return &self->links[i];
	return NULL;
}

/* "" for hardware. */
static const char *kind_of(const struct nlattr *info)
{
	const struct nlattr *table[ATTR_MAX] = { NULL };

	if (info)
		(void)mnl_attr_parse_nested(info, keep, table);
	return string_of(table[IFLA_INFO_KIND]);
}

static void take_link(struct addresses *self, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct link new = { .index = info->ifi_index,
		            .running = info->ifi_flags & IFF_RUNNING,
		            .multicast = info->ifi_flags & IFF_MULTICAST,
		            .silent = info->ifi_flags & IFF_LOOPBACK };
	struct link *link = link_of(self, info->ifi_index);
	const struct nlattr *table[ATTR_MAX] = { NULL };

	(void)mnl_attr_parse(message, sizeof(*info), keep, table);
	(void)snprintf(new.name, sizeof(new.name), "%s", string_of(table[IFLA_IFNAME]));
	if (strcmp(new.name, "kube-ipvs0") == 0 ||
	    strcmp(kind_of(table[IFLA_LINKINFO]), "dummy") == 0)
		new.silent = true;
	if (link ? link->running != new.running : new.running)
		self->changed |= ADDRESSES_LINK;
	if (!link && self->link_count < ADDRESSES_LINKS_MAX)
		link = &self->links[self->link_count++];
	if (link)
		*link = new;
}

static void drop_link(struct addresses *self, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct link *link = link_of(self, info->ifi_index);

	if (!link)
		return;
	if (link->running)
		self->changed |= ADDRESSES_LINK;
	*link = self->links[--self->link_count];
}

/* --- this host's addresses --- */

static struct own *own_of(struct addresses *self, int link, const struct address *address)
{
	for (size_t i = 0; i < self->own_count; i++)
		if (self->own[i].link == link && address_equal(&self->own[i].address, address))
			return &self->own[i];
	return NULL;
}

/* IFA_LOCAL is this host's end; IPv6, and only it, has IFA_ADDRESS alone. */
static bool read_own(const struct nlmsghdr *message, struct own *ret)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	size_t size = info->ifa_family == AF_INET ? 4 : 16;
	uint32_t flags = info->ifa_flags;
	const struct nlattr *table[ATTR_MAX] = { NULL };
	const struct nlattr *local;

	(void)mnl_attr_parse(message, sizeof(*info), keep, table);
	local = table[IFA_LOCAL] ? table[IFA_LOCAL] : table[IFA_ADDRESS];
	if (table[IFA_FLAGS] && mnl_attr_validate(table[IFA_FLAGS], MNL_TYPE_U32) == 0)
		flags = mnl_attr_get_u32(table[IFA_FLAGS]);
	if (!local || mnl_attr_get_payload_len(local) != size)
		return false;
	*ret = (struct own){ .link = (int)info->ifa_index,
		             .address = address_make(info->ifa_family, mnl_attr_get_payload(local)),
		             .prefix = info->ifa_prefixlen,
		             .usable = !(flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) };
	return true;
}

/* Each pod's link has a link-local address of its own: there is no room for those, and no use. */
static bool is_kept(const struct addresses *self, const struct ifaddrmsg *info,
                    const struct address *address)
{
	if (info->ifa_family != AF_INET && info->ifa_family != AF_INET6)
		return false;
	return info->ifa_scope < RT_SCOPE_LINK || address_is_loopback(address) ||
	       address_equal(address, &self->wanted);
}

static void note_own(struct addresses *self, const struct address *address)
{
	self->changed |= address_equal(address, &self->wanted) ? ADDRESSES_WANTED : ADDRESSES_OWN;
}

static void take_own(struct addresses *self, const struct nlmsghdr *message)
{
	struct own new, *own;

	if (!read_own(message, &new) ||
	    !is_kept(self, mnl_nlmsg_get_payload(message), &new.address))
		return;
	own = own_of(self, new.link, &new.address);
	/* keepalived refreshes what is there already: no news. */
	if (!own || own->usable != new.usable)
		note_own(self, &new.address);
	if (!own && self->own_count == ADDRESSES_MAX) {
		self->overrun = true;
		return;
	}
	if (!own)
		own = &self->own[self->own_count++];
	*own = new;
}

static void drop_own(struct addresses *self, const struct nlmsghdr *message)
{
	struct own gone, *own;

	if (!read_own(message, &gone))
		return;
	own = own_of(self, gone.link, &gone.address);
	if (!own)
		return;
	note_own(self, &gone.address);
	*own = self->own[--self->own_count];
}

/* --- the neighbour --- */

static enum neighbour state_of(uint16_t state)
{
	if (state & (NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP))
		return NEIGHBOUR_ANSWERS;
	if (state & (NUD_STALE | NUD_DELAY | NUD_PROBE))
		return NEIGHBOUR_ANSWERED;
	if (state & NUD_FAILED)
		return NEIGHBOUR_SILENT;
	return state & NUD_INCOMPLETE ? NEIGHBOUR_ASKED : NEIGHBOUR_NONE;
}

/* How long ago the neighbour was known to answer. */
static uint64_t confirmed_ago(const struct nlattr *cache)
{
	struct nda_cacheinfo info;

	if (!cache || mnl_attr_get_payload_len(cache) < sizeof(info))
		return 0;
	memcpy(&info, mnl_attr_get_payload(cache), sizeof(info));
	return info.ndm_confirmed * SECONDS_USEC / TICKS;
}

/* False: the entry is not about the wanted address. */
static bool read_neighbour(const struct addresses *self, const struct nlmsghdr *message,
                           struct entry *ret)
{
	const struct ndmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *table[ATTR_MAX] = { NULL };
	const struct nlattr *to, *lladdr;

	*ret = (struct entry){ .state = state_of(info->ndm_state) };
	(void)mnl_attr_parse(message, sizeof(*info), keep, table);
	to = table[NDA_DST];
	lladdr = table[NDA_LLADDR];
	if (info->ndm_family != self->wanted.family || info->ndm_flags & NTF_PROXY || !to ||
	    mnl_attr_get_payload_len(to) != address_size(&self->wanted) ||
	    memcmp(mnl_attr_get_payload(to), self->wanted.bytes, address_size(&self->wanted)) != 0)
		return false;
	if (ret->state == NEIGHBOUR_ANSWERS)
		ret->ago_usec = confirmed_ago(table[NDA_CACHEINFO]);
	if (lladdr && mnl_attr_get_payload_len(lladdr) <= LLADDR_MAX) {
		ret->lladdr_size = mnl_attr_get_payload_len(lladdr);
		memcpy(ret->lladdr, mnl_attr_get_payload(lladdr), ret->lladdr_size);
	}
	return true;
}

static bool is_valid(enum neighbour state)
{
	return state == NEIGHBOUR_ANSWERS || state == NEIGHBOUR_ANSWERED;
}

/* Neither yes nor no. */
static bool is_open(enum neighbour state)
{
	return state == NEIGHBOUR_NONE || state == NEIGHBOUR_ASKED;
}

/* A packet that waits for an answer to ARP goes out by itself once there is one. What was sent to the host
 * that held the address before is lost, and so is a connection that was given up as unreachable. */
static bool has_moved(const struct entry *before, const struct entry *now)
{
	if (!is_valid(now->state))
		return false;
	if (before->state == NEIGHBOUR_SILENT)
		return true;
	return before->lladdr_size && now->lladdr_size &&
	       (before->lladdr_size != now->lladdr_size ||
	        memcmp(before->lladdr, now->lladdr, now->lladdr_size) != 0);
}

static void take_neighbour(struct addresses *self, const struct nlmsghdr *message)
{
	struct entry now, before = self->neighbour;

	if (!read_neighbour(self, message, &now))
		return;
	/* Asked once more: as long as there is no answer, the last word stays. That it answers, or again does not,
	 * is news each time. */
	if (before.state == NEIGHBOUR_SILENT && is_open(now.state))
		now.state = NEIGHBOUR_SILENT;
	else if (now.state != before.state || !is_open(now.state))
		self->changed |= ADDRESSES_NEIGHBOUR;
	if (has_moved(&before, &now))
		self->changed |= ADDRESSES_MOVED | ADDRESSES_NEIGHBOUR;
	if (!now.lladdr_size) {
		now.lladdr_size = before.lladdr_size;
		memcpy(now.lladdr, before.lladdr, sizeof(now.lladdr));
	}
	self->neighbour = now;
}

static void drop_neighbour(struct addresses *self, const struct nlmsghdr *message)
{
	struct entry gone;

	/* The kernel forgets those first that did not answer. */
	if (!read_neighbour(self, message, &gone) || self->neighbour.state == NEIGHBOUR_NONE ||
	    self->neighbour.state == NEIGHBOUR_SILENT)
		return;
	self->neighbour.state = NEIGHBOUR_NONE;
	self->changed |= ADDRESSES_NEIGHBOUR;
}

/* --- messages --- */

static bool holds(const struct nlmsghdr *message, size_t size)
{
	return mnl_nlmsg_get_payload_len(message) >= size;
}

static int take_message(const struct nlmsghdr *message, void *data)
{
	struct addresses *self = data;

	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
		if (holds(message, sizeof(struct ifinfomsg)))
			take_link(self, message);
		break;
	case RTM_DELLINK:
		if (holds(message, sizeof(struct ifinfomsg)))
			drop_link(self, message);
		break;
	case RTM_NEWADDR:
		if (holds(message, sizeof(struct ifaddrmsg)))
			take_own(self, message);
		break;
	case RTM_DELADDR:
		if (holds(message, sizeof(struct ifaddrmsg)))
			drop_own(self, message);
		break;
	case RTM_NEWNEIGH:
		if (holds(message, sizeof(struct ndmsg)))
			take_neighbour(self, message);
		break;
	case RTM_DELNEIGH:
		if (holds(message, sizeof(struct ndmsg)))
			drop_neighbour(self, message);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static bool ask(struct addresses *self, enum dump dump)
{
	static const struct {
		uint16_t type;
		size_t header; /* of its messages, all zero: every family */
	} dumps[] = {
		[DUMP_LINKS] = { RTM_GETLINK, sizeof(struct ifinfomsg) },
		[DUMP_ADDRESSES] = { RTM_GETADDR, sizeof(struct ifaddrmsg) },
		[DUMP_NEIGHBOURS] = { RTM_GETNEIGH, sizeof(struct ndmsg) },
	};
	_Alignas(struct nlmsghdr) char bytes[NLMSG_ALIGN(sizeof(struct nlmsghdr)) +
	                                     NLMSG_ALIGN(sizeof(struct ifinfomsg))] = "";
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);

	message->nlmsg_type = dumps[dump].type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	(void)mnl_nlmsg_put_extra_header(message, dumps[dump].header);
	self->dump = dump;
	return mnl_socket_sendto(self->socket, message, message->nlmsg_len) >= 0;
}

/* From the beginning: what was missed is not known. */
static bool ask_all(struct addresses *self)
{
	self->whole = self->overrun = false;
	self->link_count = self->own_count = 0;
	self->neighbour.state = NEIGHBOUR_NONE;
	return ask(self, DUMP_LINKS);
}

static bool ask_next(struct addresses *self)
{
	if (self->dump == DUMP_LINKS)
		return ask(self, DUMP_ADDRESSES);
	if (self->dump == DUMP_ADDRESSES)
		return ask(self, DUMP_NEIGHBOURS);
	self->whole = self->dump == DUMP_NEIGHBOURS || self->whole;
	self->dump = DUMP_NONE;
	return true;
}

enum reading { READING_MORE, READING_LOST, READING_END };

/* LOST: an event had no room (ENOBUFS), the table changed under the dump (EINTR), or a dump was asked for while
 * another one ran (EBUSY): what comes is to be taken from the socket, and not to be relied on. */
static enum reading read_one(struct addresses *self)
{
	_Alignas(struct nlmsghdr) char bytes[BUFFER_MAX];
	ssize_t len = mnl_socket_recvfrom(self->socket, bytes, sizeof(bytes));
	int r;

	if (len < 0)
		return errno == ENOBUFS ? READING_LOST : READING_END;
	r = mnl_cb_run(bytes, (size_t)len, 0, 0, take_message, self);
	if (r == MNL_CB_STOP) /* the end of a dump */
		return ask_next(self) ? READING_MORE : READING_LOST;
	return r < 0 ? READING_LOST : READING_MORE;
}

/* False: something was lost on the way. */
static bool drain(struct addresses *self)
{
	enum reading reading;
	bool lost = false;

	while ((reading = read_one(self)) != READING_END)
		lost = lost || reading == READING_LOST;
	return !lost;
}

unsigned addresses_read(struct addresses *self)
{
	unsigned changed, dumps = 1;
	bool asked = self->whole || ask_all(self);

	while (asked && !drain(self)) {
		self->whole = false;
		asked = dumps++ < DUMPS_MAX && ask_all(self);
	}
	changed = self->changed;
	self->changed = 0;
	return changed;
}

bool addresses_known(const struct addresses *self)
{
	return self->whole && !self->overrun;
}

bool addresses_here(const struct addresses *self, const struct address *address,
                    char link[ADDRESSES_NAME_MAX])
{
	for (size_t i = 0; i < self->own_count; i++) {
		const struct own *own = &self->own[i];
		const struct link *on = find_link(self, own->link);

		if (!own->usable || !address_equal(&own->address, address))
			continue;
		if (on && on->silent && !address_is_loopback(address))
			continue;
		if (link)
			(void)snprintf(link, ADDRESSES_NAME_MAX, "%s", on ? on->name : "");
		return true;
	}
	return false;
}

bool addresses_own(const struct addresses *self, const struct address *address)
{
	for (size_t i = 0; i < self->own_count; i++)
		if (address_equal(&self->own[i].address, address))
			return true;
	return false;
}

enum neighbour addresses_neighbour(const struct addresses *self, uint64_t *ret_ago_usec)
{
	*ret_ago_usec = self->neighbour.ago_usec;
	return self->neighbour.state;
}

static bool is_on_network(const struct own *own, const struct address *address)
{
	size_t bytes = own->prefix / 8;
	uint8_t mask = (uint8_t)(0xff00 >> own->prefix % 8);

	if (own->address.family != address->family || own->prefix == 0 ||
	    address_equal(&own->address, address) ||
	    memcmp(own->address.bytes, address->bytes, bytes) != 0)
		return false;
	return mask == 0 || ((own->address.bytes[bytes] ^ address->bytes[bytes]) & mask) == 0;
}

bool addresses_cut_off(const struct addresses *self, const struct address *address)
{
	bool found = false;

	for (size_t i = 0; i < self->own_count; i++) {
		const struct link *link = find_link(self, self->own[i].link);

		if (!link || !is_on_network(&self->own[i], address))
			continue;
		if (link->running)
			return false;
		found = true;
	}
	return found;
}

static bool is_listed(const int *list, size_t count, int index)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == index)
			return true;
	return false;
}

size_t addresses_links(const struct addresses *self, uint8_t family, int *ret_index, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < self->own_count && count < max; i++) {
		const struct link *link = find_link(self, self->own[i].link);

		if (self->own[i].address.family == family && link && link->multicast &&
		    !link->silent && !is_listed(ret_index, count, link->index))
			ret_index[count++] = link->index;
	}
	return count;
}

/* --- life --- */

int addresses_new(struct addresses **ret)
{
	CLEANUP(addresses_free_p) struct addresses *self = calloc(1, sizeof(*self));

	if (!self)
		return -ENOMEM;
	self->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!self->socket || mnl_socket_bind(self->socket, GROUPS, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	*ret = TAKE_PTR(self);
	return 0;
}

struct addresses *addresses_free(struct addresses *self)
{
	if (self && self->socket)
		(void)mnl_socket_close(self->socket);
	free(self);
	return NULL;
}

int addresses_fd(const struct addresses *self)
{
	return mnl_socket_get_fd(self->socket);
}

void addresses_want(struct addresses *self, const struct address *wanted)
{
	if (memcmp(&self->wanted, wanted, sizeof(*wanted)) == 0)
		return;
	self->wanted = *wanted;
	self->neighbour = (struct entry){ 0 };
	self->whole = false; /* its neighbour, and a link-local one, were not kept so far */
}
