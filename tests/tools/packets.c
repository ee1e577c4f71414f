/*
 * packets: says things to the socket `control` in a directory, as no decent program would.
 *
 *     packets DIR <<LINES
 *
 * A line is a packet (\xHH is a byte); its answer is printed, or "closed", or "silent", or "refused" where
 * nobody lets us in. Lines that begin so do something else, and print nothing but where they say so:
 *
 *   !new             the next line goes over a new connection (as it does after "closed")
 *   !leave TEXT      send, and be gone before the answer
 *   !with PATH TEXT  send with a descriptor of that file (a memory file of N bytes: "memory:N"); answer
 *   !big N           send a packet of N bytes; answer
 *   !flood N TEXT    send N packets as fast as they go and read nothing, then be gone
 *   !idle N          open N more connections and keep them; prints how many could be
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_S 10

static int connection = -1;

static int open_connection(void)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "control"};
	const struct timeval patience = {.tv_sec = ANSWER_S};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

static void leave(void)
{
	if (connection >= 0)
		close(connection);
	connection = -1;
}

static void print_answer(void)
{
	char text[65536];
	ssize_t got = connection < 0 ? -1 : recv(connection, text, sizeof text, 0);
	if (connection < 0)
		puts("refused");
	else if (got < 0 && errno == EAGAIN)
		puts("silent");
	else if (got <= 0)
		puts("closed");
	else
		printf("%.*s\n", (int)got, text);
	if (got <= 0)
		leave();
}

/* In place; its length. */
static size_t unescape(char *text)
{
	size_t size = 0;
	for (char *at = text; *at; size++) {
		char hex[3] = "";
		if (strncmp(at, "\\x", 2) == 0 && strlen(at) >= 4) {
			memcpy(hex, at + 2, 2);
			text[size] = (char)strtol(hex, NULL, 16);
			at += 4;
		} else {
			text[size] = *at++;
		}
	}
	return size;
}

static int file_of(const char *name)
{
	if (strncmp(name, "memory:", 7) != 0)
		return open(name, O_RDONLY | O_CLOEXEC);
	int fd = memfd_create("packets", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0 && (ftruncate(fd, atol(name + 7)) != 0 ||
			fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0))
		return -1;
	return fd;
}

static void send_with(char *line)
{
	char room[CMSG_SPACE(sizeof(int))] __attribute__((aligned(sizeof(size_t)))) = {0};
	char *text = strchr(line, ' ');
	if (!text)
		return;
	*text++ = '\0';
	int fd = file_of(line);
	struct iovec part = {.iov_base = text, .iov_len = unescape(text)};
	struct msghdr packet = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = room,
				.msg_controllen = sizeof room};
	struct cmsghdr *head = CMSG_FIRSTHDR(&packet);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	if (sendmsg(connection, &packet, MSG_NOSIGNAL) < 0)
		perror("packets: sendmsg");
	if (fd >= 0)
		close(fd);
	print_answer();
}

static void send_big(size_t size)
{
	char *text = malloc(size + 1);
	if (!text)
		return;
	memset(text, '[', size);
	if (send(connection, text, size, MSG_NOSIGNAL) < 0)
		perror("packets: send");
	free(text);
	print_answer();
}

static void flood(char *line)
{
	char *text;
	long count = strtol(line, &text, 10);
	size_t size = unescape(text);
	while (count-- > 0)
		if (send(connection, text, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
	leave();
}

static void idle(long count)
{
	long opened = 0;
	while (count-- > 0)
		opened += open_connection() >= 0;
	printf("%ld\n", opened);
}

static void obey(char *line)
{
	if (connection < 0)
		connection = open_connection();
	if (strcmp(line, "!new") == 0) {
		leave();
	} else if (strncmp(line, "!leave ", 7) == 0) {
		send(connection, line + 7, unescape(line + 7), MSG_NOSIGNAL);
		leave();
	} else if (strncmp(line, "!with ", 6) == 0) {
		send_with(line + 6);
	} else if (strncmp(line, "!big ", 5) == 0) {
		send_big((size_t)atol(line + 5));
	} else if (strncmp(line, "!flood ", 7) == 0) {
		flood(line + 7);
	} else if (strncmp(line, "!idle ", 6) == 0) {
		idle(atol(line + 6));
	} else {
		send(connection, line, unescape(line), MSG_NOSIGNAL);
		print_answer();
	}
}

int main(int argc, char **argv)
{
	char line[8192];
	if (argc != 2 || chdir(argv[1]) != 0) {
		fputs("usage: packets DIR <<LINES\n", stderr);
		return 2;
	}
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		obey(line);
		fflush(stdout);
	}
	return 0;
}
