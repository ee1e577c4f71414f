#include "options.h"

#include "command.h"
#include "gate.h"
#include "token.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef TACTUS_WEB_DIR
#define TACTUS_WEB_DIR "build/web"
#endif

static const char usage_line[] =
	"usage: tactusd [--port N] [--bind ADDRESS] [--state DIR] [--region NAME] [--pin PIN] "
	"[--web DIR] [--host-name NAME] [--config FILE] [--backup FILE | --export FILE | "
	"--import FILE] [--help] [--version] [--commands]\n";

static const char help_text[] =
	"Coordinates Tactus sessions: serves the page, keeps tempo, people and songs.\n"
	"\n"
	"  --port N          listen on this TCP port (8080)\n"
	"  --bind ADDRESS    on this address only (all)\n"
	"  --state DIR       where the database and the PIN live (state)\n"
	"  --region NAME     name of the shared memory that tactus-click reads (tactus)\n"
	"  --pin PIN         6 to 12 digits, asked from whoever makes or claims a session;\n"
	"                    empty: none is asked; not given: DIR/pin, made at first start\n"
	"  --web DIR         the page's files (" TACTUS_WEB_DIR ")\n"
	"  --host-name NAME  one more name by which browsers may know this box\n"
	"  --config FILE     lines `port = 8080` and so on, spelled as above\n"
	"  --backup FILE     copy the whole database to a new FILE, also while a tactusd runs\n"
	"  --export FILE     write songs, people, sessions and setlists as JSON (-: to stdout)\n"
	"  --import FILE     add what is not there yet, of an export (-: from stdin), or songs\n"
	"                    of a .csv or ChordPro file; all of it, or nothing\n"
	"  --commands        print the table of requests and leave\n"
	"  --help, --version\n"
	"\n"
	"Stop it with SIGTERM or Ctrl-C. The click goes on meanwhile: tactus-click --stop.\n";

enum {
	OPTION_HELP = 256,
	OPTION_VERSION,
	OPTION_COMMANDS,
	OPTION_ARCHIVE /* and an enum archive_action */
};

static const struct option long_options[] = {
	{"port", required_argument, NULL, 'p'},
	{"bind", required_argument, NULL, 'b'},
	{"state", required_argument, NULL, 's'},
	{"region", required_argument, NULL, 'r'},
	{"pin", required_argument, NULL, 'i'},
	{"web", required_argument, NULL, 'w'},
	{"host-name", required_argument, NULL, 'n'},
	{"config", required_argument, NULL, 'c'},
	{"backup", required_argument, NULL, OPTION_ARCHIVE + ARCHIVE_BACKUP},
	{"export", required_argument, NULL, OPTION_ARCHIVE + ARCHIVE_EXPORT},
	{"import", required_argument, NULL, OPTION_ARCHIVE + ARCHIVE_IMPORT},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"commands", no_argument, NULL, OPTION_COMMANDS},
	{NULL, 0, NULL, 0},
};

static int wrong(const char *where, const char *what)
{
	fprintf(stderr, "tactusd: %s: %s\n", where, what);
	return -EINVAL;
}

static int set_port(struct options *options, const char *value)
{
	char *end;
	errno = 0;
	long port = strtol(value, &end, 10);
	if (errno || *value == '\0' || *end != '\0' || port < 1 || port > 65535)
		return wrong("port", "a number from 1 to 65535 is wanted");
	options->port = (int)port;
	return 0;
}

static int set_text(char *out, size_t size, const char *name, const char *value, bool may_be_empty)
{
	if (strlen(value) >= size)
		return wrong(name, "too long");
	if (value[0] == '\0' && !may_be_empty)
		return wrong(name, "must not be empty");
	strcpy(out, value);
	return 0;
}

static int set_region(struct options *options, const char *value)
{
	for (const char *at = value; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("-_.", *at))
			return wrong("region", "letters, digits, '-', '_' and '.' are wanted");
	return set_text(options->region, sizeof options->region, "region", value, false);
}

static int set_pin(struct options *options, const char *value)
{
	if (value[0] != '\0' && !pin_valid(value))
		return wrong("pin", "6 to 12 digits are wanted, or nothing");
	options->pin_given = true;
	strcpy(options->pin, value);
	return 0;
}

static int set_host_name(struct options *options, const char *value)
{
	struct gate gate;
	if (gate_init(&gate, NULL, value) < 0)
		return wrong("host-name", "names of letters, digits, '-' and dots are wanted");
	return set_text(options->host_name, sizeof options->host_name, "host-name", value, true);
}

