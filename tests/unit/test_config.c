/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>

#include "tempdir.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ARGS_MAX      8
#define ALL_FLAGS     (CONFIG_JSON | CONFIG_WATCH | CONFIG_TIMEOUT | CONFIG_DRY_RUN)

static struct tempdir dir;
static unsigned also; /* CONFIG_* beside ALL_FLAGS */
static const char *const variables[] = { "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY",
					 "KUBECONFIG" };

static int clear_environment(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		assert_int_equal(unsetenv(variables[i]), 0);
	return 0;
}

static int make_all(void **state)
{
	tempdir_make(&dir);
	return clear_environment(state);
}

static int free_all(void **state)
{
	(void)state;
	tempdir_remove(&dir);
	return 0;
}

/* Reads a file of that text, and flags up to the first NULL. */
static int read_both(const char *text, const char *const *flags, struct config *config, struct failure *failure)
{
	char *argv[ARGS_MAX + 2];
	int argc = 0;

	argv[argc++] = strdup("--config");
	argv[argc++] = strdup(tempdir_write_text(&dir, "c.yaml", text));
	while (flags && *flags)
		argv[argc++] = strdup(*flags++);
	*failure = (struct failure){ 0 };
	int rc = config_read(config, ALL_FLAGS | also, argc, argv, failure);
	while (argc > 0)
		free(argv[--argc]);
	return rc;
}

static struct config accepts(const char *text, const char *const *flags)
{
	struct config config;
	struct failure failure;

	memset(&config, 0xff, sizeof(config));
	int rc = read_both(text, flags, &config, &failure);
	if (rc != 0)
		fail_msg("%d \"%s\"", rc, failure.text);
	assert_int_equal(failure.class, FAILURE_NONE);
	return config;
}

static void refuses(const char *why, const char *text, const char *const *flags, int error, const char *said)
{
	static struct config config, before;
	struct failure failure;
	char full[400];
	int rc;

	memset(&config, 0x55, sizeof(config));
	memset(&before, 0x55, sizeof(before));
	rc = read_both(text, flags, &config, &failure);
	/* ":3: ..." in a row stands for that line of the file */
	(void)snprintf(full, sizeof(full), "%s%s", said[0] == ':' ? tempdir_path(&dir, "c.yaml") : "", said);
	if (rc != error || strstr(failure.text, full) != failure.text)
		fail_msg("%s: %d \"%s\"", why, rc, failure.text);
	assert_int_equal(failure.error, -error);
	assert_null(strchr(failure.text, '\n'));
	assert_memory_equal(&config, &before, sizeof(config));
}

static void nothing_said_means_the_defaults(void **state)
{
	static const char *const empty[] = { "", "\n", "# vip: 10.0.0.1\n", "---\n", "{}\n", "vip:\nmode: ~\nnode: ''\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		struct config config = accepts(empty[i], NULL);

		assert_string_equal(config.vip, "");
		assert_int_equal(config.mode, CONFIG_MODE_RECOVER);
		assert_string_equal(config.node, "");
		assert_string_equal(config.kubeconfig, "/etc/gatewake/kubeconfig");
		assert_string_equal(config.runtime_dir, "/run/gatewake");
		assert_string_equal(config.state_dir, "/var/lib/gatewake");
		assert_string_equal(config.metrics_dir, "");
		assert_string_equal(config.host_root, "");
		assert_string_equal(config.file, tempdir_path(&dir, "c.yaml"));
		assert_false(config.json || config.watch || config.help);
	}
}

static void the_default_file_need_not_be_there(void **state)
{
	struct config config;
	struct failure failure = { 0 };

	(void)state;
	if (access(CONFIG_DEFAULT_FILE, F_OK) == 0)
		skip();
	assert_int_equal(config_read(&config, 0, 0, NULL, &failure), 0);
	assert_string_equal(config.file, "");
	assert_string_equal(config.kubeconfig, "/etc/gatewake/kubeconfig");
}

