# SPDX-License-Identifier: Apache-2.0
# mode observe creates all the same
# breaks: no write
# edits: 1
s/return (policy->may \& POLICY_CREATE) \&\& core->verdict/return core->verdict/
