#include "control_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 4 /* more are closed by the kernel */

void control_socket_address(int directory, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/" CONTROL_NAME, directory);
}

int control_socket_send(int fd, const json_t *object, int along, int flags)
{
	char room[CMSG_SPACE(sizeof along)] __attribute__((aligned(sizeof(size_t)))) = {0};
	char *text = json_dumps(object, JSON_COMPACT);
	if (!text)
		return -ENOMEM;
	struct iovec part = {.iov_base = text, .iov_len = strlen(text)};
	struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1};
	if (along >= 0) {
		packet.msg_control = room;
		packet.msg_controllen = sizeof room;
		struct cmsghdr *head = CMSG_FIRSTHDR(&packet);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof along);
		memcpy(CMSG_DATA(head), &along, sizeof along);
	}
	int result = sendmsg(fd, &packet, flags | MSG_NOSIGNAL) < 0 ? -errno : 0;
	free(text);
	return result;
}

/* The first one is kept. */
static int take_descriptors(struct msghdr *packet)
{
	int kept = -1;
	for (struct cmsghdr *head = CMSG_FIRSTHDR(packet); head; head = CMSG_NXTHDR(packet, head)) {
		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof kept;
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
			if (kept < 0)
				kept = fd;
			else
				close(fd);
		}
	}
	return kept;
}

ssize_t control_socket_receive(int fd, void *out, size_t size, int *along, int flags)
{
	char room[CMSG_SPACE(sizeof(int) * DESCRIPTORS_MAX)]
		__attribute__((aligned(sizeof(size_t))));
	struct iovec part = {.iov_base = out, .iov_len = size};
	struct msghdr packet = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = room,
				.msg_controllen = sizeof room};
	*along = -1;
	ssize_t got = recvmsg(fd, &packet, flags | MSG_CMSG_CLOEXEC);
	if (got < 0)
		return -errno;
	*along = take_descriptors(&packet);
	return packet.msg_flags & MSG_TRUNC ? -EMSGSIZE : got;
}
