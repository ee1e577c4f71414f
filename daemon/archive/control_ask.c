#include "control.h"
#include "control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int refuse(int error, const char *state_dir, char *message, size_t size)
{
	if (error == EACCES || error == EPERM)
		snprintf(message, size,
			 "only root and the user of %.200s may do this: try it with sudo",
			 state_dir);
	else
		snprintf(message, size, "cannot reach the tactusd of %.200s: %s", state_dir,
			 strerror(error));
	return -error;
}

int control_connect(const char *state_dir, char *message, size_t message_size)
{
	struct sockaddr_un address;
	int directory = open(state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return errno == ENOENT ? -ECONNREFUSED
				       : refuse(errno, state_dir, message, message_size);
	control_socket_address(directory, &address);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int result = fd < 0 ? -errno : fd;
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		result = errno == ENOENT ? -ECONNREFUSED : -errno;
		close(fd);
	}
	close(directory);
	if (result < 0 && result != -ECONNREFUSED)
		return refuse(-result, state_dir, message, message_size);
	return result;
}

static int gone(int error, char *message, size_t size)
{
	snprintf(message, size,
		 "tactusd went away before it answered%s%s: see its log, then try again",
		 error ? ", " : "", error ? strerror(error) : "");
	return error ? -error : -ECONNRESET;
}

int control_ask(int connection, const json_t *request, int fd, json_t **answer, char *message,
		size_t message_size)
{
	char text[CONTROL_PACKET_MAX];
	int along;
	int result = control_socket_send(connection, request, fd, 0);
	if (result < 0)
		return gone(-result, message, message_size);
	ssize_t got;
	do {
		got = control_socket_receive(connection, text, sizeof text, &along, 0);
	} while (got == -EINTR);
	if (along >= 0)
		close(along);
	if (got <= 0)
		return gone((int)-got, message, message_size);
	*answer = json_loadb(text, (size_t)got, 0, NULL);
	return *answer ? 0 : gone(EBADMSG, message, message_size);
}
