/* SPDX-License-Identifier: Apache-2.0 */
#include "report/words.h"

#include <stdio.h>
#include <string.h>

#include "report/holder.h"

static const struct words causes[] = {
	[CAUSE_NONE] = { "none", "controller on", NULL, "f5b49a1e7e104275b93f6103e1a06404" },
	[CAUSE_NO_ENDPOINT] = { "no-endpoint", "the API server does not answer", NULL,
	                        "f16ad4a62b434e8d9f7724b0a7a70b88" },
	[CAUSE_LOOKING] = { "looking", "reading the cluster", NULL,
	                    "d4fd0f19d1564fae8ed7cf3de92fa030" },
	[CAUSE_NO_OPERATOR] = { "no-operator", "no Deployment is labelled io.cilium/app=operator",
	                        "kubectl get deployments -A -l io.cilium/app=operator",
	                        "f113cd864d47454393702a57cbfe916c" },
	[CAUSE_TWO_OPERATORS] = { "two-operators",
	                          "more than one Deployment is labelled io.cilium/app=operator; "
	                          "which one counts is not known",
	                          "kubectl get deployments -A -l io.cilium/app=operator",
	                          "3b1f03245ac7493faa436f178efdd618" },
	[CAUSE_TOO_MANY] = { "too-many",
	                     "there are more operator pods or ReplicaSets than gatewake looks at",
	                     "kubectl get pods,replicasets -A -l io.cilium/app=operator",
	                     "56db0ece468148eb9c11fc470ff94c8d" },
	[CAUSE_NODE_UNKNOWN] = { "node-unknown", "no Node carries this boot's id yet",
	                         "kubectl get nodes -o "
	                         "custom-columns=NAME:.metadata.name,BOOT:.status.nodeInfo.bootID",
	                         "9881b7dba1a04d2fb8c1429b430dd671" },
	[CAUSE_READ_REFUSED] = { "read-refused",
	                         "the API server refuses to show what gatewake must read",
	                         "sudo gatewake setup", "4bfaa6b6abbe4b08af54a80225dabefa" },
	[CAUSE_CRD_MISSING] = { "crd-missing",
	                        "a CRD that this Cilium version requires is not served; a restart "
	                        "would not help",
	                        "kubectl get crd | grep gateway.networking.k8s.io",
	                        "2a463a294b504be0936c04bacbdf41c8" },
	[CAUSE_CRASH_CRD] = { "crash-crd",
	                      "a CRD lists a version that it does not serve; a restart would not "
	                      "help",
	                      "kubectl get crd tlsroutes.gateway.networking.k8s.io -o yaml | grep "
	                      "-E 'name: v1|served'",
	                      "e2a1f7d2a35c4a3c9b1f8a4c0f6d7b11" },
	[CAUSE_CRASH] = { "crash", "it keeps ending, and is started again more and more seldom",
	                  "kubectl logs -n kube-system deployment/cilium-operator --previous | "
	                  "tail "
	                  "-20",
	                  "5b0f5d1c8e3b4f37a6c94be0d2a97e42" },
	[CAUSE_RESTARTING] = { "restarting", "deleting the operator's pod", NULL,
	                       "20d92a430cbf444cabd622efafffc022" },
	[CAUSE_VIP_NOT_USABLE] = { "vip-not-usable",
	                           "restart waits for the API server's virtual address", NULL,
	                           "cf008494ea0047609f609423bb254e83" },
	[CAUSE_CRDS_UNPROVEN] = { "crds-unproven",
	                          "restart waits for the required CRDs through the virtual address",
	                          NULL, "4a43dc3a56994f5c9aa164b13c7c9021" },
	[CAUSE_MODE] = { "mode", "not restarted: mode is not recover",
	                 "set mode: recover in /etc/gatewake/config.yaml",
	                 "0138f2614d7c4a16a342241d252b41cc" },
	[CAUSE_ONCE] = { "once",
	                 "only a restart of the operator's pod helps; the service does that, this "
	                 "command does not",
	                 "sudo systemctl start gatewake", "0f6f2b0d2f5b4c5c9d0b3b8e6a1d7c42" },
	[CAUSE_PAUSED] = { "paused", "not restarted: the Deployment carries gatewake.io/paused",
	                   "kubectl annotate deployment -n kube-system cilium-operator "
	                   "gatewake.io/paused-",
	                   "312cd0fc913e445790a2f35d9acb4683" },
	[CAUSE_STALE] = { "stale", "reading everything again before the restart", NULL,
	                  "346e90556a1949ff9d068d84ae63451a" },
	[CAUSE_NOT_ALIVE] = { "not-alive",
	                      "the container that was judged does not run on this host any more",
	                      NULL, "fc3807cf651a42ed8683c77f19be2085" },
	[CAUSE_OTHER_NODE] = { "other-node",
	                       "the operator runs on another node, whose agent goes first", NULL,
	                       "dfd84f508f654919925a507500e9ab4f" },
	[CAUSE_NO_REPLACEMENT] = { "no-replacement",
	                           "not restarted: no live ReplicaSet would replace the pod",
	                           "kubectl get deployments,replicasets -A -l "
	                           "io.cilium/app=operator",
	                           "35479da367b44d73bab069c2db8b0364" },
	[CAUSE_ROLLOUT] = { "rollout", "not restarted: a rollout of the operator is moving",
	                    "kubectl rollout status -n kube-system deployment/cilium-operator",
	                    "a675db6789284e14843bb44c093a4b4c" },
	[CAUSE_CORDONED] = { "cordoned",
	                     "not restarted: the node is cordoned, the replacement could not be "
	                     "scheduled",
	                     "kubectl uncordon NODE", "d54a5423bf1d4bd2852a6304205393e1" },
	[CAUSE_PRESSURE] = { "pressure",
	                     "not restarted: the node is under pressure, the replacement could not "
	                     "be scheduled",
	                     "kubectl describe node", "7986d3257ccd45c6bb9beaea0e69b367" },
	[CAUSE_TAINTED] = { "tainted",
	                    "not restarted: the node has a taint that the operator does not "
	                    "tolerate",
	                    "kubectl describe node", "1a4f58e6c89e40f8901391476b9a817f" },
	[CAUSE_ALWAYS_PULLS] = { "always-pulls",
	                         "not restarted: imagePullPolicy is Always, the replacement would "
	                         "need the registry",
	                         "set operator.image.pullPolicy: IfNotPresent in Cilium's chart",
	                         "80eacba30eb044d3b523fb26ae8193b2" },
	[CAUSE_BUDGET] = { "budget", "not restarted yet: the last replacements were off as well",
	                   "kubectl logs -n kube-system deployment/cilium-operator | head -100",
	                   "8b09d32db7d34fe5983e7eaee0f20751" },
	[CAUSE_NOT_DELETED] = { "not-deleted", "the pod's delete did not succeed, trying again",
	                        "kubectl auth can-i delete pods -n kube-system",
	                        "46b9ac5452534fed9d0e5b20d7ddc133" },
	[CAUSE_NO_POD] = { "no-pod", "no container of the operator runs just now",
	                   "kubectl get pods -A -l io.cilium/app=operator",
	                   "d4cafd231a4b45c990f71e4392b881af" },
	[CAUSE_NOT_CURRENT] = { "not-current",
	                        "the operator's pod status is from before its container ended",
	                        NULL, "56a161ee71f94a05ae8d24bf0160612d" },
	[CAUSE_LOG_UNREADABLE] = { "log-unreadable", "the operator's log cannot be read yet",
	                           "kubectl logs -n kube-system deployment/cilium-operator",
	                           "2592c1f226a749b9a840741dabfdb18f" },
	[CAUSE_LOG_SILENT] = { "log-silent",
	                       "the operator's log does not say yet whether its Gateway controller "
	                       "runs",
	                       NULL, "22ba6887b73d4a28a394b5d4f0da2b73" },
	[CAUSE_LOG_SPLIT] = { "log-split",
	                      "the operator's secret synchronization knows no Gateway, its "
	                      "controller is not said to be off",
	                      "kubectl logs -n kube-system deployment/cilium-operator | grep "
	                      "registrations",
	                      "a57aa8aca57548579a3789bf01714af5" },
	[CAUSE_LOG_OPAQUE] = { "log-opaque",
	                       "the operator's log (JSON) does not show its registrations", NULL,
	                       "4602380e90cf4592bf8ee0a746d3921e" },
	[CAUSE_COPIES_COMING] = { "copies-coming",
	                          "controller on, copies of certificates are still missing or "
	                          "behind their sources",
	                          NULL, "1edb4454f8df4e939fd6dbaccbc3001a" },
	[CAUSE_GATEWAY_OFF] = { "gateway-off",
	                        "Gateway API is switched off (enable-gateway-api in cilium-config)",
	                        "helm upgrade cilium ... --set gatewayAPI.enabled=true",
	                        "289a13a07b3d4ebbb302260e1922a65c" },
	[CAUSE_SYNC_OFF] = { "sync-off",
	                     "copying certificates is switched off "
	                     "(enable-gateway-api-secrets-sync in cilium-config)",
	                     "kubectl get configmap -n kube-system cilium-config -o yaml | grep "
	                     "gateway-api",
	                     "7e744e5bd61741dcbe6a4dfcca02bd91" },
	[CAUSE_PROXY_OFF] = { "proxy-off",
	                      "Gateway API needs kube-proxy-replacement (or enable-node-port), and "
	                      "it is off in cilium-config",
	                      "helm upgrade cilium ... --set kubeProxyReplacement=true",
	                      "487b2443a5684169962a12e571fb2ee6" },
	[CAUSE_COPY_REFUSED] = { "copy-refused",
	                         "a copy of a certificate cannot be put in its place", NULL,
	                         "8a1e1f9cc0e64f79853580172d024f95" },
	[CAUSE_NEGLECTED] = { "neglected",
	                      "controller on, yet copies of certificates stay missing or behind "
	                      "their sources",
	                      "kubectl logs -n kube-system deployment/cilium-operator | grep -i "
	                      "secret",
	                      "6b3c7c9577584f45a01a6735705b70c1" },
	[CAUSE_NOT_SERVED] = { "not-served",
	                       "copies are right, yet a listener does not serve its certificate",
	                       "kubectl logs -n kube-system daemonset/cilium-envoy",
	                       "3eb1e9aabee74085aa306d90111b141f" },
	[CAUSE_PROVEN] = { "proven", "every listener serves the right certificate", NULL,
	                   "ac67fba1f09c4348adc50af10f51e975" },
};
_Static_assert(sizeof(causes) / sizeof(causes[0]) == CAUSE_COUNT, "words for each cause");

