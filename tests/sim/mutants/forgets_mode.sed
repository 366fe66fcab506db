# SPDX-License-Identifier: Apache-2.0
# mode observe restarts all the same
# breaks: no write
# edits: 1
s/if (!(policy->may \& POLICY_RESTART))/if (!policy)/