static void every_key_is_read(void **state)
{
	struct config config = accepts("# ours\nvip: 10.0.0.9:6443\nmode: observe\nnode: pi-1.lan\nkubeconfig: /k\n"
				       "runtime-dir: /r\nstate-dir: /s\nmetrics-dir: /m\nhost-root: /h\n", NULL);

	(void)state;
	assert_string_equal(config.vip, "10.0.0.9:6443");
	assert_int_equal(config.mode, CONFIG_MODE_OBSERVE);
	assert_string_equal(config.node, "pi-1.lan");
	assert_string_equal(config.kubeconfig, "/k");
	assert_string_equal(config.runtime_dir, "/r");
	assert_string_equal(config.state_dir, "/s");
	assert_string_equal(config.metrics_dir, "/m");
	assert_string_equal(config.host_root, "/h");
}

static void each_key_is_a_flag_in_both_spellings(void **state)
{
	static const char *const apart[] = { "--vip", "h:1", "--mode", "sync", "--node", "n", NULL };
	static const char *const joined[] = { "--kubeconfig=/k=1", "--runtime-dir=/r", "--state-dir=/s",
					      "--metrics-dir=/m", "--host-root=/h",	   "--json",	       "--watch", "--help", NULL };
	struct config config = accepts("", apart);

	(void)state;
	assert_string_equal(config.vip, "h:1");
	assert_int_equal(config.mode, CONFIG_MODE_SYNC);
	assert_string_equal(config.node, "n");
	assert_false(config.json || config.watch || config.help);
	config = accepts("", joined);
	assert_string_equal(config.kubeconfig, "/k=1");
	assert_string_equal(config.runtime_dir, "/r");
	assert_string_equal(config.state_dir, "/s");
	assert_string_equal(config.metrics_dir, "/m");
	assert_string_equal(config.host_root, "/h");
	assert_true(config.json && config.watch && config.help);
}

static void a_switch_turns_on_what_it_names(void **state)
{
	static const char *const json[] = { "--json", NULL }, *const watch[] = { "--watch", NULL },
				 *const help[] = { "--help", NULL };
	struct config config = accepts("", json);

	(void)state;
	assert_true(config.json && !config.watch && !config.help);
	config = accepts("", watch);
	assert_true(!config.json && config.watch && !config.help);
	config = accepts("", help);
	assert_true(!config.json && !config.watch && config.help);
}

static void a_timeout_is_a_number_and_a_unit(void **state)
{
	static const struct {
		const char *flag;
		uint64_t usec;
	} rows[] = { { "--timeout=0s", 0 },
		     { "--timeout=500ms", 500000 },
		     { "--timeout=2m", 120000000 },
		     { "--timeout=168h", CONFIG_TIMEOUT_MAX },
		     { "--timeout=", CONFIG_TIMEOUT_USEC },
		     { "--dry-run", CONFIG_TIMEOUT_USEC } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *const flags[] = { rows[i].flag, NULL };

		assert_int_equal(accepts("", flags).timeout_usec, rows[i].usec);
		assert_int_equal(accepts("", flags).timeout_given, i < 4);
		assert_int_equal(accepts("", flags).dry_run, i == ARRAY_SIZE(rows) - 1);
	}
}

static void a_flag_of_another_command_is_none(void **state)
{
	static char watch[] = "--watch", timeout[] = "--timeout=1s";
	char *first[] = { watch }, *second[] = { timeout };
	struct config config;
	struct failure failure = { 0 };

	(void)state;
	assert_int_equal(config_read(&config, CONFIG_JSON, 1, first, &failure), -EINVAL);
	assert_non_null(strstr(failure.text, "unknown flag \"--watch\""));
	assert_non_null(strstr(failure.text, "--json, --help"));
	assert_int_equal(config_read(&config, 0, 1, second, &failure), -EINVAL);
	assert_int_equal(config_read(&config, CONFIG_TIMEOUT, 1, second, &failure), 0);
}

static void a_mode_is_one_of_three(void **state)
{
	(void)state;
	assert_int_equal(accepts("mode: recover\n", NULL).mode, CONFIG_MODE_RECOVER);
	assert_int_equal(accepts("mode: sync\n", NULL).mode, CONFIG_MODE_SYNC);
	assert_int_equal(accepts("mode: \"observe\"\n", NULL).mode, CONFIG_MODE_OBSERVE);
}

