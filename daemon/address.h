/*
 * address.h - under which address phones reach this box.
 */
#ifndef TACTUS_ADDRESS_H
#define TACTUS_ADDRESS_H

#include <stddef.h>

/* The first IPv4 address of an interface that is up and not the loopback, as text: it works where
 * mDNS names do not. 0, or -ENODEV if there is none. Thread: any (asks the kernel). */
int address_lan(char *out, size_t size);

/* Can a server listen on `text`, an address or the name of an interface? 0, or -errno. */
int address_check(const char *text);

#endif
