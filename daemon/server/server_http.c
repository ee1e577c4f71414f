#include "server_edge.h"

#include "address.h"
#include "gate.h"
#include "log.h"
#include "page.h"
#include "qr.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CHUNK_BYTES 8192
#define HOST_SIZE 300

/* What a browser may do with our page: load from us, talk to us, and nothing else. %s: our WebSocket
 * by name, which 'self' does not cover in Safari before 15.4. */
static const char security_headers[] =
	"content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; "
	"img-src 'self' data:; media-src 'self' data: blob:; connect-src 'self'%s; "
	"manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
	"x-content-type-options: nosniff\r\n"
	"x-frame-options: DENY\r\n"
	"referrer-policy: no-referrer\r\n";

/* One answer on its way out; lws keeps one for each connection. */
struct http_answer {
	const char *bytes;
	size_t size;
	size_t sent;
	char *owned;  /* freed when done; NULL if bytes belong to the page */
	bool hang_up; /* then: a body that nobody wants may still be coming */
};

size_t server_http_answer_size(void)
{
	return sizeof(struct http_answer);
}

static void answer_finish(struct http_answer *answer)
{
	free(answer->owned);
	memset(answer, 0, sizeof *answer);
}

struct head {
	unsigned status;
	const char *type;
	const char *etag;     /* or NULL */
	const char *location; /* or NULL */
	const char *coding;   /* Content-Encoding, or NULL */
	bool varies;          /* another's Accept-Encoding would have had another answer */
	size_t size;
};

static int add_text(unsigned char **at, const unsigned char *end, const char *text)
{
	size_t size = strlen(text);
	if ((size_t)(end - *at) < size)
		return -1;
	memcpy(*at, text, size);
	*at += size;
	return 0;
}

static int add_header(struct lws *wsi, const char *name, const char *value, unsigned char **at,
		      unsigned char *end)
{
	return lws_add_http_header_by_name(wsi, (const unsigned char *)name,
					   (const unsigned char *)value, (int)strlen(value), at,
					   end);
}

/* The Host header, if it is ours: then it holds nothing but a name or an address, and a port. */
static bool own_host(struct lws *wsi, char host[HOST_SIZE])
{
	return server_host(wsi, host, HOST_SIZE) &&
	       gate_host_ok(server_of(wsi)->options.gate, host);
}

static int add_security(struct lws *wsi, unsigned char **at, const unsigned char *end)
{
	char host[HOST_SIZE];
	char socket[HOST_SIZE + 8] = "";
	char text[sizeof security_headers + sizeof socket];
	/* A policy has no words for an IPv6 literal. */
	if (own_host(wsi, host) && host[0] != '[')
		snprintf(socket, sizeof socket, " ws://%s", host);
	snprintf(text, sizeof text, security_headers, socket);
	return add_text(at, end, text);
}

static int write_head(struct lws *wsi, const struct head *head)
{
	unsigned char buffer[LWS_PRE + 2048];
	unsigned char *start = buffer + LWS_PRE;
	unsigned char *at = start;
	unsigned char *end = buffer + sizeof buffer - 1;
	if (lws_add_http_common_headers(wsi, head->status, head->type, head->size, &at, end))
		return -1;
	if (head->etag && add_header(wsi, "etag:", head->etag, &at, end))
		return -1;
	if (head->coding && add_header(wsi, "content-encoding:", head->coding, &at, end))
		return -1;
	if (head->varies && add_header(wsi, "vary:", "Accept-Encoding", &at, end))
		return -1;
	if (head->location && add_header(wsi, "location:", head->location, &at, end))
		return -1;
	if (add_header(wsi, "cache-control:", head->etag ? "no-cache" : "no-store", &at, end) ||
	    add_security(wsi, &at, end) < 0)
		return -1;
	return lws_finalize_write_http_header(wsi, start, &at, end);
}

static bool is_head_request(struct lws *wsi)
{
	return lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
}