static void flags_go_over_the_file_and_can_take_back(void **state)
{
	static const char file[] = "vip: 10.0.0.9\nmode: observe\nstate-dir: /file\n";
	static const char *const over[] = { "--vip=10.0.0.8", "--mode=sync", "--state-dir=/flag", NULL };
	static const char *const back[] = { "--vip=", "--mode", "", "--state-dir=", NULL };
	struct config config = accepts(file, over);

	(void)state;
	assert_string_equal(config.vip, "10.0.0.8");
	assert_int_equal(config.mode, CONFIG_MODE_SYNC);
	assert_string_equal(config.state_dir, "/flag");
	config = accepts(file, back);
	assert_string_equal(config.vip, "");
	assert_int_equal(config.mode, CONFIG_MODE_RECOVER);
	assert_string_equal(config.state_dir, "/var/lib/gatewake");
}

static void directories_come_from_flag_key_environment_default(void **state)
{
	static const char *const flags[] = { "--runtime-dir=/flag", "--state-dir=/flag", NULL };

	(void)state;
	setenv("RUNTIME_DIRECTORY", "/env/r:/other", 1);
	setenv("STATE_DIRECTORY", "/env/s", 1);
	assert_string_equal(accepts("", NULL).runtime_dir, "/env/r");
	assert_string_equal(accepts("", NULL).state_dir, "/env/s");
	assert_string_equal(accepts("runtime-dir: /key\n", NULL).runtime_dir, "/key");
	assert_string_equal(accepts("state-dir: /key\n", NULL).state_dir, "/key");
	assert_string_equal(accepts("runtime-dir: /key\n", flags).runtime_dir, "/flag");
	assert_string_equal(accepts("state-dir: /key\n", flags).state_dir, "/flag");
	setenv("RUNTIME_DIRECTORY", "", 1);
	setenv("STATE_DIRECTORY", ":", 1);
	assert_string_equal(accepts("", NULL).runtime_dir, "/run/gatewake");
	assert_string_equal(accepts("", NULL).state_dir, "/var/lib/gatewake");
}

static void the_kubeconfig_comes_from_the_first_that_names_one(void **state)
{
	static const char *const flag[] = { "--kubeconfig", "/flag", NULL };

	(void)state;
	setenv("CREDENTIALS_DIRECTORY", dir.path, 1);
	setenv("KUBECONFIG", ":/env/k:/other", 1);
	assert_string_equal(accepts("", NULL).kubeconfig, "/env/k"); /* no such credential */
	(void)tempdir_write_text(&dir, "kubeconfig", "\n");
	assert_string_equal(accepts("", NULL).kubeconfig, tempdir_path(&dir, "kubeconfig"));
	assert_string_equal(accepts("kubeconfig: /key\n", NULL).kubeconfig, "/key");
	assert_string_equal(accepts("kubeconfig: /key\n", flag).kubeconfig, "/flag");
	unsetenv("KUBECONFIG");
	assert_string_equal(accepts("", NULL).kubeconfig, tempdir_path(&dir, "kubeconfig"));
	assert_int_equal(unlink(tempdir_path(&dir, "kubeconfig")), 0);
	assert_string_equal(accepts("", NULL).kubeconfig, "/etc/gatewake/kubeconfig");
}

/* Who makes an account is not that account: neither the file nor systemd's credential names him. */
static void an_administrator_is_named_by_flag_or_variable_alone(void **state)
{
	static const char *const flag[] = { "--kubeconfig", "/flag", NULL };

	(void)state;
	also = CONFIG_ADMIN;
	(void)tempdir_write_text(&dir, "kubeconfig", "\n");
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", dir.path, 1), 0);
	assert_string_equal(accepts("kubeconfig: /key\n", NULL).kubeconfig,
	                    "/etc/rancher/k3s/k3s.yaml");
	assert_int_equal(setenv("KUBECONFIG", "/env/k:/other", 1), 0);
	assert_string_equal(accepts("kubeconfig: /key\n", NULL).kubeconfig, "/env/k");
	assert_string_equal(accepts("kubeconfig: /key\n", flag).kubeconfig, "/flag");
	assert_int_equal(unlink(tempdir_path(&dir, "kubeconfig")), 0);
	also = 0;
}

