/*
 * address.h - under which address phones reach this box.
 */
#ifndef TACTUS_ADDRESS_H
#define TACTUS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/* The first IPv4 address of an interface that is up and not the loopback, as text: it works where
 * mDNS names do not. 0, or -ENODEV if there is none. Thread: any (asks the kernel). */
int address_lan(char *out, size_t size);

/* Does `text`, a numeric address of this box's, mean the same to other machines? The loopback does
 * not, nor does what is bound to one of our links (fe80::1%eth0). Pure. */
bool address_shared(const char *text);

/* Can a server listen on `text`, an address or the name of an interface? 0, or -errno. */
int address_check(const char *text);

#endif
