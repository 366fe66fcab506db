/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_words - bytes from an operator: its log, its metrics, its image's name. Off is final: whatever
 * follows a whole off line, the log says off. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cilium/metrics.h"
#include "cilium/oplog.h"
#include "cilium/release.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void off_is_final(const uint8_t *bytes, size_t size)
{
	static const char off[] = "\nmsg=\"Required GatewayAPI resources are not found\"\n";
	char *text = malloc(sizeof(off) + size);

	if (!text)
		return;
	memcpy(text, off, sizeof(off) - 1);
	if (size)
		memcpy(text + sizeof(off) - 1, bytes, size);
	if (oplog_judge((struct span){ text, sizeof(off) - 1 + size }) != LOG_OFF)
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span text = { (const char *)bytes, size };
	uint32_t minor = release_of_image(text);

	if (oplog_judge(text) == LOG_UNREADABLE || (minor && (minor < 100 || minor > 199)))
		abort();
	(void)metrics_judge(text);
	if (release_find(minor)->crd_count == 0)
		abort();
	off_is_final(bytes, size);
	return 0;
}