/* Send the head now and the body as the socket takes it. */
static int answer_bytes(struct lws *wsi, struct http_answer *answer, const struct head *head,
			const char *bytes, char *owned)
{
	answer_finish(answer);
	answer->owned = owned;
	if (write_head(wsi, head))
		return -1;
	if (head->size == 0 || is_head_request(wsi)) {
		answer_finish(answer);
		return lws_http_transaction_completed(wsi) ? -1 : 0;
	}
	answer->bytes = bytes;
	answer->size = head->size;
	lws_callback_on_writable(wsi);
	return 0;
}

/* Takes `text` (malloc'd). */
static int answer_text(struct lws *wsi, struct http_answer *answer, unsigned status,
		       const char *type, char *text)
{
	if (!text)
		return -1;
	struct head head = {.status = status, .type = type, .size = strlen(text)};
	return answer_bytes(wsi, answer, &head, text, text);
}

static int answer_sentence(struct lws *wsi, struct http_answer *answer, unsigned status,
			   const char *sentence)
{
	return answer_text(wsi, answer, status, "text/plain; charset=utf-8", strdup(sentence));
}

/* The address the browser has reached us by, so that it works for that browser. */
static void own_address(struct lws *wsi, char out[NI_MAXHOST])
{
	struct sockaddr_storage own = {0};
	socklen_t own_size = sizeof own;
	strcpy(out, "127.0.0.1");
	if (getsockname(lws_get_socket_fd(wsi), (struct sockaddr *)&own, &own_size) == 0)
		getnameinfo((struct sockaddr *)&own, own_size, out, NI_MAXHOST, NULL, 0,
			    NI_NUMERICHOST);
	if (strncmp(out, "::ffff:", 7) == 0) /* IPv4 that came in through an IPv6 socket */
		memmove(out, out + 7, strlen(out + 7) + 1);
}

static void origin_at(const struct server *server, const char *address, char *out, size_t size)
{
	bool six = strchr(address, ':') != NULL;
	snprintf(out, size, six ? "http://[%s]:%d" : "http://%s:%d", address, server->options.port);
}

/* A path of ours that is worth keeping when the name was wrong: an invitation. What else was asked
 * for (a captive portal's probe, mostly) becomes the page. */
static void kept_path(const struct server *server, const char *url, char *out, size_t size)
{
	char code[32];
	if (strncmp(url, "/join/", 6) != 0 || strlen(url + 6) >= sizeof code)
		url = "/join/";
	strcpy(code, url + 6);
	bool good = server->options.handlers->code_ok(server->options.user, code);
	snprintf(out, size, "/%s%s", good ? "join/" : "", good ? code : "");
}

/* Asked for by a name that is not ours: show where the page is. */
static int redirect_home(struct lws *wsi, struct http_answer *answer, const char *url)
{
	char own[NI_MAXHOST];
	char origin[128];
	char path[64];
	char location[192];
	own_address(wsi, own);
	origin_at(server_of(wsi), own, origin, sizeof origin);
	kept_path(server_of(wsi), url, path, sizeof path);
	snprintf(location, sizeof location, "%s%s", origin, path);
	struct head head = {.status = 302, .type = "text/plain", .location = location};
	return answer_bytes(wsi, answer, &head, NULL, NULL);
}

static int serve_file(struct lws *wsi, struct http_answer *answer, const struct page_file *file)
{
	char known[64] = "";
	char accepted[256] = "";
	lws_hdr_copy(wsi, known, sizeof known, WSI_TOKEN_HTTP_IF_NONE_MATCH);
	lws_hdr_copy(wsi, accepted, sizeof accepted, WSI_TOKEN_HTTP_ACCEPT_ENCODING);
	const struct page_body *body = page_body(file, accepted);
	struct head head = {.status = 200,
			    .type = file->type,
			    .etag = body->etag,
			    .coding = body == &file->packed ? "gzip" : NULL,
			    .varies = file->packed.bytes != NULL,
			    .size = body->size};
	if (strcmp(known, body->etag) == 0) {
		head.status = 304;
		head.coding = NULL;
		head.size = 0;
	}
	return answer_bytes(wsi, answer, &head, body->bytes, NULL);
}

/* Where other phones reach us: by the same address as the one that asks, for the box may be in
 * several networks and the band is in that one. */
static void shared_origin(struct lws *wsi, char *out, size_t size)
{
	char own[NI_MAXHOST];
	char lan[64];
	own_address(wsi, own);
	bool other = !address_shared(own) && address_lan(lan, sizeof lan) == 0;
	origin_at(server_of(wsi), other ? lan : own, out, size);
}

