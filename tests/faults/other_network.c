/*
 * other_network.c - the box is in a further network, which comes first.
 *
 *     cc -shared -fPIC -o other_network.so tests/faults/other_network.c
 *     LD_PRELOAD=./other_network.so tactusd
 *
 * The first interface that is not the loopback seems to have the address 10.98.76.54.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <dlfcn.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>

int getifaddrs(struct ifaddrs **list)
{
	int (*real)(struct ifaddrs **) = (int (*)(struct ifaddrs **))dlsym(RTLD_NEXT, "getifaddrs");
	const int result = real(list);

	for (struct ifaddrs *at = result == 0 ? *list : NULL; at; at = at->ifa_next) {
		if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET ||
		    at->ifa_flags & IFF_LOOPBACK)
			continue;
		struct sockaddr_in *in = (struct sockaddr_in *)(void *)at->ifa_addr;
		inet_pton(AF_INET, "10.98.76.54", &in->sin_addr);
		break;
	}
	return result;
}