static void the_flags_of_setup_are_its_own(void **state)
{
	static const char *const all[] = { "--undo", "--all-secrets", "--out=/o", NULL };
	static const char *const undo[] = { "--undo", NULL };
	struct config config;

	(void)state;
	also = CONFIG_SETUP | CONFIG_ALL_SECRETS;
	config = accepts("", all);
	assert_true(config.undo && config.all_secrets);
	assert_string_equal(config.out, "/o");
	config = accepts("", NULL);
	assert_false(config.undo || config.all_secrets);
	assert_string_equal(config.out, "");
	also = CONFIG_ALL_SECRETS;
	refuses("a flag of setup alone", "", undo, -EINVAL, "unknown flag \"--undo\"");
	also = 0;
}

#define KEYS  "vip, mode, node, kubeconfig, runtime-dir, state-dir, metrics-dir, host-root"
#define MODES "allowed: recover, sync, observe"
#define VIPS  "allowed: HOST, HOST:PORT or [IPV6]:PORT, port 1-65535"

static const struct {
	const char *why;
	const char *text;
	const char *said;
} file_rows[] = {
	{ "a slip of the finger", "\nmode: sync\nvpi: 10.0.0.1\n", ":3: unknown key \"vpi\"; allowed: " KEYS },
	{ "a flag that is no key", "json: true\n", ":1: unknown key \"json\"; allowed: " KEYS },
	{ "config in the file", "config: /x\n", ":1: unknown key \"config\"" },
	{ "an underscore", "runtime_dir: /x\n", ":1: unknown key \"runtime_dir\"" },
	{ "capitals", "VIP: h\n", ":1: unknown key \"VIP\"" },
	{ "part of a key", "vi: h\n", ":1: unknown key \"vi\"" },
	{ "no key", "'': h\n", ":1: unknown key \"\"" },
	{ "a key that would break the line", "\"a\\nb\\\"c\": h\n", ":1: unknown key \"a?b?c\"" },
	{ "a repeated key", "vip: a\nmode: sync\nvip: a\n", ":3: repeats the key of line 1; keep one" },
	{ "a list", "vip: [10.0.0.1]\n", ":1: vip: a list; write a single value" },
	{ "a block list", "mode: sync\nvip:\n- 10.0.0.1\n", ":2: vip: a list; write a single value" },
	{ "a map", "vip: {host: 10.0.0.1}\n", ":1: vip: a map; write a single value" },
	{ "brackets without quotes", "mode: sync\nvip: [fd00::1]:6443\n", ":2: malformed: " },
	{ "a list of keys", "- vip\n", ":1: a list; write lines of KEY: VALUE" },
	{ "a word", "\nvip\n", ":2: a single value; write lines of KEY: VALUE" },
	{ "no YAML", "vip: 'a\n", ":2: malformed: " },
	{ "a tab", "vip: a\n\tmode: sync\n", ":2: malformed: " },
	{ "a second document", "vip: a\n---\nvip: b\n", ":2: a second document" },
	{ "a mode that is none", "vip: h\nmode: off\n", ":2: mode: \"off\" is not allowed; " MODES },
	{ "a mode in capitals", "mode: Sync\n", ":1: mode: \"Sync\" is not allowed; " MODES },
	{ "more than a mode", "mode: sync2\n", ":1: mode: \"sync2\" is not allowed" },
	{ "a node in capitals", "node: Pi\n", ":1: node: \"Pi\" is not allowed; allowed: a Node's name" },
	{ "a node with a slash", "node: a/b\n", ":1: node: \"a/b\" is not allowed" },
	{ "a node that starts with a hyphen", "node: -a\n", ":1: node: \"-a\" is not allowed" },
	{ "a vip that is no host", "vip: 'a b'\n", ":1: vip: \"a b\" is not allowed; " VIPS },
	{ "a URL", "vip: https://h:6443\n", ":1: vip: \"https://h:6443\" is not allowed" },
};

static void a_file_is_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(file_rows); i++)
		refuses(file_rows[i].why, file_rows[i].text, NULL, -EINVAL, file_rows[i].said);
}

