/*
 * odd_hostname.c - a machine whose name no browser can send.
 *
 *     cc -shared -fPIC -o odd_hostname.so tests/faults/odd_hostname.c
 *     LD_PRELOAD=./odd_hostname.so tactusd
 */
#include <stddef.h>
#include <string.h>

int gethostname(char *name, size_t size);

int gethostname(char *name, size_t size)
{
	strncpy(name, "my box!", size);
	return 0;
}
