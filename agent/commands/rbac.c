/* SPDX-License-Identifier: Apache-2.0 */
/* rbac - prints the objects that `setup` applies, for the cluster that it sees: to be read before, or to be applied by
 * other means. */
#include <stdlib.h>

#include "commands/commands.h"
#include "commands/once.h"
#include "commands/survey.h"

static int run(const struct config *config, const char *argument)
{
	CLEANUP(cycle_free_p) struct engine *engine = NULL;
	CLEANUP(manifest_free_p) struct manifest *manifest = NULL;
	int code = once_open(config, "rbac", 0, &engine);

	(void)argument;
	if (code == 0)
		code = survey(engine, "rbac", &manifest);
	if (code)
		return code;
	if (manifest_print(manifest, stdout) < 0 || fflush(stdout) != 0) {
		(void)fprintf(stderr, "gatewake rbac: the manifest could not be written\n");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

const struct command command_rbac = {
	.name = "rbac",
	.summary = "print the account and the rights that setup makes, as YAML",
	.help = "usage: gatewake rbac [--all-secrets] [--timeout 15s] [--KEY VALUE]...\n"
		"\n"
		"Prints what `gatewake setup` would apply to this cluster: an account, its token,\n"
		"its Roles, and the policies that hold it to the operator's pods and to copies.\n"
		"Changes nothing. For kubectl apply -f -, or for a repository.\n"
		"\n"
		"  --all-secrets       any Secret may be read, not only those of the listeners\n"
		"  --timeout 15s       give up what is not known by then\n" ONCE_KEYS_HELP "\n"
		"exit: 0 printed, 1 not, 2 a flag or the kubeconfig is wrong, 3 cannot tell\n",
	.flags = CONFIG_ALL_SECRETS | CONFIG_TIMEOUT | CONFIG_K3S,
	.run = run,
};
