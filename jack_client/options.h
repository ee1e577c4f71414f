/*
 * options.h - the command line of tactus-click.
 *
 * Thread: main, once.
 */
#ifndef TACTUS_OPTIONS_H
#define TACTUS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OPTIONS_CONNECT_MAX 16

struct options {
	const char *server;  /* JACK server */
	const char *region;  /* name of the shared memory */
	const char *name;    /* JACK client */
	uint32_t nominal_hz; /* 0: the server's rate */
	unsigned connects;   /* ports named; 0: the first physical playback port */
	const char *connect[OPTIONS_CONNECT_MAX];
	bool connect_none;
	bool stop;
	bool help;
	bool version;
};

/*
 * Read argv; the strings stay argv's. 0, or -EINVAL after a line on stderr that
 * says which option is wrong, and the usage line.
 */
int options_read(struct options *out, int argc, char **argv);

/* The whole help text. */
void options_help(FILE *to);

#endif
