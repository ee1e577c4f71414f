#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

int address_lan(char *out, size_t size)
{
	struct ifaddrs *list = NULL;
	int result = -ENODEV;
	if (getifaddrs(&list) < 0)
		return -errno;
	for (const struct ifaddrs *at = list; at && result < 0; at = at->ifa_next) {
		if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET ||
		    !(at->ifa_flags & IFF_UP) || (at->ifa_flags & IFF_LOOPBACK))
			continue;
		const struct sockaddr_in *in =
			(const struct sockaddr_in *)(const void *)at->ifa_addr;
		if (inet_ntop(AF_INET, &in->sin_addr, out, (socklen_t)size))
			result = 0;
	}
	freeifaddrs(list);
	return result;
}
