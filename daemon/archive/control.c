#include "control.h"

#include "control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENTS_A_TURN 16 /* what else is there waits for the loop's next turn */

/* A client, and the one request of it that is under way. */
struct control_request {
	struct control *control;
	struct control_request *next; /* those heard of last come first */
	int fd;                       /* -1: went away while its request is under way */
	bool under_way;
	void *kept;
};

struct control {
	int directory;
	int listener;
	int epoll; /* all of ours behind one descriptor: the loop watches that */
	const struct control_verb *verbs;
	void *user;
	struct control_request *clients;
	bool full; /* of requests under way: the next client waits before the door */
	bool bound;
};

static void listen_to(struct control *control, int fd, struct control_request *client, bool on)
{
	struct epoll_event event = {.events = on ? EPOLLIN : 0, .data.ptr = client};
	epoll_ctl(control->epoll, EPOLL_CTL_MOD, fd, &event);
}

/* ---- clients ----------------------------------------------------------- */

static void take_out(struct control_request *client)
{
	struct control_request **at = &client->control->clients;
	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
}

static void put_first(struct control_request *client)
{
	client->next = client->control->clients;
	client->control->clients = client;
}

static void forget(struct control_request *client)
{
	struct control *control = client->control;
	take_out(client);
	if (client->fd >= 0)
		close(client->fd);
	free(client->kept);
	free(client);
	if (control->full)
		listen_to(control, control->listener, NULL, true);
	control->full = false;
}

/* It went away, or is put out. What it asked for ends first. */
static void hang_up(struct control_request *client)
{
	if (!client->under_way) {
		forget(client);
		return;
	}
	close(client->fd);
	client->fd = -1;
}

/* Is there a place for one more? */
static bool make_place(struct control *control)
{
	struct control_request *oldest = NULL;
	int count = 0;
	for (struct control_request *at = control->clients; at; at = at->next) {
		count++;
		if (!at->under_way)
			oldest = at;
	}
	if (count < CONTROL_CLIENTS_MAX)
		return true;
	if (oldest)
		hang_up(oldest);
	return oldest != NULL;
}

static bool may(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static bool add(struct control *control, int fd)
{
	struct control_request *client = may(fd) ? calloc(1, sizeof *client) : NULL;
	if (!client)
		return false;
	client->control = control;
	client->fd = fd;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
	if (epoll_ctl(control->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		free(client);
		return false;
	}
	put_first(client);
	return true;
}

static void welcome(struct control *control)
{
	control->full = !make_place(control);
	if (control->full) {
		listen_to(control, control->listener, NULL, false);
		return;
	}
	int fd = accept4(control->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0 && !add(control, fd))
		close(fd);
}

/* ---- requests ---------------------------------------------------------- */

void control_keep(struct control_request *request, void *memory)
{
	free(request->kept);
	request->kept = memory;
}

bool control_answer(struct control_request *request, const json_t *answer)
{
	request->under_way = false;
	control_keep(request, NULL);
	bool told = request->fd >= 0 && answer &&
		    control_socket_send(request->fd, answer, -1, MSG_DONTWAIT) == 0;
	if (told)
		listen_to(request->control, request->fd, request, true);
	else
		forget(request);
	return told;
}

static void answer_error(struct control_request *request, const char *sentence)
{
	json_t *answer = json_pack("{s:s}", "error", sentence);
	control_answer(request, answer);
	json_decref(answer);
}

static void run(struct control_request *request, const json_t *body, int fd)
{
	const struct control *control = request->control;
	const char *name = json_string_value(json_object_get(body, "do"));
	const struct control_verb *verb = control->verbs;
	while (name && verb->name && strcmp(verb->name, name) != 0)
		verb++;
	if (name && verb->name)
		verb->run(control->user, request, body, fd);
	else
		answer_error(request, name ? "this tactusd knows nothing of that name: restart it, "
					     "if another version is installed"
					   : "a JSON object with \"do\" is wanted");
}

static void read_request(struct control_request *client)
{
	char text[CONTROL_PACKET_MAX];
	int along;
	ssize_t got = control_socket_receive(client->fd, text, sizeof text, &along, MSG_DONTWAIT);
	if (got == -EAGAIN || got == -EINTR)
		return;
	if (got <= 0 && got != -EMSGSIZE) {
		hang_up(client);
		return;
	}
	take_out(client);
	put_first(client);
	client->under_way = true;
	listen_to(client->control, client->fd, client, false);
	json_t *body = got > 0 ? json_loadb(text, (size_t)got, JSON_REJECT_DUPLICATES, NULL) : NULL;
	run(client, body, along);
	json_decref(body);
	if (along >= 0)
		close(along);
}

/* One event at a time: what comes of it may be the end of another client. */
static void look(void *user)
{
	struct control *control = user;
	struct epoll_event event;
	for (int i = 0; i < EVENTS_A_TURN; i++) {
		if (epoll_wait(control->epoll, &event, 1, 0) != 1)
			return;
		struct control_request *client = event.data.ptr;
		if (!client)
			welcome(control);
		else if (client->under_way)
			hang_up(client);
		else
			read_request(client);
	}
}

/* ---- the socket -------------------------------------------------------- */

/* The mode is given before it has a name: nobody slips in between. */
static int bind_socket(struct control *control)
{
	struct sockaddr_un address;
	struct stat found;
	if (fstatat(control->directory, CONTROL_NAME, &found, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISSOCK(found.st_mode))
			return -EEXIST;
		unlinkat(control->directory, CONTROL_NAME, 0);
	}
	control_socket_address(control->directory, &address);
	if (fchmod(control->listener, 0600) != 0 ||
	    bind(control->listener, (struct sockaddr *)&address, sizeof address) != 0)
		return -errno;
	control->bound = true;
	return listen(control->listener, CONTROL_CLIENTS_MAX) == 0 ? 0 : -errno;
}

static int serve(struct control *control, struct server *server, const char *state_dir)
{
	struct epoll_event event = {.events = EPOLLIN};
	control->directory = open(state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	control->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	control->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (control->directory < 0 || control->listener < 0 || control->epoll < 0)
		return -errno;
	int result = bind_socket(control);
	if (result < 0)
		return result;
	if (epoll_ctl(control->epoll, EPOLL_CTL_ADD, control->listener, &event) != 0)
		return -errno;
	return server_watch(server, control->epoll, look, control);
}

int control_open(struct control **out, struct server *server, const char *state_dir,
		 const struct control_verb *verbs, void *user, char *message, size_t message_size)
{
	struct control *control = calloc(1, sizeof *control);
	int result = -ENOMEM;
	if (control) {
		*control = (struct control){
			.directory = -1, .listener = -1, .epoll = -1, .verbs = verbs, .user = user};
		result = serve(control, server, state_dir);
	}
	if (result == 0) {
		*out = control;
		return 0;
	}
	snprintf(message, message_size, "cannot serve %.200s/" CONTROL_NAME ": %s", state_dir,
		 strerror(-result));
	control_close(control);
	return result;
}

static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

void control_close(struct control *control)
{
	if (!control)
		return;
	for (struct control_request *at = control->clients, *next; at; at = next) {
		next = at->next;
		forget(at);
	}
	if (control->bound)
		unlinkat(control->directory, CONTROL_NAME, 0);
	close_one(control->epoll);
	close_one(control->listener);
	close_one(control->directory);
	free(control);
}
