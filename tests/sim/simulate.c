/* SPDX-License-Identifier: Apache-2.0 */
/* simulate [--seeds N] [--first S] [--seed S] [-v] [--mutant NAME INVARIANT]
 * Runs the core against the model in one world a seed, and prints TAP. --seed runs one; -v prints
 * its time line. --mutant: this program holds a core broken on purpose, and must see that invariant
 * break. */
#include "tests/sim/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KINDS_MAX 64

struct options {
	uint64_t first, seeds, only;
	bool one, verbose;
	const char *mutant, *invariant;
};

struct row { /* of one kind */
	unsigned seeds, failures;
	uint64_t seed; /* the first that failed */
	const char *broken;
	struct tally tally;
};

static struct world world; /* some 40 kB: too much for a stack */

static void add(struct tally *sum, const struct tally *one)
{
	sum->virtual_usec += one->virtual_usec;
	if (one->healing_usec > sum->healing_usec)
		sum->healing_usec = one->healing_usec;
	sum->lost_races += one->lost_races;
	sum->losses += one->losses;
	sum->saved += one->saved;
	sum->deletes += one->deletes;
	sum->repeats += one->repeats;
	sum->conflicts += one->conflicts;
	sum->lost += one->lost;
	sum->refused += one->refused;
	sum->saves += one->saves;
	sum->failed_saves += one->failed_saves;
	sum->kills += one->kills;
	sum->cuts += one->cuts;
	sum->crashes += one->crashes;
	sum->overdue += one->overdue;
	sum->yesterdays += one->yesterdays;
	sum->waits += one->waits;
	sum->elsewhere += one->elsewhere;
	sum->creates += one->creates;
	sum->created += one->created;
	sum->exist += one->exist;
	sum->creates_refused += one->creates_refused;
	sum->creates_lost += one->creates_lost;
	sum->touched += one->touched;
	sum->mended += one->mended;
	sum->adopted += one->adopted;
	sum->lists += one->lists;
	sum->stale += one->stale;
	sum->proofs += one->proofs;
	sum->proven += one->proven;
	sum->patient += one->patient;
	sum->returned += one->returned;
	sum->gave_up += one->gave_up;
	sum->held_back += one->held_back;
}

static bool parse_number(const char *text, uint64_t *ret)
{
	char *end;

	*ret = strtoull(text, &end, 10);
	return *text && !*end;
}

static bool parse(struct options *options, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-v"))
			options->verbose = true;
		else if (!strcmp(argv[i], "--seeds") && i + 1 < argc &&
		         parse_number(argv[i + 1], &options->seeds))
			i++;
		else if (!strcmp(argv[i], "--first") && i + 1 < argc &&
		         parse_number(argv[i + 1], &options->first))
			i++;
		else if (!strcmp(argv[i], "--seed") && i + 1 < argc &&
		         parse_number(argv[i + 1], &options->only))
			options->one = i++;
		else if (!strcmp(argv[i], "--mutant") && i + 2 < argc) {
			options->mutant = argv[++i];
			options->invariant = argv[++i];
		} else
			return false;
	}
	return true;
}

static int run_one(const struct options *options, const char *name)
{
	world_run(&world, options->only, options->verbose);
	printf("%sok 1 - seed %" PRIu64 ": %s: %s: %s\n", world.broken ? "not " : "", options->only,
	       world.kind->name, world.broken ? world.broken : world.kind->says, world.detail);
	printf("# deletes: %u, conflicts: %u, lost: %u, saves: %u, copies lost: %u times; replay: "
	       "%s --seed %" PRIu64 " -v\n",
	       world.tally.deletes, world.tally.conflicts, world.tally.lost, world.tally.saves,
	       world.tally.losses, name, options->only);
	return world.broken != NULL;
}

static void explain(const struct row *row, const char *name)
{
	world_run(&world, row->seed, true);
	printf("# seed %" PRIu64 " broke \"%s\": %s; %u of %u seeds\n", row->seed, row->broken,
	       world.detail, row->failures, row->seeds);
	printf("# replay: %s --seed %" PRIu64 " -v\n", name, row->seed);
}

static int report(const struct row *rows, const char *name)
{
	int failed = 0;

	for (size_t i = 0; i < kind_count; i++) {
		const struct row *row = &rows[i];

		printf("%sok %zu - %s: %s (%u seeds, %u deletes, copies lost %u times, well after "
		       "%.1f s)\n",
		       row->failures ? "not " : "", i + 1, kinds[i].name, kinds[i].says, row->seeds,
		       row->tally.deletes, row->tally.losses,
		       (double)row->tally.healing_usec / 1e6);
		if (row->failures)
			explain(row, name);
		failed |= row->failures > 0;
	}
	return failed;
}

