/* SPDX-License-Identifier: Apache-2.0 */
/* control - the lines by which the client commands a world, be it tests/fakeapi or the real bed. It says once
 * "ready kubeconfig=PATH ... speed=N", and answers each line with one that begins "ok" or "error"; lines that begin
 * "event" are for people.
 *   begin                  health, from whatever was before
 *   restart FAULT SECONDS  the virtual address fails, the operator's process is killed; the address is back so many
 *                          seconds after its next container's start. May answer before that
 *   heal                   the address is there, and the operator gets a new pod */
#pragma once
#include <stdio.h>
#include <sys/types.h>

struct control {
	FILE *to, *from;
	pid_t pid; /* 0: it is not ours to end */
	char kubeconfig[256];
	unsigned speed;
};

/* Starts the program of a world, or takes one that is there by its descriptor. Each ends the program where it fails. */
void control_start(struct control *self, char *const *argv);
void control_take(struct control *self, int fd);
void control_tell(struct control *self, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void control_end(struct control *self);
