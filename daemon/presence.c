#include "presence.h"

#include "clock.h"

#include <stdlib.h>
#include <string.h>

/* Pings come every second or two; so long a silence is more than a lost packet. */
#define AWAY_NS (15 * BEAT_NS_PER_S)
/* Reports of links are told together, the more of them the less often: a state of fifty people has
 * 15 KB, and goes to each of them. */
#define NEWS_NS(people) (BEAT_NS_PER_S * (1 + (people) / 10))

/* ---- people ------------------------------------------------------------ */

struct person *presence_person(const struct room *room, const char *user_id)
{
	for (struct person *person = room->people; person; person = person->next)
		if (strcmp(person->user_id, user_id) == 0)
			return person;
	return NULL;
}

static int64_t number_of(const json_t *entry, const char *name)
{
	return json_integer_value(json_object_get(entry, name));
}

/* As the table has it. Nobody talks who has only just come. */
static struct person *person_new(struct room *room, const json_t *entry, const char *user_id)
{
	struct person *person = calloc(1, sizeof *person);
	const char *ptt = json_string_value(json_object_get(entry, "ptt_state"));
	if (!person)
		return NULL;
	strncpy(person->user_id, user_id, sizeof person->user_id - 1);
	person->away = true;
	person->ready = json_is_true(json_object_get(entry, "ready"));
	person->heard_ms = person->told_ms = number_of(entry, "last_heartbeat");
	person->measured = json_is_integer(json_object_get(entry, "network_rtt_ms"));
	person->rtt_ms = (int)number_of(entry, "network_rtt_ms");
	person->loss_pct = json_number_value(json_object_get(entry, "packet_loss_pct"));
	person->unstored = ptt && strcmp(ptt, "talking") == 0;
	struct person **end = &room->people;
	while (*end)
		end = &(*end)->next;
	*end = person;
	return person;
}

/* Whose entry that is. *next is where it is looked for first: people come in the section's order but
 * for those who were here before. */
static struct person *person_of(struct room *room, const json_t *entry, struct person **next)
{
	const char *id = json_string_value(json_object_get(entry, "user_id"));
	struct person *person = *next;
	if (!id)
		return NULL;
	if (!person || strcmp(person->user_id, id) != 0)
		person = presence_person(room, id);
	if (!person)
		person = person_new(room, entry, id);
	*next = person ? person->next : NULL;
	return person;
}

void presence_free(struct room *room)
{
	while (room->people) {
		struct person *person = room->people;
		room->people = person->next;
		free(person);
	}
}

json_t *presence_away(const struct room *room)
{
	json_t *away = json_array();
	for (const struct person *person = room->people; person; person = person->next)
		if (person->away)
			json_array_append_new(away, json_string(person->user_id));
	return away;
}

/* ---- looking ----------------------------------------------------------- */

/* The newest sign of life of the phones of that user in the room; 0: none is there. */
static int64_t heard_ns(const struct hub *hub, const struct room *room, const char *user_id)
{
	int64_t newest_ns = 0;
	for (const struct phone *phone = hub->phones; phone; phone = phone->next)
		if (phone->room == room && strcmp(phone->user_id, user_id) == 0 &&
		    phone->heard_ns > newest_ns)
			newest_ns = phone->heard_ns;
	return newest_ns;
}

/* Is the phone that the button is held on still there? Another device of the same user holds none. */
static bool holds_button(struct hub *hub, const struct room *room, const struct person *person,
			 int64_t now_ns)
{
	const struct phone *phone = hub_phone(hub, person->talker);
	return phone && phone->room == room && strcmp(phone->user_id, person->user_id) == 0 &&
	       now_ns - phone->heard_ns < AWAY_NS;
}

static void look(struct hub *hub, const struct room *room, struct person *person, int64_t now_ns)
{
	int64_t newest_ns = heard_ns(hub, room, person->user_id);
	person->away = newest_ns == 0 || now_ns - newest_ns >= AWAY_NS;
	if (person->talking && !holds_button(hub, room, person, now_ns)) {
		person->talking = false; /* a hand that fell asleep holds no button */
		person->unstored = true;
	}
	int64_t heard_ms = newest_ns ? clock_to_unix_ms(newest_ns, hub->offset_ns) : 0;
	if (heard_ms > person->heard_ms) {
		person->heard_ms = heard_ms;
		person->unstored = true;
	}
}

