/* SPDX-License-Identifier: Apache-2.0 */
/* apply - what setup does with the API: server-side apply of whole objects, their deletion, and the review of rights.
 * As the bed showed it, and less: all accounts have all rights but those denied. */
#pragma once
#include "tests/fakeapi/api.h"

struct apply_place { /* strings are the caller's; resource is static */
	const char *resource, *namespace, *name;
};

void apply_object(struct world *world, const struct apply_place *place,
                  const struct api_request *request, struct api_answer *ret);
void apply_delete(struct world *world, const struct apply_place *place,
                  const struct api_request *request, struct api_answer *ret);
/* An account's token is good for as long as its Secret is there. */
bool apply_knows(const struct world *world, const char *token);
void apply_review(struct world *world, const struct api_request *request, struct api_answer *ret);
