/*
 * options.h - the daemon's command line and configuration file.
 *
 * The file has lines `name = value`, spelled as the long options; # begins a
 * comment. The command line wins.
 */
#ifndef TACTUS_OPTIONS_H
#define TACTUS_OPTIONS_H

#include "archive.h"
#include "limits.h"

#include <linux/limits.h>
#include <stdbool.h>

#define OPTIONS_PATH_MAX 512

struct options {
	int port;
	char bind[64]; /* "" is all addresses */
	char state_dir[OPTIONS_PATH_MAX];
	char region[48];
	char web_dir[OPTIONS_PATH_MAX];
	char host_name[256]; /* one more name under which the page may be asked for; "" none */
	bool pin_given;
	char pin[LIMIT_PIN_MAX_DIGITS + 1]; /* "" asks for none */
	char config[OPTIONS_PATH_MAX];
	enum archive_action archive; /* instead of serving */
	char archive_file[PATH_MAX];
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE, /* --help and the like: printed to stdout; exit 0 */
	OPTIONS_WRONG /* said what on stderr, with the usage line; exit 2 */
};

enum options_result options_read(struct options *options, int argc, char **argv);

#endif