static const struct {
	const char *why;
	const char *flags[4];
	const char *said;
} flag_rows[] = {
	{ "a slip of the finger", { "--vpi", "h" },
	  "unknown flag \"--vpi\"; allowed: --vip, --mode, --node, --kubeconfig, --runtime-dir, --state-dir, "
	  "--metrics-dir, --host-root, --config, --json, --watch, --timeout, --dry-run, --help" },
	{ "the same with a value", { "--vpi=h" }, "unknown flag \"--vpi\"; allowed: --vip" },
	{ "part of a flag", { "--vi=h" }, "unknown flag \"--vi\"" },
	{ "no name", { "--=h" }, "unknown flag \"--\"" },
	{ "a word", { "vip" }, "unexpected argument \"vip\"; flags are --KEY VALUE or --KEY=VALUE" },
	{ "one dash", { "-vip=h" }, "unexpected argument \"-vip=h\"" },
	{ "dashes alone", { "--", "x" }, "unexpected argument \"--\"" },
	{ "nothing", { "" }, "unexpected argument \"\"" },
	{ "the last flag lacks its value", { "--json", "--vip" }, "--vip needs a value: --vip VALUE or --vip=VALUE" },
	{ "a flag where a value should be", { "--kubeconfig", "--json" }, "--kubeconfig needs a value" },
	{ "a switch with a value", { "--json=yes" }, "--json takes no value" },
	{ "a switch followed by a word", { "--json", "yes" }, "unexpected argument \"yes\"" },
	{ "twice the same", { "--vip=a", "--vip", "a" }, "--vip is given twice; keep one" },
	{ "twice a switch", { "--json", "--json" }, "--json is given twice; keep one" },
	{ "twice a file", { "--config", "/x" }, "--config is given twice; keep one" },
	{ "a mode that is none", { "--mode", "off" }, "--mode: \"off\" is not allowed; " MODES },
	{ "a vip that is none", { "--vip=h:" }, "--vip: \"h:\" is not allowed; " VIPS },
	{ "a node that is none", { "--node=A" }, "--node: \"A\" is not allowed" },
	{ "a time without a unit", { "--timeout=60" }, "--timeout: \"60\" is not allowed; allowed: 500ms, 60s" },
	{ "a time without a number", { "--timeout=s" }, "--timeout: \"s\" is not allowed" },
	{ "less than no time", { "--timeout=-1s" }, "--timeout: \"-1s\" is not allowed" },
	{ "a unit of ours", { "--timeout=1d" }, "--timeout: \"1d\" is not allowed" },
	{ "more than a week", { "--timeout=169h" }, "--timeout: \"169h\" is not allowed" },
	{ "a number too long", { "--timeout=9999999999ms" }, "--timeout: \"9999999999ms\" is not allowed" },
	{ "a value that would break the line", { "--vip=a\nb" }, "--vip: \"a?b\" is not allowed" },
};

static void flags_are_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flag_rows); i++)
		refuses(flag_rows[i].why, "", flag_rows[i].flags, -EINVAL, flag_rows[i].said);
}

static void a_file_that_was_asked_for_must_be_there(void **state)
{
	char missing[] = "--config=/nonexistent/c.yaml";
	char empty[] = "--config=";
	char folder[80];
	char *argv[] = { missing };
	struct config config;
	struct failure failure = { 0 };

	(void)state;
	assert_int_equal(config_read(&config, 0, 1, argv, &failure), -ENOENT);
	assert_string_equal(failure.text, "/nonexistent/c.yaml: No such file or directory");
	(void)snprintf(folder, sizeof(folder), "--config=%s", dir.path);
	argv[0] = folder;
	assert_int_equal(config_read(&config, 0, 1, argv, &failure), -EISDIR);
	if (access(CONFIG_DEFAULT_FILE, F_OK) == 0)
		skip();
	argv[0] = empty; /* the default again */
	assert_int_equal(config_read(&config, 0, 1, argv, &failure), 0);
}

static void a_file_beyond_64_kib_is_refused(void **state)
{
	char text[64 * 1024 + 2];

	(void)state;
	memset(text, '\n', sizeof(text));
	memcpy(text, "vip: h", 6);
	text[64 * 1024] = '\0';
	assert_string_equal(accepts(text, NULL).vip, "h");
	text[64 * 1024] = '\n';
	text[64 * 1024 + 1] = '\0';
	refuses("one byte more", text, NULL, -E2BIG, ": longer than 65536 bytes");
}

