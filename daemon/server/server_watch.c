/*
 * Descriptors other than connections that the loop waits for: signals, the box's control.
 *
 * lws is given a duplicate, which it may close whenever it likes; the caller's own stays his.
 */
#include "server_edge.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int server_watch_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
			  size_t size)
{
	struct server *server = server_of(wsi);
	(void)user;
	(void)in;
	(void)size;
	if (reason == LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION)
		return -1; /* a WebSocket that asks for a subprotocol of this name */
	if (reason != LWS_CALLBACK_RAW_RX_FILE)
		return 0;
	for (int i = 0; i < server->watch_count; i++)
		if (server->watches[i].fd == lws_get_socket_fd(wsi))
			server->watches[i].fn(server->watches[i].user);
	return 0;
}

int server_watch(struct server *server, int fd, void (*fn)(void *), void *user)
{
	if (server->watch_count == SERVER_WATCHES_MAX)
		return -ENOSPC;
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (own < 0)
		return -errno;
	struct server_watched *watch = &server->watches[server->watch_count];
	*watch = (struct server_watched){.fd = own, .fn = fn, .user = user};
	lws_sock_file_fd_type file = {.filefd = own};
	if (!lws_adopt_descriptor_vhost(server->vhost, LWS_ADOPT_RAW_FILE_DESC, file,
					SERVER_PROTOCOL_WATCH, NULL)) {
		close(own);
		return -ENOMEM;
	}
	server->watch_count++;
	return 0;
}
