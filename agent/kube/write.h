/* SPDX-License-Identifier: Apache-2.0 */
/* write - the bodies of what gatewake writes. Every write is a compare-and-swap. */
#pragma once
#include <stddef.h>

/* DeleteOptions with the UID and the resourceVersion that were judged as preconditions: anything that
 * happened to the pod since makes the API answer 409. Allocated, never NULL on 0; -ENOMEM. */
int write_delete_options(const char *uid, const char *version, char **ret_json);
