# SPDX-License-Identifier: Apache-2.0
# the annotation is not looked at
# breaks: no write
# edits: 1
s/return evidence->deployments.first.paused ? CAUSE_PAUSED : CAUSE_NONE;/return CAUSE_NONE;/
