/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_secret - a source Secret as JSON: what comes out must be a copy that says whose it is, or one line
 * that names the source. What it accepts it must also be able to read back, with the same data. */
#include "kube/copy_body.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool so)
{
	if (!so)
		abort();
}

static void check_line(const struct failure *failure)
{
	demand(strncmp(failure->text, "default/alpha-tls ", 18) == 0);
	for (const char *c = failure->text; *c; c++)
		demand(*c >= ' ' && *c <= '~');
}

/* The API adds uid and resourceVersion; the rest must be whole as it is. */
static void check_body(char *body, const struct source_facts *facts)
{
	static const char head[] = "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{";
	static const char added[] =
		"{\"kind\":\"Secret\",\"metadata\":{\"uid\":\"u\",\"resourceVersion\":\"1\",";
	const struct copy_source copy = { "cilium-secrets", "default-alpha-tls" };
	struct copy_facts read;
	struct failure failure;
	size_t len = strlen(body), room = len + sizeof(added);
	char *stored = malloc(room);

	demand(stored && strncmp(body, head, sizeof(head) - 1) == 0);
	memcpy(stored, added, sizeof(added) - 1);
	memcpy(stored + sizeof(added) - 1, body + sizeof(head) - 1, len - sizeof(head) + 2);
	demand(copy_body_read(span_of(stored), &copy, &read, &failure) == 0);
	demand(strcmp(read.owner_namespace, "default") == 0 &&
	       strcmp(read.owner_name, "alpha-tls") == 0);
	demand(strcmp(read.type, "kubernetes.io/tls") == 0 && read.has_leaf && !read.terminating);
	demand(digest_equals(&read.data, &facts->data) &&
	       digest_equals(&read.leaf.digest, &facts->leaf.digest));
	free(stored);
	secret_free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct copy_source source = { "default", "alpha-tls" };
	const struct span json = { (const char *)bytes, size };
	struct copy_facts copy;
	struct failure failure;

	objects_init();
	for (uint32_t minor = 119; minor <= 120; minor++) {
		const struct copy_target target = { source, "cilium-secrets", "default-alpha-tls",
			                            copy_shape_of(minor, COPY_RULE_LEGACY) };
		struct source_facts facts;
		char *body;

		if (copy_body_build(json, &target, &facts, &body, &failure) == 0)
			check_body(body, &facts);
		else
			check_line(&failure);
	}
	if (copy_body_read(json, &source, &copy, &failure) < 0)
		check_line(&failure);
	return 0;
}