static const struct words_verdict verdicts[] = {
	[VERDICT_UNKNOWN] = { "UNKNOWN", "too little is known to say or do anything", NULL,
	                      MOOD_WAITING },
	[VERDICT_DISABLED] = { "DISABLED", "Cilium's Gateway API is not meant to work here", NULL,
	                       MOOD_WAITING },
	[VERDICT_CRDS_MISSING] = { "CRDS_MISSING",
	                           "this Cilium version needs a CRD that is not installed", NULL,
	                           MOOD_BAD },
	[VERDICT_CRASHING] = { "CRASHING", "the operator ends at each start", NULL, MOOD_BAD },
	[VERDICT_HELD_BACK] = { "HELD_BACK",
	                        "the operator waits to be started again, though it could run now",
	                        NULL, MOOD_WAITING },
	[VERDICT_CONTROLLER_OFF] = { "CONTROLLER_OFF",
	                             "the operator lost the start-up race: until it is restarted, "
	                             "copies of certificates are deleted and none is made",
	                             NULL, MOOD_BAD },
	[VERDICT_COPY_BLOCKED] = { "COPY_BLOCKED",
	                           "a listener lacks its certificate, and a restart would not help",
	                           NULL, MOOD_BAD },
	[VERDICT_COPIES_NEGLECTED] = { "COPIES_NEGLECTED",
	                               "the controller runs, and does not do its work", NULL,
	                               MOOD_BAD },
	[VERDICT_STARTING] = { "STARTING", "not all is there yet, and it may still come by itself",
	                       NULL, MOOD_WAITING },
	[VERDICT_NOT_SERVED] = { "NOT_SERVED",
	                         "the cluster is right, Envoy does not serve what it should", NULL,
	                         MOOD_BAD },
	[VERDICT_PROVEN] = { "PROVEN", "all is well, as a client sees it", NULL, MOOD_GOOD },
	[VERDICT_HEALTHY] = { "HEALTHY",
	                      "all is well, as far as can be seen from here: no listener was "
	                      "proven",
	                      NULL, MOOD_GOOD },
};
_Static_assert(sizeof(verdicts) / sizeof(verdicts[0]) == VERDICT_COUNT, "words for each verdict");

