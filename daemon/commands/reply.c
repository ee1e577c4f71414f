#include "reply.h"

#include "clock.h"

#include <stdarg.h>
#include <stdio.h>

void reply_ok(struct hub *hub, struct phone *phone, const char *re, json_t *extra)
{
	json_t *ok = json_pack("{s:s, s:s}", "type", "ok", "re", re);
	if (phone->room)
		json_object_set_new(ok, "revision",
				    json_integer((json_int_t)phone->room->revision));
	if (extra)
		json_object_update(ok, extra);
	json_decref(extra);
	hub_send(hub, phone, ok);
}

void reply_done(struct hub *hub, struct phone *phone, const struct request *request, json_t *extra)
{
	if (request->hash[0])
		recent_note(hub->recent, phone->user_id, request->id, request->hash, extra, false,
			    clock_to_unix_ms(request->received_ns, hub->offset_ns));
	reply_ok(hub, phone, request->id, extra);
}

void reply_error(struct hub *hub, struct phone *phone, const char *re, const char *code,
		 const char *field, const char *format, ...)
{
	char message[300];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	/* What was quoted may have been cut within a character, which would spoil the JSON. */
	for (char *at = message; *at; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
			*at = '?';
	hub_send(hub, phone,
		 json_pack("{s:s, s:s?, s:s, s:s?, s:s}", "type", "error", "re", re, "code", code,
			   "field", field, "message", message));
}