/* Fills a buffer with "PREFIX", as many x as make len characters, "". */
static void fill(char *buffer, const char *prefix, size_t len)
{
	size_t prefix_len = strlen(prefix);

	memcpy(buffer, prefix, prefix_len);
	memset(buffer + prefix_len, 'x', len);
	buffer[prefix_len + len] = '\0';
}

static void a_value_has_a_longest_length(void **state)
{
	static char text[2 * PATH_MAX], flag[2 * PATH_MAX];
	const char *const flags[] = { flag, NULL };

	(void)state;
	fill(text, "kubeconfig: ", PATH_MAX - 1);
	assert_int_equal(strlen(accepts(text, NULL).kubeconfig), PATH_MAX - 1);
	fill(text, "kubeconfig: ", PATH_MAX);
	refuses("a path", text, NULL, -EINVAL, ":1: kubeconfig: longer than 4095 bytes");
	fill(flag, "--host-root=", PATH_MAX);
	refuses("a flag", "", flags, -EINVAL, "--host-root: longer than 4095 bytes");
	fill(text, "node: ", 254);
	refuses("a node", text, NULL, -EINVAL, ":1: node: longer than 253 bytes");
	fill(text, "vip: ", 262);
	refuses("a vip", text, NULL, -EINVAL, ":1: vip: longer than 261 bytes");
	fill(text, "vip: ", 63);
	assert_int_equal(strlen(accepts(text, NULL).vip), 63);
	fill(text, "vip: ", 64);
	refuses("a label", text, NULL, -EINVAL, ":1: vip: \"xxx");
}

static void a_variable_has_a_longest_length(void **state)
{
	static char value[2 * PATH_MAX];

	(void)state;
	fill(value, "", PATH_MAX);
	setenv("STATE_DIRECTORY", value, 1);
	refuses("too long", "", NULL, -EINVAL, "$STATE_DIRECTORY: longer than 4095 bytes");
	unsetenv("STATE_DIRECTORY");
	setenv("KUBECONFIG", value, 1);
	refuses("too long", "", NULL, -EINVAL, "$KUBECONFIG: longer than 4095 bytes");
	setenv("CREDENTIALS_DIRECTORY", value, 1);
	refuses("too long", "", NULL, -EINVAL, "$CREDENTIALS_DIRECTORY: longer than 4095 bytes");
}

static const struct {
	const char *why;
	const char *vip;
	const char *host; /* NULL: refused */
	uint16_t port;	  /* 7777: the default */
} vip_rows[] = {
	{ "an address", "10.0.0.1", "10.0.0.1", 7777 },
	{ "an address and a port", "10.0.0.1:6443", "10.0.0.1", 6443 },
	{ "a name", "api.example.org", "api.example.org", 7777 },
	{ "a name and the lowest port", "api:1", "api", 1 },
	{ "the highest port", "api:65535", "api", 65535 },
	{ "a name with figures", "a1.2b-c_d", "a1.2b-c_d", 7777 },
	{ "IPv6", "fd00::1", "fd00::1", 7777 },
	{ "IPv6 that looks like a port", "fd00::6443", "fd00::6443", 7777 },
	{ "IPv6 in brackets", "[fd00::1]", "fd00::1", 7777 },
	{ "IPv6 and a port", "[fd00::1]:6443", "fd00::1", 6443 },
	{ "IPv4 in IPv6", "[::ffff:10.0.0.1]:80", "::ffff:10.0.0.1", 80 },
	{ "no port behind the colon", "h:", NULL, 0 },
	{ "port 0", "h:0", NULL, 0 },
	{ "a port too high", "h:65536", NULL, 0 },
	{ "a port that would wrap round to 1", "h:65537", NULL, 0 },
	{ "a port of six figures", "h:006443", NULL, 0 },
	{ "a port that overflows", "h:4294967297", NULL, 0 },
	{ "a port with a sign", "h:+80", NULL, 0 },
	{ "a port by name", "h:https", NULL, 0 },
	{ "two ports", "h:1:2", NULL, 0 },
	{ "no host", ":6443", NULL, 0 },
	{ "an octet too high", "10.0.0.256", NULL, 0 },
	{ "three octets", "10.0.1:6443", NULL, 0 },
	{ "a number", "10", NULL, 0 },
	{ "a name that ends in a number", "a.1", NULL, 0 },
	{ "IPv6 port 0", "[fd00::1]:0", NULL, 0 },
	{ "IPv6 no port behind the colon", "[fd00::1]:", NULL, 0 },
	{ "something behind the bracket", "[fd00::1]x6443", NULL, 0 },
	{ "IPv4 in brackets", "[10.0.0.1]:6443", NULL, 0 },
	{ "empty brackets", "[]:6443", NULL, 0 },
	{ "half a bracket", "[fd00::1", NULL, 0 },
	{ "the other half", "fd00::1]", NULL, 0 },
	{ "IPv6 with a zone", "fe80::1%eth0", NULL, 0 },
	{ "three colons", "fd00:::1", NULL, 0 },
	{ "a dot too many", "a..b", NULL, 0 },
	{ "a dot at the end", "a.b.", NULL, 0 },
	{ "a dot first", ".a", NULL, 0 },
	{ "a hyphen first", "-a.b", NULL, 0 },
	{ "a hyphen last", "a-", NULL, 0 },
	{ "a path", "h/x", NULL, 0 },
	{ "a blank", " h", NULL, 0 },
	{ "an accent", "h\xc3\xa9", NULL, 0 },
};