/* A world that never meets its trouble proves nothing. */
static int report_reach(const struct tally *sum)
{
	const struct {
		const char *what;
		unsigned count;
	} reach[] = {
		{ "races lost", sum->lost_races },
		{ "copies lost", sum->losses },
		{ "copies saved", sum->saved },
		{ "deletes", sum->deletes },
		{ "repeats", sum->repeats },
		{ "conflicts", sum->conflicts },
		{ "lost", sum->lost },
		{ "refused", sum->refused },
		{ "saves", sum->saves },
		{ "failed saves", sum->failed_saves },
		{ "kills", sum->kills },
		{ "power cuts", sum->cuts },
		{ "crashes", sum->crashes },
		{ "overdue", sum->overdue },
		{ "waits for the budget", sum->waits },
		{ "from another node", sum->elsewhere },
		{ "creates", sum->creates },
		{ "copies created", sum->created },
		{ "there already", sum->exist },
		{ "creates refused", sum->creates_refused },
		{ "creates lost", sum->creates_lost },
		{ "creates after patience", sum->patient },
		{ "copies deleted one by one", sum->touched },
		{ "copies back", sum->returned },
		{ "mended by the operator", sum->mended },
		{ "adopted", sum->adopted },
		{ "lists", sum->lists },
		{ "stale copies seen", sum->stale },
		{ "proofs", sum->proofs },
		{ "proven", sum->proven },
		{ "gave up", sum->gave_up },
		{ "back-offs cut short", sum->held_back },
	};
	bool all = true;

	for (size_t i = 0; i < sizeof(reach) / sizeof(reach[0]); i++)
		all &= reach[i].count > 0;
	printf("%sok %zu - the worlds meet what they are about:", all ? "" : "not ",
	       kind_count + 1);
	for (size_t i = 0; i < sizeof(reach) / sizeof(reach[0]); i++)
		printf("%s %s %u", i ? "," : "", reach[i].what, reach[i].count);
	putchar('\n');
	return !all;
}

static void judge(struct row *row, uint64_t seed)
{
	world_run(&world, seed, false);
	row->seeds++;
	add(&row->tally, &world.tally);
	if (!world.broken)
		return;
	if (!row->failures++) {
		row->seed = seed;
		row->broken = world.broken;
	}
}

static int run_all(const struct options *options, const char *name)
{
	static struct row rows[KINDS_MAX];
	struct tally sum = { 0 };
	clock_t begun = clock();
	int failed;

	for (uint64_t i = 0; i < options->seeds; i++)
		judge(&rows[(options->first + i) % kind_count], options->first + i);
	for (size_t i = 0; i < kind_count; i++)
		add(&sum, &rows[i].tally);
	failed = report(rows, name);
	failed |= report_reach(&sum);
	printf("1..%zu\n# %" PRIu64 " seeds, %.0f virtual hours, deletes: %u, %.1f s\n",
	       kind_count + 1, options->seeds, (double)sum.virtual_usec / 3.6e9, sum.deletes,
	       (double)(clock() - begun) / CLOCKS_PER_SEC);
	return failed;
}

static int run_mutant(const struct options *options)
{
	for (uint64_t seed = options->first; seed < options->first + options->seeds; seed++) {
		world_run(&world, seed, false);
		if (!world.broken || strcmp(world.broken, options->invariant) != 0)
			continue;
		printf("ok 1 - mutant %s: seed %" PRIu64 " (%s) breaks \"%s\"\n", options->mutant,
		       seed, world.kind->name, world.broken);
		return 0;
	}
	printf("not ok 1 - mutant %s: \"%s\" holds in %" PRIu64 " seeds\n", options->mutant,
	       options->invariant, options->seeds);
	return 1;
}

int main(int argc, char **argv)
{
	struct options options = { .first = 1, .seeds = 1000 };

	for (int i = 1; i < argc; i++) /* some breakages show in few worlds only */
		if (!strcmp(argv[i], "--mutant"))
			options.seeds = 4000;
	if (!parse(&options, argc, argv)) {
		fprintf(stderr, "usage: simulate [--seeds N] [--first S] [--seed S] [-v] [--mutant "
		                "NAME INVARIANT]\n");
		return 2;
	}
	if (options.mutant)
		return run_mutant(&options);
	return options.one ? run_one(&options, argv[0]) : run_all(&options, argv[0]);
}
