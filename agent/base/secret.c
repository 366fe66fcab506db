/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <malloc.h>
#include <string.h>

/* Not inline: seen beside its malloc(), the compiler would know the size that was asked for and
 * take wiping up to the usable size for an overflow. The usable size is what is wiped, since a
 * string that was cut short by a NUL byte still has its rest behind it. */
char *secret_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, malloc_usable_size(secret));
	free(secret);
	return NULL;
}

void secret_wipe_string(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
}
