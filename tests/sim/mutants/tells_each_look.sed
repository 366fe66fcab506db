# SPDX-License-Identifier: Apache-2.0
# each new look at the facts changes what is told
# breaks: quiet
# edits: 1
s/if (permit.cause == CAUSE_STALE \&\& core->about == container \&\& stands(core->cause))/if (!core)/
