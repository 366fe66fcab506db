/* SPDX-License-Identifier: Apache-2.0 */
/* contract - does what each row says to a world, looks at it through the Kubernetes API, and compares. The same program
 * for the fake API server and for the real bed; all seconds are the world's own. */
#include "tests/contract/cluster.h"
#include "tests/contract/control.h"
#include "tests/contract/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE       12 /* worlds, where each row has its own */
#define LOOK_SECONDS  0.2
#define OBSERVE_AFTER 45 /* seconds after the address is back */
#define HEALS_WITHIN  90
#define FAKE_SPEED    "30"

static const char usage[] =
	"usage: contract ROWS --world PROGRAM        each row in a world of its own\n"
	"       contract ROWS --control FD VERSION    those of one version, in a world that is "
        "there\n";

struct view {
	struct control *control;
	struct cluster cluster;
	struct seen_copies before;
	char old[OBJECT_CONTAINER_MAX],
		first[OBJECT_CONTAINER_MAX]; /* containers: killed by us, and the one that followed */
	struct row is;                       /* what was seen */
};

/* The world's seconds, counted from anywhere. */
static double now_of(const struct control *control)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return ((double)now.tv_sec + (double)now.tv_nsec / 1e9) * control->speed;
}

static void pause_between_looks(const struct control *control)
{
	double seconds = LOOK_SECONDS / control->speed;
	struct timespec pause = { .tv_nsec = (long)(seconds * 1e9) };

	(void)nanosleep(&pause, NULL);
}

/* --- looking --- */

static bool has_copy(const struct seen_copies *copies, const char *uid)
{
	for (size_t i = 0; i < copies->count; i++)
		if (strcmp(copies->item[i].uid, uid) == 0)
			return true;
	return false;
}

static void look_at_copies(struct view *view)
{
	struct seen_copies now;

	if (!cluster_see_copies(&view->cluster, &now))
		return;
	for (size_t i = 0; i < view->before.count; i++)
		if (!has_copy(&now, view->before.item[i].uid))
			(void)strcpy(view->is.copies, "deleted");
}

/* The first container after the kill: what its log says, or that another one came by itself. */
static void look_at_operator(struct view *view)
{
	enum log_says says = LOG_NOTHING;
	struct object_pod pod, after;

	if (!cluster_see_pod(&view->cluster, &pod) || strcmp(pod.container, view->old) == 0)
		return;
	if (!view->first[0])
		(void)snprintf(view->first, sizeof(view->first), "%s", pod.container);
	if (strcmp(pod.container, view->first) != 0) {
		(void)strcpy(view->is.expected, "EXIT");
		return;
	}
	/* A log is read by the pod's name: it is this container's only if it still runs afterwards. */
	if (view->is.expected[0] != '-' || !pod.running ||
	    !cluster_see_log(&view->cluster, &pod, &says) ||
	    !cluster_see_pod(&view->cluster, &after) || !after.running ||
	    strcmp(after.container, pod.container) != 0)
		return;
	if (says == LOG_OFF || says == LOG_ON)
		(void)strcpy(view->is.expected, says == LOG_OFF ? "OFF" : "ON");
}

static void observe(struct view *view, double until)
{
	while (now_of(view->control) < until) {
		look_at_operator(view);
		look_at_copies(view);
		if (view->is.expected[0] != '-' && view->is.copies[0] == 'd')
			return;
		pause_between_looks(view->control);
	}
}

/* --- the row's three parts --- */

static bool begin(struct view *view)
{
	double until = now_of(view->control) + HEALS_WITHIN;
	enum log_says says = LOG_NOTHING;
	struct object_pod pod;

	control_tell(view->control, "begin");
	do {
		if (cluster_see_pod(&view->cluster, &pod) &&
		    cluster_see_log(&view->cluster, &pod, &says) && says == LOG_ON &&
		    cluster_see_copies(&view->cluster, &view->before) && view->before.count > 0) {
			(void)snprintf(view->old, sizeof(view->old), "%s", pod.container);
			return true;
		}
		pause_between_looks(view->control);
	} while (now_of(view->control) < until);
	return false;
}

static void suffer(struct view *view, const struct row *row)
{
	(void)strcpy(view->is.expected, "-");
	(void)strcpy(view->is.copies, "kept");
	control_tell(view->control, "restart %s %u", row->fault, row->seconds);
	/* The answer may come before the address does. */
	observe(view, now_of(view->control) + row->seconds + OBSERVE_AFTER);
}

