#include "options.h"

#include "limits.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: tactus-click [--server NAME] [--region NAME] [--name NAME] [--connect PORT]...\n"
	"                    [--nominal-rate HZ] [--stop] [--help] [--version]\n";

static const char help[] =
	"\n"
	"Plays the click into JACK, exact to the sample, as the tempo region says.\n"
	"\n"
	"  --server NAME      the JACK server to play on (default); it is never started\n"
	"  --region NAME      name of the shared memory (tactus)\n"
	"  --name NAME        name of the JACK client (tactus)\n"
	"  --connect PORT     connect to this port, also when it appears later; may be given\n"
	"                     several times; none: connect to nothing\n"
	"                     (default: the first physical playback port)\n"
	"  --nominal-rate HZ  count the grid in this rate instead of the server's; for tests with\n"
	"                     a card that drifts (jackd -r 48010 and --nominal-rate 48000)\n"
	"  --stop             silence the click that runs on the region, until the next start\n"
	"  --help, --version  print this, or the version\n"
	"\n"
	"Signals: SIGTERM, SIGINT end it; SIGUSR1 silences it like --stop.\n"
	"Exit codes: 0 ended or stopped as asked, 1 cannot run (see the message), 2 wrong "
	"option.\n";

enum {
	OPT_SERVER = 1,
	OPT_REGION,
	OPT_NAME,
	OPT_CONNECT,
	OPT_NOMINAL_RATE,
	OPT_STOP,
	OPT_HELP,
	OPT_VERSION
};

static const struct option table[] = {
	{"server", required_argument, NULL, OPT_SERVER},
	{"region", required_argument, NULL, OPT_REGION},
	{"name", required_argument, NULL, OPT_NAME},
	{"connect", required_argument, NULL, OPT_CONNECT},
	{"nominal-rate", required_argument, NULL, OPT_NOMINAL_RATE},
	{"stop", no_argument, NULL, OPT_STOP},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

void options_help(FILE *to)
{
	fputs(usage, to);
	fputs(help, to);
}

static int refuse(const char *what, const char *value)
{
	fprintf(stderr, "tactus-click: %s%s%s\n%s", what, value != NULL ? ": " : "",
		value != NULL ? value : "", usage);
	return -EINVAL;
}

static int read_name(const char **out, const char *option, const char *value)
{
	if (value[0] == '\0')
		return refuse(option, "must not be empty");
	*out = value;
	return 0;
}

static int read_rate(uint32_t *out, const char *value)
{
	char *end;
	errno = 0;
	long hz = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || hz < LIMIT_RATE_MIN_HZ ||
	    hz > LIMIT_RATE_MAX_HZ)
		return refuse("--nominal-rate must be 8000 to 384000 Hz, not", value);
	*out = (uint32_t)hz;
	return 0;
}

static int read_connect(struct options *out, const char *value)
{
	if (strcmp(value, "none") == 0) {
		out->connect_none = true;
		return 0;
	}
	if (out->connects == OPTIONS_CONNECT_MAX)
		return refuse("--connect may be given 16 times at most", NULL);
	return read_name(&out->connect[out->connects++], "--connect", value);
}

static int read_one(struct options *out, int which, const char *value)
{
	switch (which) {
	case OPT_SERVER:
		return read_name(&out->server, "--server", value);
	case OPT_REGION:
		return read_name(&out->region, "--region", value);
	case OPT_NAME:
		return read_name(&out->name, "--name", value);
	case OPT_CONNECT:
		return read_connect(out, value);
	case OPT_NOMINAL_RATE:
		return read_rate(&out->nominal_hz, value);
	case OPT_STOP:
		out->stop = true;
		return 0;
	case OPT_HELP:
		out->help = true;
		return 0;
	case OPT_VERSION:
		out->version = true;
		return 0;
	}
	return -EINVAL;
}

int options_read(struct options *out, int argc, char **argv)
{
	*out = (struct options){.server = "default", .region = "tactus", .name = "tactus"};
	opterr = 0;
	optind = 1;
	for (;;) {
		int at = optind;
		int which = getopt_long(argc, argv, ":", table, NULL);
		if (which == -1)
			break;
		if (which == ':')
			return refuse("this option needs a value", argv[at]);
		if (which == '?')
			return refuse("no such option, or a value too many", argv[at]);
		if (read_one(out, which, optarg) < 0)
			return -EINVAL;
	}
	if (optind < argc)
		return refuse("unexpected argument", argv[optind]);
	if (out->connect_none && out->connects > 0)
		return refuse("--connect none excludes other --connect", NULL);
	return 0;
}
