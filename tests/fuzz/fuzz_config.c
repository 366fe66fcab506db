/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_config - /etc/gatewake/config.yaml as a person wrote it. What is accepted can be used; what is not is
 * one line. */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "tests/fuzz/fuzz_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(const struct config *config)
{
	char host[256];
	uint16_t port = 0;

	if (!config->vip[0])
		return;
	config_split_vip(config->vip, 6443, host, &port);
	if (!host[0] || !port)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct config config;
	struct failure failure = { 0 };
	char flag[] = "--config", path[64];
	char *arguments[] = { flag, path, NULL };
	int fd = fuzz_file(bytes, size, path);

	if (fd < 0)
		return 0;
	if (config_read(&config, 0, 2, arguments, &failure) == 0)
		check(&config);
	else if (!failure.text[0] || strchr(failure.text, '\n'))
		abort();
	(void)close(fd);
	return 0;
}