static int set_archive(struct options *options, int option, const char *file)
{
	if (options->archive != ARCHIVE_NONE)
		return wrong(file, "one of --backup, --export and --import at a time");
	options->archive = (enum archive_action)(option - OPTION_ARCHIVE);
	return set_text(options->archive_file, sizeof options->archive_file, "file", file, false);
}

static int set(struct options *options, int option, const char *value)
{
	switch (option) {
	case 'p':
		return set_port(options, value);
	case 'b':
		return set_text(options->bind, sizeof options->bind, "bind", value, true);
	case 's':
		return set_text(options->state_dir, sizeof options->state_dir, "state", value,
				false);
	case 'r':
		return set_region(options, value);
	case 'i':
		return set_pin(options, value);
	case 'w':
		return set_text(options->web_dir, sizeof options->web_dir, "web", value, false);
	case 'n':
		return set_host_name(options, value);
	case OPTION_ARCHIVE + ARCHIVE_BACKUP:
	case OPTION_ARCHIVE + ARCHIVE_EXPORT:
	case OPTION_ARCHIVE + ARCHIVE_IMPORT:
		return set_archive(options, option, value);
	default:
		return -EINVAL;
	}
}

/* ---- the file ---------------------------------------------------------- */

static char *trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	size_t size = strlen(text);
	while (size > 0 && isspace((unsigned char)text[size - 1]))
		text[--size] = '\0';
	return text;
}

static int option_named(const char *name)
{
	for (const struct option *at = long_options; at->name; at++)
		if (at->val < OPTION_HELP && at->val != 'c' && strcmp(at->name, name) == 0)
			return at->val;
	return 0;
}

static int read_line(struct options *options, char *line)
{
	line[strcspn(line, "#")] = '\0';
	char *name = trim(line);
	if (*name == '\0')
		return 0;
	char *equals = strchr(name, '=');
	if (!equals)
		return -EINVAL;
	*equals = '\0';
	int option = option_named(trim(name));
	return option ? set(options, option, trim(equals + 1)) : -EINVAL;
}

static int read_file(struct options *options)
{
	char line[1024];
	int number = 0;
	int result = 0;
	FILE *file = fopen(options->config, "re");
	if (!file)
		return wrong(options->config, strerror(errno));
	while (result == 0 && fgets(line, sizeof line, file)) {
		number++;
		result = read_line(options, line);
	}
	bool unread = ferror(file) != 0; /* a directory, for one */
	int error = errno;
	fclose(file);
	if (unread)
		return wrong(options->config, strerror(error));
	if (result < 0)
		fprintf(stderr, "tactusd: %s, line %d: `name = value` is wanted, see --help\n",
			options->config, number);
	return result;
}

/* ---- the command line -------------------------------------------------- */

static enum options_result print_commands(void)
{
	char *text = command_list();
	fputs(text ? text : "", stdout);
	free(text);
	return OPTIONS_DONE;
}

static enum options_result usage(void)
{
	fputs(usage_line, stderr);
	return OPTIONS_WRONG;
}

/* Twice over the line: first for --config, whose file stands below what else the line says. */
static enum options_result read_arguments(struct options *options, int argc, char **argv,
					  bool config_only)
{
	int option;
	optind = 1;
	opterr = config_only ? 0 : 1;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == 'c') {
			if (set_text(options->config, sizeof options->config, "config", optarg,
				     false) < 0)
				return usage();
			continue;
		}
		if (config_only)
			continue;
		switch (option) {
		case OPTION_HELP:
			fputs(usage_line, stdout);
			fputs(help_text, stdout);
			return OPTIONS_DONE;
		case OPTION_VERSION:
			puts("tactusd " TACTUS_VERSION);
			return OPTIONS_DONE;
		case OPTION_COMMANDS:
			return print_commands();
		default:
			if (set(options, option, optarg) < 0)
				return usage();
		}
	}
	if (!config_only && optind < argc) {
		wrong(argv[optind], "what is this? Options begin with --");
		return usage();
	}
	return OPTIONS_RUN;
}

enum options_result options_read(struct options *options, int argc, char **argv)
{
	*options = (struct options){.port = 8080, .state_dir = "state", .region = "tactus"};
	strcpy(options->web_dir, TACTUS_WEB_DIR);
	enum options_result result = read_arguments(options, argc, argv, true);
	if (result != OPTIONS_RUN)
		return result;
	if (options->config[0] != '\0' && read_file(options) < 0)
		return usage();
	return read_arguments(options, argc, argv, false);
}