static bool all_there(const struct seen_copies *wanted, const struct seen_copies *now)
{
	for (size_t i = 0; i < wanted->count; i++) {
		size_t j = 0;

		while (j < now->count && strcmp(now->item[j].name, wanted->item[i].name) != 0)
			j++;
		if (j == now->count)
			return false;
	}
	return true;
}

/* One of the lost copies is put back; once a healthy operator has made all the others, it has seen this one too. */
static void adopt(struct view *view)
{
	char uid[OBJECT_UID_MAX];
	struct seen_copies now;
	double until;

	(void)strcpy(view->is.adopted, "-");
	if (!cluster_create(&view->cluster, &view->before.item[0], uid))
		return;
	control_tell(view->control, "heal");
	until = now_of(view->control) + HEALS_WITHIN;
	while (now_of(view->control) < until) {
		if (cluster_see_copies(&view->cluster, &now) && all_there(&view->before, &now)) {
			(void)strcpy(view->is.adopted, has_copy(&now, uid) ? "yes" : "no");
			return;
		}
		pause_between_looks(view->control);
	}
}

static bool agrees(const char *expected, const char *seen)
{
	return expected[0] == '-' || strcmp(expected, seen) == 0;
}

static bool run_row(struct control *control, const struct row *row, unsigned number)
{
	struct view view = { .control = control, .is = *row };
	char name[64];
	bool good;

	rows_name(row, name, sizeof(name));
	cluster_open(&view.cluster, control->kubeconfig);
	if (!begin(&view)) {
		(void)printf("not ok %u - %s: the world does not get healthy\n", number, name);
		cluster_close(&view.cluster);
		return false;
	}
	suffer(&view, row);
	(void)strcpy(view.is.adopted, "-");
	if (strcmp(view.is.copies, "deleted") == 0 && row->adopted[0] != '-')
		adopt(&view);
	good = strcmp(row->expected, view.is.expected) == 0 &&
	       agrees(row->copies, view.is.copies) && agrees(row->adopted, view.is.adopted);
	(void)printf("%s %u - %s: %s, copies %s, adopted %s", good ? "ok" : "not ok", number, name,
	             view.is.expected, view.is.copies, view.is.adopted);
	if (!good)
		(void)printf("; expected %s, %s, %s", row->expected, row->copies, row->adopted);
	(void)printf("\n");
	(void)fflush(stdout);
	cluster_close(&view.cluster);
	return good;
}

/* --- a world for each row, several at once --- */

static int run_alone(const char *program, const struct row *row, unsigned number)
{
	char release[8];
	char *argv[] = { (char *)(uintptr_t)program, (char[]){ "--release" }, release,
		         (char[]){ "--speed" },      (char[]){ FAKE_SPEED },  NULL };
	unsigned major = 0, minor = 0;
	struct control control;
	bool good;

	(void)sscanf(row->version, "%u.%u", &major, &minor);
	(void)snprintf(release, sizeof(release), "%u", (major * 100 + minor) % 1000);
	control_start(&control, argv);
	good = run_row(&control, row, number);
	control_end(&control);
	return good ? 0 : 1;
}

static unsigned reap(void)
{
	int status;

	while (wait(&status) < 0 && errno == EINTR)
		;
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static unsigned run_apart(const char *program, const struct row *rows, size_t count)
{
	unsigned failed = 0, running = 0;

	for (unsigned i = 0; i < count; i++, running++) {
		if (running == AT_ONCE) {
			failed += reap();
			running--;
		}
		if (fork() == 0)
			exit(run_alone(program, &rows[i], i + 1));
	}
	while (running--)
		failed += reap();
	return failed;
}

static unsigned run_together(int fd, const struct row *rows, size_t count, const char *version)
{
	struct control control;
	unsigned failed = 0;

	control_take(&control, fd);
	for (unsigned i = 0; i < count; i++)
		if (strcmp(rows[i].version, version) == 0)
			failed += !run_row(&control, &rows[i], i + 1);
	control_end(&control);
	return failed;
}

int main(int argc, char **argv)
{
	struct row rows[ROWS_MAX];
	unsigned failed;
	size_t count;

	if (argc == 4 && strcmp(argv[2], "--world") == 0) {
		count = rows_read(argv[1], rows);
		failed = run_apart(argv[3], rows, count);
	} else if (argc == 5 && strcmp(argv[2], "--control") == 0) {
		count = rows_read(argv[1], rows);
		failed = run_together(atoi(argv[3]), rows, count, argv[4]);
	} else {
		(void)fputs(usage, stderr);
		return 2;
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
