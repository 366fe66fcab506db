/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_kubeconfig - a file that a person wrote. What is accepted has a server by https and a CA; what is not
 * is one line. */
#include <stdlib.h>
#include <string.h>

#include "kube/kubeconfig.h"
#include "tests/fuzz/fuzz_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(const struct kubeconfig *kubeconfig)
{
	if (strncmp(kubeconfig->server, "https://", 8) != 0 || !kubeconfig->ca_pem ||
	    strlen(kubeconfig->server) >= KUBECONFIG_SERVER_MAX ||
	    !kubeconfig->client_cert_pem != !kubeconfig->client_key_pem)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct kubeconfig *kubeconfig = NULL;
	struct failure failure = { 0 };
	char path[64];
	int fd = fuzz_file(bytes, size, path);

	if (fd < 0)
		return 0;
	if (kubeconfig_read(path, 0, &kubeconfig, &failure) == 0)
		check(kubeconfig);
	else if (kubeconfig || !failure.text[0] || strchr(failure.text, '\n'))
		abort();
	kubeconfig = kubeconfig_free(kubeconfig);
	(void)close(fd);
	return 0;
}
