/*
 * control_socket.h - the two ends of control.h: addresses and packets. Private to control*.c.
 */
#ifndef TACTUS_CONTROL_SOCKET_H
#define TACTUS_CONTROL_SOCKET_H

#include <jansson.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

#define CONTROL_NAME "control"

/* STATE may be longer than an address takes, so it goes by way of the opened directory. */
void control_socket_address(int directory, struct sockaddr_un *out);

/* One object as one packet, a descriptor along with it (-1: none). 0 or -errno. */
int control_socket_send(int fd, const json_t *object, int along, int flags);

/* One packet: its bytes, or -errno; -EMSGSIZE if it was cut. *along: the descriptor that came with it
 * (the caller closes), or -1. */
ssize_t control_socket_receive(int fd, void *out, size_t size, int *along, int flags);

#endif
