# SPDX-License-Identifier: Apache-2.0
# a withheld outcome keeps the loop turning
# breaks: wake
# edits: 1
s/if (now_usec < order->deadline_usec)/if (order->deadline_usec)/
