#include "gate.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Letters, digits, hyphens, underscores, dots; no empty label but a last one. */
static bool name_valid(const char *name, size_t length)
{
	bool label = false;

	if (length == 0 || length >= GATE_NAME_SIZE)
		return false;
	for (size_t i = 0; i < length; i++) {
		const unsigned char c = (unsigned char)name[i];
		if (c == '.' && !label)
			return false;
		if (c != '.' && (c >= 0x80 || (!isalnum(c) && c != '-' && c != '_')))
			return false;
		label = c != '.';
	}
	return true;
}

static bool known(const struct gate *gate, const char *name, size_t length)
{
	for (int i = 0; i < gate->count; i++) {
		if (strlen(gate->names[i]) == length &&
		    strncasecmp(gate->names[i], name, length) == 0)
			return true;
	}
	return false;
}

static int add(struct gate *gate, const char *name, size_t length, const char *suffix)
{
	char whole[GATE_NAME_SIZE];
	const int size = snprintf(whole, sizeof whole, "%.*s%s", (int)length, name, suffix);

	if (!name_valid(name, length) || size >= (int)sizeof whole)
		return -EINVAL;
	const size_t end = (size_t)size - (whole[size - 1] == '.');
	if (known(gate, whole, end))
		return 0;
	if (gate->count == GATE_NAMES_MAX)
		return -ENOSPC;
	for (size_t i = 0; i < end; i++)
		gate->names[gate->count][i] = (char)tolower((unsigned char)whole[i]);
	gate->names[gate->count++][end] = '\0';
	return 0;
}

static int add_hostname(struct gate *gate, const char *hostname)
{
	const size_t label = strcspn(hostname, ".");
	int result = add(gate, hostname, strlen(hostname), "");

	if (result == 0)
		result = add(gate, hostname, label, "");
	return result == 0 ? add(gate, hostname, label, ".local") : result;
}

int gate_init(struct gate *gate, const char *hostname, const char *extra)
{
	static const char separators[] = ", \t";

	memset(gate, 0, sizeof *gate);
	int result = add(gate, "localhost", strlen("localhost"), "");
	if (result == 0 && hostname && *hostname)
		result = add_hostname(gate, hostname);
	while (result == 0 && extra && *(extra += strspn(extra, separators))) {
		const size_t length = strcspn(extra, separators);
		result = add(gate, extra, length, "");
		extra += length;
	}
	return result;
}

/* "" or ":1" to ":65535". */
static bool port_valid(const char *text)
{
	unsigned port = 0;

	if (*text == '\0')
		return true;
	const size_t digits = strspn(++text, "0123456789");
	if (text[-1] != ':' || digits == 0 || digits > 5 || text[digits] != '\0')
		return false;
	for (size_t i = 0; i < digits; i++)
		port = port * 10 + (unsigned)(text[i] - '0');
	return port >= 1 && port <= 65535;
}

static bool address_valid(int family, const char *text, size_t length)
{
	char copy[INET6_ADDRSTRLEN];
	unsigned char address[sizeof(struct in6_addr)];

	if (length >= sizeof copy)
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return inet_pton(family, copy, address) == 1;
}

bool gate_host_ok(const struct gate *gate, const char *host)
{
	if (!host)
		return false;
	if (*host == '[') {
		const size_t length = strcspn(host + 1, "]");
		return host[1 + length] == ']' && address_valid(AF_INET6, host + 1, length) &&
		       port_valid(host + 1 + length + 1);
	}
	const size_t length = strcspn(host, ":");
	if (!port_valid(host + length))
		return false;
	if (address_valid(AF_INET, host, length))
		return true;
	const size_t end = length > 1 && host[length - 1] == '.' ? length - 1 : length;
	return name_valid(host, length) && known(gate, host, end);
}

bool gate_origin_ok(const char *origin, const char *host)
{
	static const char *const schemes[] = {"http://", "https://"};

	if (!origin)
		return true;
	for (size_t i = 0; host && *host && i < sizeof schemes / sizeof *schemes; i++) {
		const size_t length = strlen(schemes[i]);
		if (strncasecmp(origin, schemes[i], length) == 0)
			return strcasecmp(origin + length, host) == 0;
	}
	return false;
}