static void a_vip_is_a_host_and_perhaps_a_port(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vip_rows); i++) {
		const char *const flags[] = { "--vip", vip_rows[i].vip, NULL };
		char host[254];
		uint16_t port;

		if (!vip_rows[i].host) {
			refuses(vip_rows[i].why, "", flags, -EINVAL, "--vip: \"");
			continue;
		}
		struct config config = accepts("", flags);
		assert_string_equal(config.vip, vip_rows[i].vip);
		config_split_vip(config.vip, 7777, host, &port);
		assert_string_equal(host, vip_rows[i].host);
		assert_int_equal(port, vip_rows[i].port);
	}
}

static void the_longest_name_fits(void **state)
{
	char vip[262], host[254];
	const char *const flags[] = { "--vip", vip, NULL };
	uint16_t port;

	(void)state;
	memset(vip, 'x', 253);
	for (size_t i = 63; i < 253; i += 64)
		vip[i] = '.';
	strcpy(vip + 253, ":65535");
	config_split_vip(accepts("", flags).vip, 1, host, &port);
	assert_int_equal(strlen(host), 253);
	assert_int_equal(port, 65535);
	vip[253] = 'x';
	vip[254] = '\0';
	refuses("one more", "", flags, -EINVAL, "--vip: \"xxx");
}

#define CASE(name) cmocka_unit_test_setup(name, clear_environment)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_said_means_the_defaults),
		CASE(the_default_file_need_not_be_there),
		CASE(every_key_is_read),
		CASE(each_key_is_a_flag_in_both_spellings),
		CASE(a_switch_turns_on_what_it_names),
		CASE(a_timeout_is_a_number_and_a_unit),
		CASE(a_flag_of_another_command_is_none),
		CASE(a_mode_is_one_of_three),
		CASE(flags_go_over_the_file_and_can_take_back),
		CASE(directories_come_from_flag_key_environment_default),
		CASE(the_kubeconfig_comes_from_the_first_that_names_one),
		CASE(an_administrator_is_named_by_flag_or_variable_alone),
		CASE(the_flags_of_setup_are_its_own),
		CASE(a_file_is_read_strictly),
		CASE(flags_are_read_strictly),
		CASE(a_file_that_was_asked_for_must_be_there),
		CASE(a_file_beyond_64_kib_is_refused),
		CASE(a_value_has_a_longest_length),
		CASE(a_variable_has_a_longest_length),
		CASE(a_vip_is_a_host_and_perhaps_a_port),
		CASE(the_longest_name_fits),
	};

	return cmocka_run_group_tests(tests, make_all, free_all);
}