static const struct words_verdict proofs[] = {
	[PROOF_UNKNOWN] = { "UNKNOWN", "not looked at yet", NULL, MOOD_WAITING },
	[PROOF_SERVED] = { "SERVED", "it serves the certificate of its Secret", NULL, MOOD_GOOD },
	[PROOF_STALE] = { "STALE", "it serves an older certificate of its Secret",
	                  "kubectl rollout restart -n kube-system daemonset/cilium-envoy",
	                  MOOD_BAD },
	[PROOF_WRONG_CERT] = { "WRONG_CERT", "it serves another certificate",
	                       "kubectl logs -n kube-system daemonset/cilium-envoy", MOOD_BAD },
	[PROOF_NO_CERT] = { "NO_CERT", "the handshake ends without a certificate",
	                    "kubectl logs -n kube-system daemonset/cilium-envoy", MOOD_BAD },
	[PROOF_UNREACHABLE] = { "UNREACHABLE", "no connection from this host",
	                        "kubectl get gateways -A", MOOD_WAITING },
	[PROOF_SKIPPED] = { "SKIPPED", "it cannot be proven by a handshake", NULL, MOOD_WAITING },
};
#define PROOF_COUNT (sizeof(proofs) / sizeof(proofs[0]))

static const struct {
	const char *name, *sentence, *command;
} layers[] = {
	[LAYER_UNKNOWN] = { "unknown", "not asked yet", NULL },
	[LAYER_CLOCK] = { "clock", "its certificate is not valid yet by this host's clock", NULL },
	[LAYER_LINK] = { "link", "no way there", NULL },
	[LAYER_VIP] = { "vip", "nobody answers", NULL },
	[LAYER_TCP] = { "tcp", "the port is closed", NULL },
	[LAYER_TLS] = { "tls", "no TLS", NULL },
	[LAYER_AUTH] = { "auth", "it does not accept our credentials", "sudo gatewake setup" },
	[LAYER_READYZ] = { "readyz", "not ready", NULL },
	[LAYER_CRDS] = { "crds", "it gives no definite answer for the CRDs", NULL },
	[LAYER_USABLE] = { "usable", "usable", NULL },
};
_Static_assert(sizeof(layers) / sizeof(layers[0]) == LAYER_COUNT, "words for each layer");

