# SPDX-License-Identifier: Apache-2.0
# an outcome that stays away is not noticed
# breaks: overdue
# edits: 1
s/now_usec > order->deadline_usec + OVERDUE_SLACK_USEC)/false)/