/* /qr.svg?code=CODE: the join link, with the address that works without a name service. */
static int serve_qr(struct lws *wsi, struct http_answer *answer)
{
	const struct server *server = server_of(wsi);
	char argument[32];
	char origin[128];
	char link[192];
	/* It is found within `argument`, from where it can be spelled as it should be. */
	char *code = (char *)lws_get_urlarg_by_name(wsi, "code=", argument, sizeof argument);
	if (!code || !server->options.handlers->code_ok(server->options.user, code))
		return answer_sentence(wsi, answer, 400, "code= must be a join code\n");
	shared_origin(wsi, origin, sizeof origin);
	snprintf(link, sizeof link, "%s/join/%s", origin, code);
	return answer_text(wsi, answer, 200, "image/svg+xml", qr_svg(link));
}

static int serve_health(struct lws *wsi, struct http_answer *answer)
{
	const struct server_options *options = &server_of(wsi)->options;
	bool healthy = true;
	char *text = options->handlers->health(options->user, &healthy);
	return answer_text(wsi, answer, healthy ? 200 : 503, "application/json", text);
}

static int serve_metrics(struct lws *wsi, struct http_answer *answer)
{
	const struct server_options *options = &server_of(wsi)->options;
	return answer_text(wsi, answer, 200, "text/plain; version=0.0.4",
			   options->handlers->metrics(options->user));
}

static int serve(struct lws *wsi, struct http_answer *answer, const char *url)
{
	const struct server *server = server_of(wsi);
	char host[HOST_SIZE];
	if (!own_host(wsi, host))
		return redirect_home(wsi, answer, url);
	if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) == 0 && !is_head_request(wsi)) {
		int result = answer_sentence(wsi, answer, 405, "GET only: talk to /ws instead\n");
		answer->hang_up = true;
		return result;
	}
	if (strcmp(url, "/healthz") == 0)
		return serve_health(wsi, answer);
	if (strcmp(url, "/metrics") == 0)
		return serve_metrics(wsi, answer);
	if (strcmp(url, "/qr.svg") == 0)
		return serve_qr(wsi, answer);
	const struct page_file *file = page_find(server->page, url);
	if (!file)
		return answer_sentence(wsi, answer, 404, "nothing here: the page is at /\n");
	return serve_file(wsi, answer, file);
}

static int write_chunk(struct lws *wsi, struct http_answer *answer)
{
	unsigned char buffer[LWS_PRE + CHUNK_BYTES];
	size_t left = answer->size - answer->sent;
	if (!answer->bytes)
		return 0;
	size_t size = left < CHUNK_BYTES ? left : CHUNK_BYTES;
	memcpy(buffer + LWS_PRE, answer->bytes + answer->sent, size);
	bool last = size == left;
	if (lws_write(wsi, buffer + LWS_PRE, size, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) <
	    (int)size)
		return -1;
	answer->sent += size;
	if (!last) {
		lws_callback_on_writable(wsi);
		return 0;
	}
	bool hang_up = answer->hang_up;
	answer_finish(answer);
	return hang_up || lws_http_transaction_completed(wsi) ? -1 : 0;
}

/* HTTP/2 in clear is not for us: the library's HPACK has had holes. A WebSocket may go on to be
 * judged in LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION; refusing it here is unsafe in lws. */
static int confirm_upgrade(const char *protocol)
{
	return protocol && strcasecmp(protocol, "websocket") == 0 ? 0 : -1;
}

int server_http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
			 size_t size)
{
	(void)size;
	const struct server *server;
	switch (reason) {
	case LWS_CALLBACK_HTTP:
		return serve(wsi, user, in);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return write_chunk(wsi, user);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return confirm_upgrade(in);
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
		return -1; /* a WebSocket without our subprotocol */
	case LWS_CALLBACK_CLOSED_HTTP:
	case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
		if (user)
			answer_finish(user);
		return 0;
	case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
		server = server_of(wsi);
		server->options.handlers->woken(server->options.user);
		return 0;
	default:
		return 0;
	}
}
