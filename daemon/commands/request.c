#include "request.h"

#include "token.h"

#include <errno.h>
#include <stdlib.h>

int request_hash(const json_t *body, char out[REQUEST_HASH_SIZE])
{
	int result = -ENOMEM;
	json_t *asked = json_copy((json_t *)body);
	json_object_del(asked, "id");
	json_object_del(asked, "pin");
	char *text = json_dumps(asked, JSON_COMPACT | JSON_SORT_KEYS);
	if (text)
		result = token_hash(text, out);
	free(text);
	json_decref(asked);
	return result;
}
