/*
 * jack_edge.h - the click as a client of JACK: one output port, `click`.
 *
 * Nothing behind this header knows JACK. The edge asks JACK for each cycle's
 * frame and buffer and hands them to process_run; what JACK tells in other
 * threads (xruns, latency, freewheeling, ports) it passes on through
 * process->asked or keeps in flags for edge_look_after.
 *
 * When the server shuts down, the process ends at once with exit code 1:
 * jack_client_close may hang for good without a server (jack2#395), and starting
 * again is the supervisor's work.
 *
 * Thread: main. RT-safe: no.
 */
#ifndef TACTUS_JACK_EDGE_H
#define TACTUS_JACK_EDGE_H

#include "options.h"
#include "process.h"

#include <stdint.h>

struct jack_edge;

/* Become a client of the server; nothing runs yet. Never starts a server. 0, or -errno after
 * saying what is wrong and what to do. Owns: the caller closes. */
int jack_edge_open(struct jack_edge **out, const struct options *options);

/* The server's sample rate, Hz. */
uint32_t jack_edge_rate_hz(const struct jack_edge *edge);

/* Start to run process_run in the real-time thread, and connect. `process` is borrowed until
 * close. 0, or -errno after saying why. */
int jack_edge_activate(struct jack_edge *edge, struct process *process);

/* A few times a second: connect to ports that have appeared, tell of xruns. */
void jack_edge_look_after(struct jack_edge *edge);

/* Leave the server. NULL is legal. */
void jack_edge_close(struct jack_edge *edge);

#endif
