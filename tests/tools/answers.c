/*
 * answers: serves the socket `control` in a directory, and says the same to all that is asked there.
 *
 *     answers DIR TEXT
 *
 * Prints "ready" when it can be asked; ends when it is killed.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "control"};
	char request[65536];
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (argc != 3 || chdir(argv[1]) != 0)
		return 2;
	unlink("control"); /* of one that was killed */
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(fd, 8) != 0) {
		perror("answers");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		int client = accept(fd, NULL, NULL);
		if (client < 0)
			return 1;
		if (recv(client, request, sizeof request, 0) > 0)
			send(client, argv[2], strlen(argv[2]), MSG_NOSIGNAL);
		close(client);
	}
}
