/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_advert - what anybody on the same link may send to a raw socket for VRRP. An advert that is taken has an interval and a
 * VRID, or time would stand still for its sender. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/vrrp.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void try(uint8_t family, struct span advert)
{
	static const uint8_t ends[2][16] = { { 10, 77, 0, 1 }, { 224, 0, 0, 18 } };
	struct address from = address_make(family, ends[0]), to = address_make(family, ends[1]);
	struct vrrp_advert ret;

	if (vrrp_parse(advert, &from, &to, 255, &from, &ret) == 0 &&
	    (ret.interval_usec == 0 || ret.vrid == 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *own = malloc(size ? size : 1); /* of that size, so that a read beyond it is seen */

	if (!own)
		return 0;
	if (size)
		memcpy(own, bytes, size);
	try(AF_INET, (struct span){ own, size });
	try(AF_INET6, (struct span){ own, size });
	free(own);
	return 0;
}
