#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket of that family takes that address, on any port. */
static int try_address(const struct sockaddr *address, socklen_t size)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int result = bind(fd, address, size) < 0 ? -errno : 0;
	close(fd);
	return result;
}

int address_check(const char *text)
{
	struct sockaddr_in in4 = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	if (inet_pton(AF_INET, text, &in4.sin_addr) == 1)
		return try_address((const struct sockaddr *)&in4, sizeof in4);
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		return try_address((const struct sockaddr *)&in6, sizeof in6);
	return if_nametoindex(text) != 0 ? 0 : -ENODEV;
}

bool address_shared(const char *text)
{
	return strncmp(text, "127.", 4) != 0 && strcmp(text, "::1") != 0 && !strchr(text, '%');
}

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
