/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/agent.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/state.h"

int agent_read(const struct config *config, struct status *ret, struct failure *ret_failure)
{
	const char *folder = config->runtime_dir;

	if (access(folder, X_OK) < 0 && errno == EACCES)
		return failure_set(ret_failure, FAILURE_LOCAL, -EACCES, "%s: %s; run it as root",
		                   folder, strerror(EACCES));
	if (!state_locked(folder, RUNFILE_LOCK))
		return failure_set(ret_failure, FAILURE_LOCAL, -ESRCH,
		                   "no agent runs (%s); try: systemctl status gatewake", folder);
	return runfile_read(folder, ret, ret_failure);
}
