#include "entrance.h"

#include "clock.h"
#include "log.h"
#include "token.h"

#include <string.h>

static bool may_try(struct hub *hub, struct phone *phone, const struct request *request,
		    enum guard_kind kind)
{
	int64_t wait_ms = guard_check(hub->guard, phone->address, kind, clock_now_ns());
	if (wait_ms == 0)
		return true;
	log_event_limited(&hub->guesses, clock_now_ns(), LOG_LEVEL_WARNING,
			  "%s is guessing %ss: locked for %lld ms", phone->address,
			  kind == GUARD_PIN ? "PIN" : "code", (long long)wait_ms);
	reply_error(hub, phone, request->id, "locked_out", kind == GUARD_PIN ? "pin" : "code",
		    "too many wrong tries: wait %lld seconds", (long long)(wait_ms + 999) / 1000);
	return false;
}

bool entrance_pin(struct hub *hub, struct phone *phone, const struct request *request)
{
	const char *given = json_string_value(json_object_get(request->body, "pin"));
	if (hub->pin[0] == '\0')
		return true;
	if (!given) {
		reply_error(hub, phone, request->id, "missing_field", "pin",
			    "this needs the box's PIN: it is shown where the box was started");
		return false;
	}
	if (!may_try(hub, phone, request, GUARD_PIN))
		return false;
	if (pin_equal(given, hub->pin)) {
		guard_succeeded(hub->guard, phone->address, GUARD_PIN, clock_now_ns());
		return true;
	}
	guard_failed(hub->guard, phone->address, GUARD_PIN, clock_now_ns());
	log_event_limited(&hub->guesses, clock_now_ns(), LOG_LEVEL_WARNING, "wrong PIN from %s",
			  phone->address);
	reply_error(hub, phone, request->id, "pin_wrong", "pin",
		    "this is not the box's PIN: it is shown where the box was started");
	return false;
}

bool entrance_code(struct hub *hub, struct phone *phone, const struct request *request)
{
	return may_try(hub, phone, request, GUARD_CODE);
}

void entrance_code_result(struct hub *hub, const char *address, const struct store_result *result)
{
	bool refused = result->status == STORE_REFUSED;
	if (refused && strcmp(result->what, "code_unknown") == 0)
		guard_failed(hub->guard, address, GUARD_CODE, clock_now_ns());
	else if (refused || result->status == STORE_OK) /* the code at least was right */
		guard_succeeded(hub->guard, address, GUARD_CODE, clock_now_ns());
}
