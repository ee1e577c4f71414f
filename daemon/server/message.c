#include "message.h"

#include <stdlib.h>
#include <string.h>

struct message *message_from_json(const json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	size_t size = text ? strlen(text) : 0;
	struct message *message = text ? malloc(sizeof *message + MESSAGE_HEADROOM + size) : NULL;
	if (message) {
		message->references = 1;
		message->size = size;
		message->bytes = (unsigned char *)(message + 1);
		/* A frame has a length and no end mark. */
		/* NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
		memcpy(message->bytes + MESSAGE_HEADROOM, text, size);
	}
	free(text);
	return message;
}

struct message *message_ref(struct message *message)
{
	message->references++;
	return message;
}

void message_unref(struct message *message)
{
	if (message && --message->references == 0)
		free(message);
}
