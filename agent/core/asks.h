/* SPDX-License-Identifier: Apache-2.0 */
/* asks - which question is due when, and through which endpoint. Pure; part of the core, not a
 * door. The pauses follow the verdict: close while something is wrong or coming up, wide when all
 * is well. */
#pragma once
#include "core/core.h"

/* Adds the asks that are due to *ret (and to what is under way), and lowers ret->wake_usec to the
 * time of the next one. */
void asks_plan(struct core *core, const struct evidence *evidence, uint64_t now_usec, uint32_t dice,
               struct decision *ret);

/* Puts one order under way and into *ret; false where there is no room left. */
bool asks_order(struct core *core, struct order order, uint64_t now_usec, struct decision *ret);

size_t asks_count(const struct core *core, enum order_kind kind); /* under way */

/* The endpoint to go through: local where it is usable, for it is nearest. */
enum endpoint asks_nearest(const struct core *core);

/* When an ask is due so long after the last one. What can wait for longer than a probe goes out together
 * with one, and audits with each other. */
uint64_t asks_due(uint64_t ended_usec, uint64_t pause);

/* Lowers the time of the next step. */
void asks_wake_at(struct decision *ret, uint64_t usec);

/* A write; all other kinds are asks. */
bool asks_is_act(enum order_kind kind);

bool asks_under_way(const struct core *core, enum order_kind kind, uint16_t subject);

/* The same by what it is about: a place may be another one's by now. */
bool asks_about(const struct core *core, enum order_kind kind, uint32_t about);

/* Which way such an ask goes now; false: there is none. */
bool asks_choose_via(const struct core *core, enum order_kind kind, enum endpoint *ret_via);

/* Luck for one subject until its next turn: the nodes of a cluster boot together, and so do the
 * subjects of one node. */
uint32_t asks_luck(const struct core *core, uint32_t about);

/* An order whose outcome was not told in time, or ORDER_NONE. */
enum order_kind asks_overdue(const struct core *core, uint64_t now_usec);
