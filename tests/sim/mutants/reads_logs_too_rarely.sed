# SPDX-License-Identifier: Apache-2.0
# the log is read again late
# breaks: window
# edits: 1
s/^#define LOG_CLOSE_USEC .*/#define LOG_CLOSE_USEC (20 * SECONDS_USEC)/
