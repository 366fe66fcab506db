# SPDX-License-Identifier: Apache-2.0
# an order counts as overdue before its bound
# breaks: overdue
# edits: 1
s/now_usec > order->deadline_usec + OVERDUE_SLACK_USEC)/now_usec > order->begun_usec + SECONDS_USEC)/