static const char *ptt_name(const struct person *person)
{
	return person->talking ? "talking" : "idle";
}

/* Is what phones were told of it no longer so? */
static bool differs(const struct person *person, const json_t *entry)
{
	const char *ptt = json_string_value(json_object_get(entry, "ptt_state"));
	return json_is_true(json_object_get(entry, "away")) != person->away ||
	       json_is_true(json_object_get(entry, "ready")) != person->ready || !ptt ||
	       strcmp(ptt, ptt_name(person)) != 0;
}

static void show(const struct person *person, json_t *entry)
{
	json_object_set_new(entry, "last_heartbeat", json_integer(person->told_ms));
	json_object_set_new(entry, "ptt_state", json_string(ptt_name(person)));
	json_object_set_new(entry, "network_rtt_ms",
			    person->measured ? json_integer(person->rtt_ms) : json_null());
	json_object_set_new(entry, "packet_loss_pct",
			    person->measured ? json_real(person->loss_pct) : json_null());
	json_object_set_new(entry, "away", json_boolean(person->away));
	json_object_set_new(entry, "ready", json_boolean(person->ready));
}

/* Those whom the section no longer shows have left. */
static void forget_gone(struct room *room)
{
	struct person **at = &room->people;
	while (*at) {
		struct person *person = *at;
		if (person->here) {
			person->here = false;
			at = &person->next;
		} else {
			*at = person->next;
			free(person);
		}
	}
}

void presence_patch(struct hub *hub, struct room *room, json_t *participants)
{
	int64_t now_ns = clock_now_ns();
	struct person *next = room->people;
	size_t i;
	json_t *entry;
	json_array_foreach(participants, i, entry)
	{
		struct person *person = person_of(room, entry, &next);
		if (!person)
			continue;
		person->here = true;
		look(hub, room, person, now_ns);
		show(person, entry);
	}
	forget_gone(room);
}

void presence_tell(struct room *room)
{
	struct person *next = room->people;
	size_t i;
	json_t *entry;
	json_array_foreach(room->sections[SECTION_PARTICIPANTS_INDEX], i, entry)
	{
		struct person *person = person_of(room, entry, &next);
		if (!person)
			continue;
		person->told_ms = person->heard_ms;
		person->news = false;
		show(person, entry);
	}
}

void presence_update(struct hub *hub, struct room *room)
{
	const json_t *participants = room->sections[SECTION_PARTICIPANTS_INDEX];
	int64_t now_ns = clock_now_ns();
	bool changed = false;
	bool news = false;
	struct person *next = room->people;
	size_t i;
	json_t *entry;
	json_array_foreach(participants, i, entry)
	{
		struct person *person = person_of(room, entry, &next);
		if (!person)
			continue;
		look(hub, room, person, now_ns);
		changed = changed || differs(person, entry);
		news = news || person->news;
	}
	if (news && now_ns - room->news_ns >= NEWS_NS((int64_t)json_array_size(participants))) {
		room->news_ns = now_ns;
		changed = true;
	}
	if (changed)
		room->untold |= SECTION_PARTICIPANTS;
}

/* ---- links ------------------------------------------------------------- */

/* While the disk stalls; a sample more or less is no loss. */
#define SAMPLES_WAITING_MAX 2000

void presence_measured(struct hub *hub, struct room *room, struct person *person, int rtt_ms,
		       int jitter_ms, double loss_pct)
{
	person->measured = person->news = person->unstored = true;
	person->rtt_ms = rtt_ms;
	person->loss_pct = loss_pct;
	if (!hub->presence.samples)
		hub->presence.samples = json_array();
	if (json_array_size(hub->presence.samples) >= SAMPLES_WAITING_MAX)
		return;
	json_array_append_new(
		hub->presence.samples,
		json_pack("{s:s, s:s, s:I, s:i, s:i, s:f}", "session_id", room->id, "user_id",
			  person->user_id, "captured_at",
			  (json_int_t)clock_to_unix_ms(clock_now_ns(), hub->offset_ns), "rtt_ms",
			  rtt_ms, "jitter_ms", jitter_ms, "packet_loss_pct", loss_pct));
}
