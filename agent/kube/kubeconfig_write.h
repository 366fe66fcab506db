/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig_write - the text of a kubeconfig for an account with a token, on the same server as another one. It
 * begins with a mark, so that a file that a person wrote is told from one of ours. */
#pragma once
#include <stdbool.h>

#include "base/secret.h"
#include "kube/kubeconfig.h"

/* *ret_text is a secret, the caller's to free (secret_free). -ENOMEM, -E2BIG. */
int kubeconfig_text(const struct kubeconfig *like, const char *token, char **ret_text);

/* Whether that is what kubeconfig_text() writes, by its mark; what is blank belongs to nobody, and so to us. */
bool kubeconfig_is_ours(struct span text);