const char *words_of_news(enum news news)
{
	static const char *const message_ids[] = {
		[NEWS_BOARD] = "a51c5148c4654d008824dd5a01d0e820",
		[NEWS_MOVED] = "42a45e6df9574090bd5d9d915ce2b85a",
		[NEWS_DUAL] = "a6190e0f313e4c9895fb23d8a16cb97f",
	};
	_Static_assert(sizeof(message_ids) / sizeof(message_ids[0]) == NEWS_COUNT, "one for each");

	return message_ids[news];
}

const struct words *words_of_cause(enum cause cause)
{
	return &causes[cause];
}

const char *words_of_verdict(enum verdict verdict)
{
	return verdicts[verdict].name;
}

const struct words_verdict *words_of_proof(enum proof proof)
{
	return &proofs[proof];
}

static const struct words_verdict *find(const struct words_verdict *table, size_t count,
                                        const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

const struct words_verdict *words_find_verdict(const char *name)
{
	return find(verdicts, VERDICT_COUNT, name);
}

const struct words_verdict *words_find_proof(const char *name)
{
	return find(proofs, PROOF_COUNT, name);
}

const char *words_of_restart(enum verdict verdict)
{
	if (verdict == VERDICT_HELD_BACK)
		return "is deleted: it ended while the API server was away, and its next start "
		       "would "
		       "have to wait";
	if (verdict == VERDICT_COPIES_NEGLECTED)
		return "is deleted: its Gateway controller is on, and leaves copies missing or "
		       "stale";
	return "is deleted: its Gateway controller is off for as long as it runs";
}

const char *words_of_layer(enum layer layer)
{
	return layers[layer].name;
}

const char *words_of_layer_command(enum layer layer)
{
	return layers[layer].command;
}

const char *words_of_endpoint(enum endpoint endpoint)
{
	return endpoint == ENDPOINT_LOCAL ? "local" : "vip";
}

static unsigned seconds(uint64_t since_usec, uint64_t now_usec)
{
	return now_usec > since_usec ? (unsigned)((now_usec - since_usec) / SECONDS_USEC) : 0;
}

void words_of_wait(const struct words_facts *facts, enum endpoint endpoint, uint64_t now_usec,
                   char *line, size_t size)
{
	const struct words_endpoint *place = &facts->endpoint[endpoint];
	char holder[2 * HOLDER_TEXT_MAX] = "";

	if (endpoint == ENDPOINT_VIP)
		holder_sentence(&facts->holder, holder, sizeof(holder));
	if (!place->address[0])
		(void)snprintf(line, size, "waiting for %s: its address is not known yet",
		               words_of_endpoint(endpoint));
	else if (place->layer == LAYER_UNKNOWN)
		(void)snprintf(line, size, "waiting for %s: %s not asked yet", words_of_endpoint(endpoint),
		               place->address);
	else
		(void)snprintf(line, size, "waiting for %s: %s %s%s%s%s%s%s, %u s%s",
		               words_of_endpoint(endpoint), place->address, holder,
		               holder[0] ? ": " : "", layers[place->layer].sentence,
		               place->detail[0] ? " (" : "", place->detail,
		               place->detail[0] ? ")" : "", seconds(place->since_usec, now_usec),
		               facts->under_voltage ? "; under-voltage since boot" : "");
}

/* The endpoint whose trouble explains the verdict, if any: of two that are down, the one to wait for
 * is the local one, since with it alone most can be told. */
static bool waits_for(const struct words_facts *facts, enum endpoint *ret_endpoint)
{
	*ret_endpoint = facts->cause == CAUSE_NO_ENDPOINT ? ENDPOINT_LOCAL : ENDPOINT_VIP;
	return facts->cause == CAUSE_NO_ENDPOINT || facts->cause == CAUSE_VIP_NOT_USABLE ||
	       (facts->cause == CAUSE_CRDS_UNPROVEN &&
	        facts->endpoint[ENDPOINT_VIP].layer == LAYER_CRDS);
}

static const char *opening(const struct words_facts *facts)
{
	switch (facts->verdict) {
	case VERDICT_CONTROLLER_OFF:
		return "Gateway controller OFF: ";
	case VERDICT_CRASHING:
		return "the operator cannot start: ";
	case VERDICT_HELD_BACK:
		return "the operator is held back after a crash: ";
	case VERDICT_STARTING:
		return "starting: ";
	case VERDICT_CRDS_MISSING:
		return "Gateway API CRDs missing: ";
	case VERDICT_DISABLED:
		return "not gatewake's case: ";
	case VERDICT_COPY_BLOCKED:
	case VERDICT_COPIES_NEGLECTED:
	case VERDICT_NOT_SERVED:
		return "Gateway certificates: ";
	case VERDICT_UNKNOWN:
	case VERDICT_PROVEN:
	case VERDICT_HEALTHY:
		break;
	}
	return "";
}

static void proven_line(const struct words_facts *facts, char *line, size_t size)
{
	(void)snprintf(line, size, "%u/%u listeners proven, controller on, boot to TLS %.1f s",
	               facts->served, facts->provable, facts->tls_proven_s);
}

/* How many are meant, where the cause speaks of many. */
static void count(const struct words_facts *facts, char *text, size_t size)
{
	text[0] = '\0';
	if (facts->cause == CAUSE_COPIES_COMING || facts->cause == CAUSE_NEGLECTED ||
	    facts->cause == CAUSE_COPY_REFUSED)
		(void)snprintf(text, size, ": %u of %u copies are there", facts->present,
		               facts->needed);
	else if (facts->cause == CAUSE_NOT_SERVED)
		(void)snprintf(text, size, ": %u of %u listeners proven", facts->served,
		               facts->provable);
}

void words_line(const struct words_facts *facts, uint64_t now_usec, char *line, size_t size)
{
	char wait[340] = "", until[48] = "", counted[64];
	enum endpoint endpoint;

	if (waits_for(facts, &endpoint))
		words_of_wait(facts, endpoint, now_usec, wait, sizeof(wait));
	if (facts->cause == CAUSE_NO_ENDPOINT) {
		(void)snprintf(line, size, "%s", wait);
		return;
	}
	if (facts->verdict == VERDICT_PROVEN) {
		proven_line(facts, line, size);
		return;
	}
	count(facts, counted, sizeof(counted));
	if (facts->until_usec > now_usec)
		(void)snprintf(until, sizeof(until), ", at most %u s more",
		               seconds(now_usec, facts->until_usec) + 1);
	(void)snprintf(line, size, "%s%s%s%s%s%s%s%s%s%s%s%s%s", opening(facts),
	               causes[facts->cause].sentence,
	               facts->verdict == VERDICT_HEALTHY && facts->cilium[0] ? ", Cilium " : "",
	               facts->verdict == VERDICT_HEALTHY ? facts->cilium : "", counted,
	               facts->object[0] ? ": " : "", facts->object, facts->pod[0] ? " (" : "",
	               facts->pod, facts->pod[0] ? ")" : "", until, wait[0] ? "; " : "", wait);
}
