/*
 * health.h - /healthz and /metrics: how the box does, for a supervisor and for Prometheus.
 *
 * Thread: loop. Owns: the texts are the caller's to free.
 */
#ifndef TACTUS_HEALTH_H
#define TACTUS_HEALTH_H

#include <stdbool.h>

/* One JSON object. *healthy is false while the sound is lost. `user` is a struct hub. */
char *health_json(void *user, bool *healthy);

/* Prometheus text format, version 0.0.4. */
char *health_metrics(void *user);

#endif
