/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/targets.h"

#include <stdio.h>
#include <string.h>

#define REMEMBER_AGAIN_USEC (60 * SECONDS_USEC)

static void set_target(struct target *target, const char *server)
{
	const char *host = server + strlen("https://");

	if (strcmp(target->server, server) == 0)
		return;
	(void)snprintf(target->server, sizeof(target->server), "%s", server);
	(void)snprintf(target->address, sizeof(target->address), "%.*s", (int)strcspn(host, "/"),
	               host);
	target->detail[0] = '\0';
	target->answered = (struct address){ 0 };
}

static void set_address(struct target *target, const char *host, unsigned port)
{
	bool v6 = strchr(host, ':') != NULL;
	char server[KUBECONFIG_SERVER_MAX];

	(void)snprintf(server, sizeof(server), "https://%s%s%s:%u", v6 ? "[" : "", host,
	               v6 ? "]" : "", port);
	set_target(target, server);
}

/* The port that kubeconfig's server names, for a vip that names none. */
static uint16_t server_port(const char *server)
{
	const char *host = server + strlen("https://");
	size_t len = strcspn(host, "/");
	unsigned port = 0;

	while (len > 0 && host[len - 1] != ':' && host[len - 1] != ']')
		len--;
	if (len > 0 && host[len - 1] == ':')
		(void)sscanf(host + len, "%u", &port);
	return port > 0 && port <= UINT16_MAX ? (uint16_t)port : CONFIG_API_PORT;
}

/* A trouble is told once: the next boot has to ask the API server again, that is all. A disk that is full or failing
 * is not tried in each turn: even a file that comes to nothing is written to its journal. */
static void remember(struct engine *engine, uint64_t now_usec)
{
	const char *address = engine->target[ENDPOINT_VIP].address;
	int r;

	if (!engine->remembers || strcmp(engine->remembered, address) == 0 ||
	    (engine->remember_trouble && now_usec - engine->remember_usec < REMEMBER_AGAIN_USEC))
		return;
	engine->remember_usec = now_usec;
	r = remember_write(engine->config->state_dir, address);
	if (r == 0)
		(void)snprintf(engine->remembered, sizeof(engine->remembered), "%s", address);
	else if (!engine->remember_trouble)
		journal_write(&engine->journal, LOG_WARNING, NULL, NULL,
		              "%s/" REMEMBER_FILE
		              " cannot be written (%s): after the next boot the virtual address is "
		              "not known until the API server answers",
		              engine->config->state_dir, strerror(-r));
	engine->remember_trouble = r < 0;
}

static void recall(struct engine *engine, uint16_t port)
{
	char host[256];

	if (!engine->remembered[0])
		return;
	config_split_vip(engine->remembered, port, host, &port);
	set_address(&engine->target[ENDPOINT_VIP], host, port);
}

/* What the operator uses, in this order: our configuration, its Deployment's environment, else the server
 * of the kubeconfig: there is no virtual address then. Before the Deployment was seen: what it said before
 * the last boot. */
static void find_vip(struct engine *engine, uint64_t now_usec)
{
	const struct object_deployment *operator= & engine->deployments.first;
	uint16_t port = server_port(engine->kubeconfig->server);
	char host[256];
	unsigned named = 0;

	if (engine->config->vip[0]) {
		config_split_vip(engine->config->vip, port, host, &port);
		set_address(&engine->target[ENDPOINT_VIP], host, port);
	} else if (engine->deployments.count == 1 && operator->host[0]) {
		(void)sscanf(operator->port, "%u", &named);
		set_address(&engine->target[ENDPOINT_VIP], operator->host,
		            named > 0 && named <= UINT16_MAX ? named : port);
		remember(engine, now_usec);
	} else if (engine->deployments.count == 1) {
		set_target(&engine->target[ENDPOINT_VIP], engine->kubeconfig->server);
		remember(engine, now_usec);
	} else if (!engine->target[ENDPOINT_VIP].server[0]) {
		recall(engine, port);
	}
}

void targets_find(struct engine *engine, uint64_t now_usec)
{
	if (engine->kubeconfig) {
		set_target(&engine->target[ENDPOINT_LOCAL], engine->kubeconfig->server);
		find_vip(engine, now_usec);
	}
	for (enum endpoint endpoint = ENDPOINT_LOCAL; endpoint <= ENDPOINT_VIP; endpoint++)
		engine->evidence.endpoint[endpoint].configured =
			engine->kubeconfig && engine->target[endpoint].server[0];
}
